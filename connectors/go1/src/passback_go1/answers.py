"""What GO1's answers to an enrollment mean that is made or changed (wire facts §3.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from passback import JSONValue, Response, ServerError
from passback_go1.ids import identifier
from passback_go1.portal import document, error_code

__all__ = ["TOO_LARGE", "identity", "is_refused", "said"]

TOO_LARGE = 413
_REFUSALS = (400, 409, 422)
_WORDS = ("error", "errors", "message")
_STATUSES = ("status", "statusCode", "code")
_ERROR = re.compile(r"[45][0-9]{2}")


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


def said(answer: Response) -> str:
    """Return what `answer` says, for people."""
    return f"it answered {answer.status}: {answer.excerpt() or 'without a word why'}"
