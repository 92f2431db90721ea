"""The mountable app: an ASGI application that a host mounts under a path of its own, or runs by itself."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from passback.host import Passback
from passback.web.hooks import Hooks
from passback.web.launches import Launches
from passback.web.signing_in import Session, SignIns

__all__ = ["mountable"]


def mountable(
    pb: Passback, *, page: str | None = None, session: Session | None = None, patience: float = 30.0
) -> Starlette:
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
        session: How the host keeps who is signed in. With it, people sign in under
            ``/sso/{connection}/sign-in`` by an identity provider, which meets us under ``callback``,
            ``metadata`` and ``signed-out`` beside it, and sign out by a POST to ``/sso/sign-out``; and who is
            signed in goes on to an LMS under ``/enter/{connection}``. Without it, nobody does.
        patience: How long a request may take to arrive, in seconds; a slower one is answered with 408.
    """
    routes: list[BaseRoute] = [
        Mount("/hooks", app=Hooks(pb.receive, patience)),
        Mount("/courses", app=Hooks(pb.launching.listed, patience)),
    ]
    if page is not None:
        routes.append(Mount("/launch", app=Launches(pb, page, patience)))
    if session is not None:
        routes += _sign_ins(SignIns(pb, session, patience))
    return Starlette(routes=routes)


def _sign_ins(app: SignIns) -> list[BaseRoute]:
    ours = "/sso/{connection}"
    return [
        Route("/sso/sign-out", app.leave, methods=["POST"]),
        Route(f"{ours}/sign-in", app.start, methods=["GET"]),
        Route(f"{ours}/callback", app.finish, methods=["GET", "POST"]),
        Route(f"{ours}/metadata", app.metadata, methods=["GET"]),
        Route(f"{ours}/signed-out", app.left, methods=["GET", "POST"]),
        Route("/enter/{connection}", app.enter, methods=["GET"]),
    ]
