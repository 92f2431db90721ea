"""What GO1's answers mean for an enrollment that is made or changed, and for its user (wire facts §3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from passback import JSONValue, Response, ServerError
from passback_go1.ids import identifier
from passback_go1.portal import document, error_code, said_by_go1

__all__ = ["TOO_LARGE", "identity", "is_refused", "is_user_missing", "said"]

TOO_LARGE = 413
_NOT_FOUND = 404
_REFUSALS = (400, 409, 422)
_WORDS = ("error", "errors", "message")
_STATUSES = ("status", "statusCode", "code")
_ERROR = re.compile(r"[45][0-9]{2}")
# Not the path, in which there are users.
_USER = re.compile(r"(?:user|account)(?!s)", re.IGNORECASE)


def identity(answer: Response) -> str | None:
    """Return the id of the enrollment that a good answer is; None where it says nothing of one.

    Raises:
        ServerError: It's an error in the words of something else than GO1, or no object.
    """
    if not answer.body.strip():
        return None
    found = document(answer)
    if found.get("id") is None and _is_error(found):
        raise ServerError(
            f"{answer.asked} answered {answer.status} with an error — it said: {answer.excerpt()}",
            status=answer.status,
        )
    return identifier(found.get("id"))


def _is_error(found: Mapping[str, JSONValue]) -> bool:
    return any(found.get(name) for name in _WORDS) or any(
        _ERROR.fullmatch(str(found.get(name))) for name in _STATUSES
    )


def is_refused(answer: Response) -> bool:
    """Return whether GO1 refuses what was sent for good, or anything on the way says that it's too large."""
    return answer.status == TOO_LARGE or (answer.status in _REFUSALS and error_code(answer) is not None)


def is_user_missing(answer: Response) -> bool:
    """Return whether GO1 says that there is no such user; a router says of a path that there is none."""
    told = said_by_go1(answer)
    words = f"{told.get('error_code')} {told.get('message')}"
    return answer.status == _NOT_FOUND and _USER.search(words) is not None


def said(answer: Response) -> str:
    """Return what `answer` says, for people."""
    status = "413 (too large)" if answer.status == TOO_LARGE else answer.status
    return f"it answered {status}: {answer.excerpt() or 'without a word why'}"
