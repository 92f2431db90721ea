"""Sign people in by their university, and send their results to its LRS: ``uvicorn app:app``."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from uuid import uuid4

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware

from passback import Activity, Learner, Outcome, Passback, Result, SignedIn
from passback.web import mountable

pb = Passback.from_file("passback.toml")
LADDER = Activity(id="https://courses.example/ladder", name="Ladder safety")


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with pb:
        yield


class Sessions:
    """Who is signed in, in a signed cookie."""

    async def begin(self, request: Request, signed: SignedIn) -> Response:
        """Keep who signed in; nothing of the session before."""
        request.session.clear()
        if signed.outcome is Outcome.NEEDS_PROOF:
            raise HTTPException(403, "sign in as you did before, and say that this is you, too")
        request.session.update(
            learner=signed.learner.id,
            name=signed.learner.name or "you",
            by=signed.connection,
            session=signed.session,
        )
        return RedirectResponse(signed.return_to, 303)

    async def end(self, request: Request) -> tuple[str, str]:
        """Forget who is signed in."""
        by, session = request.session.get("by", ""), request.session.get("session", "")
        request.session.clear()
        return by, session

    async def learner(self, request: Request) -> str | None:
        """Return who is signed in."""
        learner: str | None = request.session.get("learner")
        return learner

    async def ask(self, request: Request, back: str) -> Response:  # noqa: ARG002 - the page has one button
        """Have somebody sign in first."""
        return RedirectResponse("/", 303)


app = FastAPI(lifespan=_open)
app.mount("/passback", mountable(pb, session=Sessions()))
app.add_middleware(SessionMiddleware, secret_key=os.environ["SESSION_KEY"], same_site="lax")


@app.get("/")
async def page(request: Request) -> HTMLResponse:
    """Offer to sign in, or to complete the course."""
    if "learner" not in request.session:
        buttons = (
            f'<p><a href="/passback/sso/{name}/sign-in">Sign in to {escape(title)}</a></p>'
            for name, title in pb.providers.titles().items()
        )
        return HTMLResponse("".join(buttons))
    name = escape(request.session["name"])
    return HTMLResponse(
        f"<p>Signed in as {name}</p>"
        '<form method="post" action="/complete"><button>Complete the course</button></form>'
        '<form method="post" action="/passback/sso/sign-out"><button>Sign out</button></form>'
    )


@app.post("/complete")
async def complete(request: Request) -> RedirectResponse:
    """Take a completion in: when this answers, it's on disk."""
    learner = request.session.get("learner")
    if learner is None:
        raise HTTPException(401, "sign in first")
    fact = Result(
        id=str(uuid4()),
        kind="completed",
        learner=Learner(id=learner),
        activity=LADDER,
        at=datetime.now(UTC),
    )
    await pb.submit(fact)
    return RedirectResponse("/", 303)
