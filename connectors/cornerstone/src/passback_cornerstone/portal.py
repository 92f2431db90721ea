"""A portal, told by the callback: with which launch's token, and what is believed of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import attrs

from passback import (
    HTTP,
    AlreadyThere,
    Clock,
    Delivered,
    Delivery,
    Launch,
    Receipt,
    Rejected,
    Response,
    ServerError,
    TryLater,
)
from passback_cornerstone.answers import refusal, require
from passback_cornerstone.callback import Callback, Meaning, meaning, no_callback
from passback_cornerstone.launches import Target
from passback_cornerstone.options import CallbackOptions, CornerstoneOptions
from passback_cornerstone.records import Record
from passback_cornerstone.tokens import Tokens

__all__ = ["Portal", "Untaken"]

_FAILURES = 500
_PAUSE = timedelta(minutes=15)


@attrs.frozen(kw_only=True)
class Untaken:
    """No token did it.

    Attributes:
        refused: The launches whose tokens don't work.
        failure: What is wrong with the connection, where it's that.
        later: When to try again, where an answer isn't to be believed yet.
    """

    refused: tuple[int, ...] = ()
    failure: ServerError | None = None
    later: TryLater | None = None


class Portal:
    """One portal, by its callback."""

    def __init__(
        self, options: CornerstoneOptions, callback: CallbackOptions, http: HTTP, clock: Clock
    ) -> None:
        self._http = http
        self._clock = clock
        self._callback = Callback(callback, http)
        self._tokens = Tokens(options, callback, clock)

    async def reach(self, url: str) -> None:
        """Prove that the portal is there; key and secret are proven by the first record alone.

        Raises:
            ConnectionFailure: It isn't, or it fails.
        """
        answer = await self._http.request("GET", f"{url}/")
        if answer.status >= _FAILURES:
            require(answer)

    async def send(
        self, delivery: Delivery, launches: Sequence[Launch], record: Record
    ) -> Receipt | Response | Untaken:
        """Post `record` with the first token that is taken.

        Returns:
            The receipt; the answer, where it doesn't know the user or the course; or that no token was taken.

        Raises:
            ConnectionFailure: The portal wasn't reached, failed, or asks to slow down.
        """
        failed: list[Target] = []
        refused: list[Target] = []
        untaken = Untaken()
        offered = launches if delivery.launch is None else (delivery.launch, *launches)
        for each in self._tokens.candidates(delivery.launch, launches):
            answer = await self._callback.post(each, record)
            means = meaning(answer, record)
            if means is Meaning.TAKEN:
                self._tokens.took(each, failed)
                return Delivered(delivery.id, record.course, each.launch, self._tokens.refused(offered))
            if means is Meaning.FINAL:
                return AlreadyThere(delivery.id, record.course)
            if self._is_verdict(means, each, delivery):
                return answer if means is Meaning.UNKNOWN else Rejected(delivery.id, refusal(answer))
            failed.append(each)
            refused += [each] if means is Meaning.UNAUTHORIZED else []
            untaken = self._noted(untaken, means, each, answer, delivery)
        if untaken.failure is None:
            self._tokens.refuse(refused)
        return attrs.evolve(untaken, refused=self._tokens.refused(offered))

    def _is_verdict(self, means: Meaning, by: Target, delivery: Delivery) -> bool:
        # Anybody can make up a launch: what one says of others' results counts once it's proven.
        if means not in (Meaning.UNKNOWN, Meaning.REFUSED):
            return False
        own = delivery.launch is not None and delivery.launch.id == by.launch
        return own or self._tokens.worked(by)

    def _noted(
        self, untaken: Untaken, means: Meaning, by: Target, answer: Response, delivery: Delivery
    ) -> Untaken:
        if means is Meaning.ASTRAY:
            return attrs.evolve(untaken, failure=untaken.failure or no_callback(answer))
        if means is Meaning.UNAUTHORIZED:
            doubt = _doubt(answer) if self._tokens.casts_doubt(by) else None
            return attrs.evolve(untaken, failure=untaken.failure or doubt)
        reason = f"{refusal(answer)}, to a launch that isn't proven yet"
        later = TryLater(delivery.id, self._clock.now() + _PAUSE, reason)
        return attrs.evolve(untaken, later=untaken.later or later)


def _doubt(answer: Response) -> ServerError:
    return ServerError(
        f"{answer.asked} answered 401 to the token of a young launch: check key and secret of the callback; "
        "if they are right, this passes with the next launch",
        status=answer.status,
    )
