"""An LRS answered 409: it holds some of these ids. Find out which, with few requests.

Usually the batch had arrived and only the answer was lost, so one look at what the LRS stored last settles
all of it. Where that shows nothing, three samples tell a batch that arrived long ago (then each is read)
from one bad apple (then halves are sent until it stands alone). For 50 statements that is 2 requests in the
usual case, about 20 for one bad apple, and about 65 at worst.
"""

from __future__ import annotations

from collections.abc import Sequence

from passback import JSONValue, Receipt, Response
from passback_xapi.answers import CONFLICT
from passback_xapi.held import compared, unseen
from passback_xapi.lrs import LRS
from passback_xapi.outgoing import Outgoing
from passback_xapi.unnamed import receipts_for

__all__ = ["resolve"]


async def resolve(lrs: LRS, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    """Return the receipts for statements that `lrs` answered 409 to.

    Raises:
        ConnectionFailure: The LRS can't be asked, or refuses to be read.
        BatchRefused: The LRS refuses the content of those that it doesn't hold.
    """
    if len(outgoing) == 1:
        return [await _compared(lrs, outgoing[0])]
    held = await lrs.recent(len(outgoing))
    receipts = [compared(each, held[each.id]) for each in outgoing if each.id in held]
    rest = [each for each in outgoing if each.id not in held]
    if not rest:
        return receipts
    if receipts:
        return receipts + await _sent(lrs, rest)
    return await _searched(lrs, rest)


async def _searched(lrs: LRS, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    samples = {0, len(outgoing) // 2, len(outgoing) - 1}
    held = {place: await lrs.statement(outgoing[place].id) for place in sorted(samples)}
    if not any(held.values()):
        return await _halved(lrs, outgoing)
    return await _read(lrs, outgoing, held)


async def _read(lrs: LRS, outgoing: Sequence[Outgoing], held: dict[int, JSONValue]) -> list[Receipt]:
    for place, each in enumerate(outgoing):
        if place not in held:
            held[place] = await lrs.statement(each.id)
    receipts = [compared(each, held[place]) for place, each in enumerate(outgoing) if held[place] is not None]
    rest = [each for place, each in enumerate(outgoing) if held[place] is None]
    return receipts + (await _sent(lrs, rest) if rest else [])


async def _sent(lrs: LRS, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    return await _answered(lrs, outgoing, await lrs.store([each.statement for each in outgoing]))


async def _answered(lrs: LRS, outgoing: Sequence[Outgoing], answer: Response) -> list[Receipt]:
    if answer.status != CONFLICT:
        return await receipts_for(lrs, answer, outgoing)
    if len(outgoing) == 1:
        return [await _compared(lrs, outgoing[0])]
    return await _halved(lrs, outgoing)


async def _halved(lrs: LRS, outgoing: Sequence[Outgoing]) -> list[Receipt]:
    middle = len(outgoing) // 2
    left, right = outgoing[:middle], outgoing[middle:]
    answers = [await lrs.store([each.statement for each in half]) for half in (left, right)]
    if len(outgoing) > 2 and all(answer.status == CONFLICT for answer in answers):  # noqa: PLR2004 - a pair
        # More than one is there, so halving on would cost more than reading.
        return await _read(lrs, outgoing, {})
    return [*await _answered(lrs, left, answers[0]), *await _answered(lrs, right, answers[1])]


async def _compared(lrs: LRS, outgoing: Outgoing) -> Receipt:
    held = await lrs.statement(outgoing.id)
    return unseen(outgoing, lrs.clock.now()) if held is None else compared(outgoing, held)
