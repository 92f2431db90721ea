"""What the system has already: read before it would be written a second time (wire facts §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import attrs

from passback import Clock, JSONValue, Response, ServerError, Unsupported
from passback_stackone.answers import failure, is_missing, is_own, text
from passback_stackone.api import Api
from passback_stackone.options import StackOneOptions
from passback_stackone.outgoing import Outgoing
from passback_stackone.pages import Pages

__all__ = ["Found", "Kept", "Unreadable"]

_PAGE = 100
_MOST_PAGES = 200
_CLOSE = timedelta(seconds=1)
# The first is what is written; the others are older names of the same (wire facts §4.3).
_NAMES = {
    "external_reference": (
        "learning_object_external_reference",
        "content_external_reference",
        "external_reference",
    ),
    "id": ("learning_object_id", "content_id", "course_id"),
}


_UNTOLD = {
    403: "the API key isn't allowed to read completions (403)",
    501: "the learning system doesn't tell which completions there are (501)",
}


class Unreadable(Exception):
    """The system doesn't tell what it has."""


class _NoneThere(Exception):  # it never leaves this module
    """StackOne says that there is nothing."""


@attrs.frozen
class Found:
    """A record that tells the same fact.

    Attributes:
        id: Its id over there, where it has one.
    """

    id: str | None


class Kept:
    """What users have, as the system tells it."""

    def __init__(self, api: Api, options: StackOneOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._clock = clock

    async def find(self, path: str, sent: Outgoing) -> Found | None:
        """Return the record at `path` that `sent` became; None if there is none.

        Raises:
            Unreadable: The system doesn't tell (501), or not to this key (403).
            ConnectionFailure: It can't be asked.
        """
        pages = Pages(self._api, self._clock, path, {"page_size": _PAGE}, _meant)
        try:
            async for page in pages.walk(_MOST_PAGES):
                for record in page:
                    if self._same(record, sent):
                        return Found(text(record.get("id")) or text(record.get("remote_id")))
        except _NoneThere:
            pass
        return None

    def _same(self, record: Mapping[str, JSONValue], sent: Outgoing) -> bool:
        if sent.learning_object not in [record.get(name) for name in _NAMES[self._options.learning_object]]:
            return False
        if sent.kind == "assignments":
            return record.get("progress") == sent.progress
        return self._same_time(record.get("completed_at"), sent.at) and _fits(
            record.get("result"), sent.value
        )

    def _same_time(self, kept: JSONValue, at: datetime) -> bool:
        moment = _moment(kept)
        if moment is None:
            return False
        if self._options.completed_at == "day":
            return moment.date() == at.astimezone(UTC).date()
        return abs(moment - at) < _CLOSE


def _meant(answer: Response) -> Exception:
    # A page of a proxy knows nothing of completions, and believing it would write them twice.
    if is_missing(answer):
        return _NoneThere()
    if is_own(answer) and answer.status in _UNTOLD:
        return Unreadable(_UNTOLD[answer.status])
    meant = failure(answer)
    # Where that can't be read, completions may still be written.
    return ServerError(str(meant), status=answer.status) if isinstance(meant, Unsupported) else meant


def _fits(result: JSONValue, value: str | None) -> bool:
    # A pass isn't the failure of the same day. What says neither may be either.
    kept = result.get("value") if isinstance(result, dict) else None
    return None in (kept, value) or kept == value


def _moment(kept: JSONValue) -> datetime | None:
    if isinstance(kept, str):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(kept)
            return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    return None
