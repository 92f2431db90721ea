"""Messages go out in order, and each gets its receipt, however many requests that takes."""

from __future__ import annotations

from collections.abc import Sequence

from passback import (
    BatchRefused,
    Clock,
    ConnectionFailure,
    CutShort,
    Delivery,
    Receipt,
    Rejected,
    Response,
    TryLater,
)
from passback_webhook.answers import Reader
from passback_webhook.calling import Caller
from passback_webhook.expressions import ANYTHING, Expression, ExpressionFailed
from passback_webhook.options import WebhookOptions
from passback_webhook.outgoing import Message, Outgoing, outgoing, together
from passback_webhook.turns import Turns, grouped

__all__ = ["Sender", "unwritable"]


class Sender:
    """Sends the messages of one connection."""

    def __init__(self, options: WebhookOptions, caller: Caller, clock: Clock) -> None:
        self._clock = clock
        self._caller = caller
        self._reader = Reader(options, clock)
        self._array = options.array
        wrap = options.array.wrap if options.array else None
        self._wrap = None if wrap is None else Expression(wrap, ANYTHING)

    async def send(self, messages: Sequence[Message]) -> list[Receipt]:
        """Send `messages` in order, in as few requests as can be; return what became of each.

        Raises:
            BatchRefused: Several together were refused before anything was answered.
            CutShort: The connection failed in the midst of them.
        """
        receipts: list[Receipt] = []
        turns = Turns()
        groups = grouped(messages, self._array)[::-1]
        while groups:
            group = groups.pop()
            now, later = turns.apart(group)
            try:
                answered = await self._answered(now) if now else []
            except ExpressionFailed:
                # They may only be too much together.
                middle = len(group) // 2
                groups += [group[middle:], group[:middle]]
                continue
            except BatchRefused:
                # Its halves are sent where it's the first, and what arrived before keeps its receipt.
                if not receipts:
                    raise
                return [*receipts, *self._postponed(group + _all_of(groups))]
            except ConnectionFailure as failure:
                rest = {each.delivery.id for each in group + _all_of(groups)}
                raise CutShort(receipts, failure, rest - {each.delivery.id for each in now}) from None
            turns.note(now, answered)
            receipts += [*answered, *later]
        return receipts

    async def _answered(self, group: Sequence[Message]) -> list[Receipt]:
        """Send `group` as one request and return what became of it.

        Raises:
            ExpressionFailed: There are several, which can't be written together; nothing was sent.
        """
        try:
            request = together(group, self._wrap) if self._array else outgoing(group[0])
        except ExpressionFailed as failure:
            if len(group) > 1:
                raise
            return [unwritable(group[0].delivery, failure)]
        try:
            return self._reader.receipts(await self._ask(request), request.deliveries)
        except BatchRefused as refused:
            if len(group) > 1:
                raise
            return [Rejected(group[0].delivery.id, str(refused))]

    async def _ask(self, request: Outgoing) -> Response:
        return await self._caller.ask(
            request.method,
            request.url,
            headers=request.headers,
            content=request.content,
            message=request.id,
        )

    def _postponed(self, messages: Sequence[Message]) -> list[Receipt]:
        reason = "it comes after what was refused together"
        return [TryLater(each.delivery.id, self._clock.now(), reason) for each in messages]


def unwritable(delivery: Delivery, failure: ExpressionFailed) -> Receipt:
    """Return the receipt for what no message can be made of."""
    return Rejected(delivery.id, f"the message for {delivery.result.kind} can't be made: {failure}")


def _all_of(groups: Sequence[list[Message]]) -> list[Message]:
    return [message for group in groups for message in group]
