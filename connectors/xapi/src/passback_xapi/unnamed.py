"""An LRS took a batch, but its answer doesn't name all ids. Find out whether it holds the others.

Ralph names only what is new to it, and answers 204 where nothing is; others answer an empty list. So does, by
mistake or on purpose, what drops statements, or is no LRS; what is told as delivered has to be over there.
Where it can't be read, its word counts if it named others of the batch, which only an LRS that took them can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from passback import AlreadyThere, JSONValue, Receipt, Response, ServerError
from passback_xapi.answers import accepted
from passback_xapi.held import compared, missed
from passback_xapi.lrs import LRS
from passback_xapi.outgoing import Outgoing
from passback_xapi.unseen import taken

__all__ = ["receipts_for"]

_SAMPLES = 3
# What says, of what else acts as an LRS, that these credentials may write, and not read.
_FORBIDDEN = (401, 403)


async def receipts_for(
    lrs: LRS, answer: Response, outgoing: Sequence[Outgoing], *, shown: bool = False
) -> list[Receipt]:
    """Return the receipts for statements that `answer` says are stored.

    Args:
        lrs: Which answered.
        answer: To their POST.
        outgoing: What was in it.
        shown: Whether `lrs` has shown others that were to be sent with them.

    Raises:
        BatchRefused: It refuses the content.
        ConnectionFailure: It says anything else, or `lrs` shows nothing of what it took and didn't name; or
            it named nothing, and can't be read.
    """
    receipts, unnamed = accepted(answer, outgoing)
    if not unnamed:
        lrs.unseen.took()
        return [*receipts]
    try:
        last = await lrs.recent(len(outgoing))
        shown = shown or any(each.id in last for each in outgoing)
        held = await _held(lrs, unnamed, last, shown=shown)
    except ServerError as error:
        if error.status not in _FORBIDDEN:
            raise
        if not receipts:
            raise _unproven(answer, error) from error
        # Its word is all there is.
        return [*receipts, *(AlreadyThere(each.delivery.id, each.id) for each in unnamed)]
    if not (held or shown):
        raise ServerError(
            f"{answer.asked} answered {answer.status}, but holds none of the statements that it didn't name; "
            "is this the xAPI endpoint of an LRS, and does it keep what it takes?",
            status=answer.status,
        )
    if receipts or held:
        lrs.unseen.took()
    return [*receipts, *[await _receipt(lrs, answer, each, held.get(each.id)) for each in unnamed]]


def _unproven(answer: Response, unreadable: ServerError) -> ServerError:
    return ServerError(
        f"{answer.asked} answered {answer.status} and named no statement, so nobody can see whether it keeps "
        f"what it takes; let the credentials read the statements that they wrote ({unreadable})",
        status=unreadable.status,
    )


async def _receipt(lrs: LRS, answer: Response, outgoing: Outgoing, held: JSONValue) -> Receipt:
    if held is None:
        return await missed(lrs, outgoing, taken(answer.status))
    return compared(outgoing, held)


async def _held(
    lrs: LRS, outgoing: Sequence[Outgoing], last: Mapping[str, JSONValue], *, shown: bool
) -> dict[str, JSONValue]:
    """Return those of `outgoing` that `lrs` holds, by id; what it stored `last` is known."""
    ids = [each.id for each in outgoing]
    held = {each: last[each] for each in ids if each in last}
    for number, each in enumerate(each for each in ids if each not in last):
        if number == _SAMPLES and not (held or shown):
            break
        if (statement := await lrs.statement(each)) is not None:
            held[each] = statement
    return held
