"""The mountable app: an ASGI application that a host mounts under a path of its own, or runs by itself."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount

from passback.host import Passback
from passback.web.hooks import Hooks

__all__ = ["mountable"]


def mountable(pb: Passback, *, patience: float = 30.0) -> Starlette:
    """Return the application for `pb`, which must be open while it serves.

    It answers under ``/hooks/{connection}``: what a connection's system sends there is verified by its
    connector, and the results in it are accepted before it's answered. Mount it where your own app is
    served, with TLS in front::

        app = FastAPI(lifespan=…)
        app.mount("/passback", mountable(pb))

    Args:
        pb: The host.
        patience: How long a request may take to arrive, in seconds; a slower one is answered with 408.
    """
    return Starlette(routes=[Mount("/hooks", app=Hooks(pb, patience))])
