"""The callback that a launch names: one record posted to it, and what its answer means (wire facts §2.4)."""

from __future__ import annotations

from enum import Enum, auto
from urllib.parse import quote, quote_plus

from passback import HTTP, Response, ServerError, basic_auth
from passback_cornerstone.answers import require
from passback_cornerstone.envelopes import as_told
from passback_cornerstone.launches import Target
from passback_cornerstone.options import CallbackOptions
from passback_cornerstone.records import Record

__all__ = ["Callback", "Meaning", "meaning", "no_callback"]

_GOOD = range(200, 300)
_UNAUTHORIZED, _NOT_FOUND, _CONFLICT = 401, 404, 409
_ASTRAY = frozenset({*range(300, 400), 405, 410})
_REFUSALS = (400, 409, 422)
_VERDICTS = frozenset({*_GOOD, *_REFUSALS, _NOT_FOUND})


class Meaning(Enum):
    """What an answer says of the record, or of the launch."""

    TAKEN = auto()
    FINAL = auto()
    UNKNOWN = auto()
    REFUSED = auto()
    UNAUTHORIZED = auto()
    ASTRAY = auto()


def meaning(answer: Response, record: Record) -> Meaning:
    """Return what `answer` means; astray is what no callback answers: a page, a redirect, another address.

    Raises:
        ConnectionFailure: It concerns the whole portal.
    """
    if answer.status in _ASTRAY or (answer.status in _VERDICTS and answer.is_page):
        return Meaning.ASTRAY
    if answer.status in _GOOD:
        return Meaning.TAKEN
    if answer.status == _UNAUTHORIZED:
        return Meaning.UNAUTHORIZED
    if answer.status == _NOT_FOUND:
        return Meaning.UNKNOWN
    if answer.status == _CONFLICT and not record.completed:
        return Meaning.FINAL
    if answer.status not in _REFUSALS:
        require(answer)
    return Meaning.REFUSED


def no_callback(answer: Response) -> ServerError:
    """Return what is wrong where every launch leads astray."""
    return ServerError(
        f"{answer.asked} answered {answer.status}, but not as Cornerstone's callback does; check the suffix "
        "of the callback, and what stands between here and the portal",
        status=answer.status,
    )


class Callback:
    """Posts records."""

    def __init__(self, options: CallbackOptions, http: HTTP) -> None:
        self._http = http
        self._extra = options.extra
        self._authorization = basic_auth(options.key, options.secret.get_secret_value())

    async def post(self, to: Target, record: Record) -> Response:
        """Post `record`, and return the answer, in which the token isn't shown.

        Raises:
            ConnectionFailure: The portal wasn't reached.
        """
        answer = await self._http.request(
            "POST",
            to.url,
            query={"sessionToken": to.token},
            headers={"authorization": self._authorization},
            # One record a post: what an answer to several says of each isn't documented.
            json=[record.document(self._extra)],
        )
        hidden = answer.hiding((to.token, quote(to.token, safe=""), quote_plus(to.token)))
        return as_told(hidden, written=True)
