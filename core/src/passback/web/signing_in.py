"""``/sso/{connection}/…``: a browser's way to an identity provider and back, and on to an LMS."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Protocol
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from passback.errors import (
    ConfigError,
    ConnectionFailure,
    ContractError,
    OutboxError,
    PassbackError,
    SignInRefused,
    Unsupported,
)
from passback.host import Passback, SignedIn
from passback.model import Learner
from passback.web.bodies import TooLarge, TooSlow, incoming, read_body
from passback.web.onward import DISCREET, onward

__all__ = ["Session", "SignIns"]

log = logging.getLogger("passback.web")

_COOKIE = "passback_browser"
_OURS = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_BODY = 1024 * 1024


class Session(Protocol):
    """How a host keeps who is signed in."""

    async def begin(self, request: Request, signed: SignedIn) -> Response:
        """Keep who signed in, and return the answer to their browser.

        It usually redirects to ``signed.return_to``. Give the browser a new session: what it had before may
        be known to others. Where proof is needed (``signed.outcome``), nobody is signed in yet.
        """

    async def end(self, request: Request) -> tuple[str, str]:
        """Forget who is signed in; return the connection by which they came, and its ``signed.session``.

        Two empty texts where nobody is.
        """

    async def learner(self, request: Request) -> Learner | str | None:
        """Return who is signed in; None where nobody is."""

    async def ask(self, request: Request, back: str) -> Response:
        """Return the answer to a browser in which nobody is signed in, and which is to come `back` then."""


class SignIns:
    """Answers browsers on their way."""

    def __init__(self, pb: Passback, session: Session, patience: float) -> None:
        self._pb = pb
        self._session = session
        self._patience = patience

    async def start(self, request: Request) -> Response:
        """Send a browser to the identity provider."""
        name = request.path_params["connection"]
        wanted = request.query_params.get("return_to", "")
        try:
            journey = await self._pb.signing_in.start(name, browser=_browser(request), return_to=wanted)
        except PassbackError as error:
            return _refused(name, error)
        response = onward(journey.departure.url, journey.departure.fields)
        # The provider may post back from its own site: only "none" lets the cookie come along.
        callback = urlsplit(self._pb.providers.place(name).callback)
        secure = callback.scheme == "https"
        response.set_cookie(
            _COOKIE,
            journey.browser,
            # As the browser sees it, which a proxy may change on the way here.
            path=callback.path.rpartition("/sso/")[0] or "/",
            secure=secure,
            httponly=True,
            samesite="none" if secure else "lax",
        )
        return response

    async def finish(self, request: Request) -> Response:
        """Take a browser back from the identity provider."""
        name = request.path_params["connection"]
        try:
            body = await read_body(request, _MAX_BODY, self._patience)
            signed = await self._pb.signing_in.finish(
                name, incoming(request, "callback", body), _browser(request)
            )
        except TooSlow:
            return _said(408, "it took too long to arrive")
        except TooLarge:
            return _said(413, "that is too much for a sign-in")
        except PassbackError as error:
            return _refused(name, error)
        return await self._session.begin(request, signed)

    async def metadata(self, request: Request) -> Response:
        """Tell an identity provider who we are."""
        name = request.path_params["connection"]
        try:
            metadata = self._pb.providers.metadata(name)
        except PassbackError as error:
            return _refused(name, error)
        return Response(metadata.body, media_type=metadata.media_type)

    async def leave(self, request: Request) -> Response:
        """Sign a person out here, and at their identity provider where it offers that."""
        name, session = await self._session.end(request)
        if not name:
            return RedirectResponse("/", 303, DISCREET)
        try:
            departure = await self._pb.signing_in.sign_out(name, session)
        except PassbackError as error:
            # They are signed out here in any case.
            log.warning("%s: nobody is signed out at the provider: %s", name, error)
            departure = None
        if departure is None:
            return RedirectResponse(self._pb.providers.after_sign_out(name), 303, DISCREET)
        return onward(departure.url, departure.fields)

    async def left(self, request: Request) -> Response:
        """Take a browser back that signed out."""
        name = request.path_params["connection"]
        try:
            return RedirectResponse(self._pb.providers.after_sign_out(name), 303, DISCREET)
        except ConfigError as error:
            return _refused(name, error)

    async def enter(self, request: Request) -> Response:
        """Sign who is signed in here in to an LMS, which may have sent them here for that."""
        name = request.path_params["connection"]
        learner = await self._session.learner(request)
        if learner is None:
            query = f"?{request.url.query}" if request.url.query else ""
            return await self._session.ask(request, f"{request.url.path}{query}")
        wanted = request.query_params.get("returnTo", "")
        try:
            signed = await self._pb.accounts.sign_in(name, learner, return_to=wanted)
        except PassbackError as error:
            return _refused(name, error)
        return onward(signed.url, signed.fields)


def _browser(request: Request) -> str:
    cookie = request.cookies.get(_COOKIE, "")
    return cookie if _OURS.fullmatch(cookie) else ""


def _refused(name: str, error: PassbackError) -> Response:
    # Whoever comes here is no administrator: the log is told why, under a word that they can pass on.
    word = secrets.token_hex(3)
    log.warning("%r: a sign-in ended (%s): %s", name, word, error)
    match error:
        case OutboxError() | ConnectionFailure() if not isinstance(error, Unsupported):
            return _said(503, f"signing in isn't possible now; try again in a minute ({word})")
        case SignInRefused():
            return _said(403, f"you couldn't be signed in; begin anew, or tell your administrator: {word}")
        case ContractError():
            return _said(500, f"you couldn't be signed in; tell your administrator: {word}")
    return _said(404, f"nobody signs in here; tell your administrator: {word}")


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text, status, DISCREET)
