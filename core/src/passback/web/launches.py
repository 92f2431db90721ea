"""``/launch/{connection}/{activity}``: content that an LMS opens."""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl, quote, unquote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from passback.errors import ConfigError, ContractError, LaunchRefused, OutboxError
from passback.host import Passback
from passback.web.bodies import TooLarge, TooSlow, read_body
from passback.web.onward import DISCREET

__all__ = ["Launches"]

log = logging.getLogger("passback.web")

_MAX_FORM = 64 * 1024
_MAX_FIELDS = 200


class Launches:
    """Keeps what an LMS hands over, and sends the browser on to the host's own page."""

    def __init__(self, pb: Passback, page: str, patience: float) -> None:
        self._pb = pb
        self._page = page
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            response = await self._answer(Request(scope, receive))
        except TooSlow:
            response = _said(408, "it took too long to arrive")
        except (TooLarge, ValueError):
            response = _said(400, "this can't be read")
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in ("GET", "POST"):
            return _said(405, "this address takes GET and POST")
        # As it was written: an activity's id may hold slashes.
        path = request.scope.get("raw_path", b"").decode("ascii", "replace").partition("?")[0]
        parts = path.rstrip("/").rsplit("/launch/", 1)[-1].split("/", 1)
        if len(parts) != 2 or not all(parts):  # noqa: PLR2004 - connection and activity
            return _said(404, "there is nothing to open here")
        body = await read_body(request, _MAX_FORM, self._patience)
        pairs = [*request.query_params.multi_items(), *_form(body)]
        connection, activity = (unquote(each) for each in parts)
        try:
            ticket = await self._pb.launching.record(connection, activity, pairs)
        except (LaunchRefused, ConfigError, ContractError, OutboxError) as error:
            # Whoever comes here is a learner: the log is told why.
            log.warning("%s: a launch isn't taken: %s", connection, error)
            if isinstance(error, OutboxError):
                return _said(503, "this can't be opened now; try again in a minute")
            return _said(404, "this can't be opened from here; tell your administrator")
        joint = "&" if "?" in self._page else "?"
        return RedirectResponse(
            f"{self._page}{joint}launch={quote(ticket.reference, safe='')}", 303, DISCREET
        )


def _form(body: bytes) -> list[tuple[str, str]]:
    """Return the fields that were posted.

    Raises:
        ValueError: They are too many, or no form.
    """
    return parse_qsl(
        body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=_MAX_FIELDS
    )


def _said(status: int, text: str) -> Response:
    return PlainTextResponse(text, status, DISCREET)
