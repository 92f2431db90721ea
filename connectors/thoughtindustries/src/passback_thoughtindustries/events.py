"""The school's events: where a completion is looked for that may have arrived (wire facts §6.1)."""

from __future__ import annotations

from datetime import datetime, timedelta

from passback import Clock, JSONValue, Patience, Response, ServerError, Unsupported
from passback_thoughtindustries.completions import Entry
from passback_thoughtindustries.options import ThoughtIndustriesOptions
from passback_thoughtindustries.pages import pages
from passback_thoughtindustries.school import School, is_own, require

__all__ = ["Events", "Unreadable"]

_OK, _FORBIDDEN, _NOT_FOUND, _NOT_IMPLEMENTED = 200, 403, 404, 501
_PATH, _NAMED = "events/courseCompletion", "events"
_HELP = "completions that may have arrived are looked for there: allow it, or set when_unsure to send"
# An event's time may be when the completion was told.
_BEFORE = timedelta(days=1)


class Unreadable(Exception):  # it never leaves this package
    """The school doesn't tell its events, or not to this key."""


class Events:
    """The completions that one school tells."""

    def __init__(self, school: School, options: ThoughtIndustriesOptions, clock: Clock) -> None:
        self._school = school
        # Events name a course by its id.
        self._wanted = options.when_unsure == "look" and options.course_by == "id"
        self._clock = clock

    def can_tell(self, ready: Entry) -> bool:
        """Return whether `ready` is to be looked for."""
        return self._wanted and ready.course is not None

    async def prove(self) -> None:
        """Read the first page, as a check does where completions are looked for.

        Raises:
            ConnectionFailure: It can't be read.
        """
        if not self._wanted:
            return
        try:
            await anext(pages(self._school, _PATH, _since(self._clock.now()), _NAMED, Patience(self._clock)))
        except Unsupported as unsupported:
            raise Unsupported(f"{unsupported}; {_HELP}", status=unsupported.status) from None
        except ServerError as error:
            if error.status not in (_FORBIDDEN, _NOT_FOUND):
                raise
            raise ServerError(f"{error}; {_HELP}", status=error.status) from None

    async def tell(self, ready: Entry) -> bool:
        """Return whether the completion that `ready` becomes is told already.

        Raises:
            Unreadable: The school has no events (404, 501), or not for this key (403).
            ConnectionFailure: It can't be asked.
        """
        query = _since(ready.at) | ({} if ready.user is None else {"userId": ready.user})
        # Its patience isn't renewed: a batch has to end.
        patience = Patience(self._clock)
        async for events in pages(self._school, _PATH, query, _NAMED, patience, _judged):
            if any(_tells(each, ready) for each in events):
                return True
        return False


def _judged(answer: Response) -> None:
    # A page of a proxy knows nothing of events; no person is asked for it, and no result stopped.
    if answer.status in (_FORBIDDEN, _NOT_FOUND, _NOT_IMPLEMENTED) and is_own(answer):
        raise Unreadable(f"the school doesn't tell which completions there are ({answer.status})")
    try:
        require(answer, _OK)
    except Unsupported as unsupported:
        raise ServerError(str(unsupported), status=answer.status) from None


def _since(at: datetime) -> dict[str, str | int]:
    return {"startDate": (at - _BEFORE).isoformat(timespec="seconds").replace("+00:00", "Z")}


def _tells(event: dict[str, JSONValue], ready: Entry) -> bool:
    if event.get("notifiableId") != ready.course:
        return False
    detail, address = event.get("userDetail"), event.get("user")
    if ready.user is not None:
        return isinstance(detail, dict) and detail.get("id") == ready.user
    return isinstance(address, str) and address.casefold() == (ready.address or "").casefold()
