"""The mountable app: an ASGI application that a host mounts under a path of its own, or runs by itself."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount

from passback.host import Passback
from passback.web.hooks import Hooks
from passback.web.launches import Launches

__all__ = ["mountable"]


def mountable(pb: Passback, *, page: str | None = None, patience: float = 30.0) -> Starlette:
    """Return the application for `pb`, which must be open while it serves.

    It answers under ``/hooks/{connection}``: what a connection's system sends there is verified by its
    connector, and the results in it are accepted before it's answered. Mount it where your own app is
    served, with TLS in front::

        app = FastAPI(lifespan=…)
        app.mount("/passback", mountable(pb))

    Args:
        pb: The host.
        page: The host's own page to which a browser goes on that opens content from an LMS, under
            ``/launch/{connection}/{activity}``; it gets ``launch=…``, to claim with
            ``pb.launching.claim`` once it knows who came. Without it, nothing is opened.
        patience: How long a request may take to arrive, in seconds; a slower one is answered with 408.
    """
    routes = [
        Mount("/hooks", app=Hooks(pb.receive, patience)),
        Mount("/courses", app=Hooks(pb.launching.listed, patience)),
    ]
    if page is not None:
        routes.append(Mount("/launch", app=Launches(pb, page, patience)))
    return Starlette(routes=routes)
