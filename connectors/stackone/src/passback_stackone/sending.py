"""One delivery: looked for where it may be there, written, and what the answer means for it.

Source: wire facts §4.3 (completions, assignments, the 501 flow) and §4.4 (statuses).
"""

from __future__ import annotations

from collections.abc import Iterable

from passback import (
    ActivityUnknown,
    AlreadyThere,
    Clock,
    ConnectionFailure,
    CutShort,
    Delivered,
    Delivery,
    NeedsLaunch,
    RateLimited,
    Receipt,
    Rejected,
    Response,
    UserUnknown,
)
from passback_stackone.answers import document, failure, is_missing, is_own, provider_statuses, said, text
from passback_stackone.api import Api
from passback_stackone.kept import Kept, Unreadable
from passback_stackone.ledger import Ledger
from passback_stackone.letters import Letter, letter
from passback_stackone.options import StackOneOptions

__all__ = ["Sender"]

_STORED = (200, 201)
_TOO_LARGE = 413
_REFUSED = (400, _TOO_LARGE, 422)
_OK, _UNAUTHORIZED, _CONFLICT, _NOT_IMPLEMENTED = 200, 401, 409, 501
# Each says that nothing was written. After any other failure something may have been.
_NOTHING_WRITTEN = frozenset({400, 401, 403, 404, 412, 422, 429, 501})
# What a user that isn't missing is answered with: there, or not told (501, 403).
_NOT_MISSING = (200, 403, 501)


class Sender:
    """Sends deliveries to one account."""

    def __init__(self, api: Api, options: StackOneOptions, clock: Clock) -> None:
        self._api = api
        self._options = options
        self._kept = Kept(api, options, clock)
        self._ledger = Ledger()

    def not_sent(self, deliveries: Iterable[Delivery]) -> None:
        """Take note that `deliveries` aren't sent at this attempt, although nothing failed."""
        for delivery in deliveries:
            self._ledger.not_sent(delivery)

    async def deliver(self, delivery: Delivery) -> Receipt:
        """Send `delivery`.

        Raises:
            CutShort: The whole connection is concerned; it says whether anything may have been written.
        """
        ready = letter(delivery, self._options)
        if not isinstance(ready, Letter):
            return ready
        answer: Response | None = None
        try:
            found = await self._found(ready)
            if found is not None:
                return found
            answer = await self._post(ready)
            return await self._receipt(answer, ready)
        except CutShort:
            raise
        except ConnectionFailure as failure:
            written = answer is not None and not _says_nothing_written(answer)
            raise CutShort([], failure, [] if written else [delivery.id]) from None

    async def _found(self, ready: Letter) -> Receipt | None:
        """Return the receipt of what is there already, or can't be looked for; None where it's to be sent."""
        delivery = ready.delivery
        if not self._ledger.is_doubtful(delivery):
            return None
        try:
            found = await self._kept.find(ready.path, ready.content)
        except Unreadable as unreadable:
            if self._options.when_unsure == "hold" and ready.content.kind == "completions":
                return Rejected(delivery.id, _held(unreadable))
            return None
        return None if found is None else AlreadyThere(delivery.id, found.id)

    async def _post(self, ready: Letter) -> Response:
        try:
            return await self._api.post(ready.path, ready.body)
        except RateLimited:
            raise  # of the connection's own quota: nothing was sent
        except ConnectionFailure as failure:
            raise CutShort([], failure) from None

    async def _receipt(self, answer: Response, ready: Letter) -> Receipt:
        number = ready.delivery.id
        if answer.status in _STORED:
            return Delivered(number, _identity(answer), ready.launch)
        # Whoever says that it's too large means this request.
        if not is_own(answer) and answer.status != _TOO_LARGE:
            raise failure(answer, ready.hidden)
        words, theirs = said(answer, ready.hidden), provider_statuses(answer)
        if ready.launch is not None and _UNAUTHORIZED in theirs:
            return NeedsLaunch(
                number, f"this learner's launch isn't taken any more: {words}", (ready.launch,)
            )
        if answer.status in _REFUSED and not any(_is_outage(status) for status in theirs):
            why = "413, too large" if answer.status == _TOO_LARGE else answer.status
            return Rejected(number, f"it was refused ({why}): {words}")
        if is_missing(answer):
            return await self._missing(ready, words)
        if answer.status == _CONFLICT:
            return await self._conflict(ready, words)
        if answer.status == _NOT_IMPLEMENTED and ready.content.kind == "assignments":
            return Rejected(number, "this system takes no progress (501); turn the option progress off")
        raise failure(answer, ready.hidden)

    async def _missing(self, ready: Letter, words: str) -> Receipt:
        """Tell whether the user is missing or the learning object."""
        user = await self._api.get(ready.user)
        if is_missing(user):
            return UserUnknown(
                ready.delivery.id, "StackOne has no user with the id of their account any more"
            )
        if user.status not in _NOT_MISSING or not (user.status == _OK or is_own(user)):
            raise failure(user)
        return ActivityUnknown(
            ready.delivery.id, f"StackOne doesn't find {ready.content.learning_object!r}: {words}"
        )

    async def _conflict(self, ready: Letter, words: str) -> Receipt:
        try:
            found = await self._kept.find(ready.path, ready.content)
        except Unreadable:
            found = None
        if found is not None:
            return AlreadyThere(ready.delivery.id, found.id)
        return Rejected(ready.delivery.id, f"it conflicts with what is there (409): {words}")


def _identity(answer: Response) -> str | None:
    data = document(answer).get("data")
    if isinstance(data, dict):
        return text(data.get("id")) or text(data.get("remote_id"))
    # A sign-in page of a network on the way answers 200 as well; StackOne says so in its own words.
    if not is_own(answer):
        raise failure(answer)
    return None


def _says_nothing_written(answer: Response) -> bool:
    return answer.status in _NOTHING_WRITTEN and is_own(answer)


def _is_outage(status: int) -> bool:
    return status in (401, 403, 408, 429) or status >= 500  # noqa: PLR2004 - the statuses are the names


def _held(unreadable: Unreadable) -> str:
    return (
        f"it may have arrived at an earlier attempt, and {unreadable}. Look for it over there; "
        "to send it all the same, set when_unsure to send and replay it"
    )
