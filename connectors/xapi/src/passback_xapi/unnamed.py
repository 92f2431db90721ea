"""An LRS took a batch, but its answer doesn't name all ids. Find out whether it holds the others.

Ralph names only what is new to it, and answers 204 where nothing is. So does, by mistake or on purpose, what
drops statements, or is no LRS at all; and what is told as delivered has to be over there.
"""

from __future__ import annotations

from collections.abc import Sequence

from passback import AlreadyThere, JSONValue, Receipt, Response, ServerError
from passback_xapi.answers import accepted
from passback_xapi.held import compared, unseen
from passback_xapi.lrs import LRS
from passback_xapi.outgoing import Outgoing

__all__ = ["receipts_for"]

_SAMPLES = 3
# What says that these credentials may write, and not read.
_FORBIDDEN = (401, 403)


async def receipts_for(lrs: LRS, answer: Response, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    """Return the receipts for statements that `answer` says are stored.

    Raises:
        BatchRefused: It refuses the content.
        ConnectionFailure: It says anything else, or `lrs` holds none of what it took and didn't name.
    """
    receipts, unnamed = accepted(answer, outgoing)
    return [*receipts, *(await _confirmed(lrs, answer, unnamed) if unnamed else ())]


async def _confirmed(lrs: LRS, answer: Response, unnamed: Sequence[Outgoing]) -> list[Receipt]:
    try:
        held = await _held(lrs, unnamed)
    except ServerError as error:
        if error.status not in _FORBIDDEN:
            raise
        # Its word is all there is.
        return [AlreadyThere(each.delivery.id, each.id) for each in unnamed]
    if not held and all(each.delivery.attempt == 1 for each in unnamed):
        raise ServerError(
            f"{answer.asked} answered {answer.status}, but holds none of the statements that it didn't name; "
            "is this the xAPI endpoint of an LRS?",
            status=answer.status,
        )
    now = lrs.clock.now()
    return [compared(each, held[each.id]) if each.id in held else unseen(each, now) for each in unnamed]


async def _held(lrs: LRS, outgoing: Sequence[Outgoing]) -> dict[str, JSONValue]:
    """Return the statements that `lrs` holds under the ids of `outgoing`."""
    ids = [each.id for each in outgoing]
    last = await lrs.recent(len(ids))
    held: dict[str, JSONValue] = {each: last[each] for each in ids if each in last}
    for number, each in enumerate(each for each in ids if each not in last):
        if number == _SAMPLES and not held:
            break
        if (statement := await lrs.statement(each)) is not None:
            held[each] = statement
    return held
