"""Each thing that goes wrong, at each request of each hook that asks the system something."""

from __future__ import annotations

from datetime import datetime, timedelta

from passback.errors import RateLimited, ServerError, SignInRefused
from passback.model import AlreadyThere, Delivered, NeedsLaunch, TryLater
from passback.testing.breaking import Broken
from passback.testing.operations import OPERATIONS, Operation, Outcome, attempt, once, places
from passback.testing.rule import Play, add_rule
from passback.testing.rules.lookups import require_everybody
from passback.testing.rules.troubles import TROUBLES, Trouble
from passback.testing.scene import PATIENT, Scene, Take
from passback.testing.settling import require_account, settle, unsettled

__all__: list[str] = []

_ARRIVED = (Delivered, AlreadyThere)
_SLACK = timedelta(seconds=10)
_LATEST = timedelta(days=1)
# What self.http reads, and what the sockets on the way hold where a machine's are large.
_MOST_READ = 96 * 2**20


def _played(operation: Operation, trouble: Trouble) -> Play:
    async def play(scene: Scene) -> None:
        seen = await once(scene, operation)
        for place in places(len(seen.asked)):
            await _tried(scene, operation, trouble, place)

    return play


async def _tried(scene: Scene, operation: Operation, trouble: Trouble, place: int) -> None:
    async with scene.take(trouble.timeouts) as take:
        take.record.play(trouble.fault(scene.stand.elsewhere), place, trouble.times)
        outcome = await attempt(operation.play(take))
        where = f"at request {place + 1} ({_named(take, place)}), {trouble.happens}"
        if take.record.elsewhere:
            raise Broken(f"{where}: the connector sent a request to the other host")
        if take.record.touched > trouble.most + take.waits:
            raise Broken(f"{where}: {take.record.touched} more requests were sent; once is enough")
        if (read := max(asked.written for asked in take.record.asked)) > _MOST_READ:
            raise Broken(f"{where}: {read // 2**20} MiB of it were read")
        if problem := _problem(take, operation, trouble, outcome):
            raise Broken(f"{where}: {problem}; it came to {outcome}")
        take.record.rest()
        if operation.sends is not None and trouble.settles:
            deliveries = operation.sends(take)
            if trouble.timeouts is not PATIENT:
                take.be_patient()  # a busy machine is no system that doesn't answer
            await settle(take, unsettled(deliveries, outcome))
            require_account(take, deliveries)


def _named(take: Take, place: int) -> str:
    asked = take.record.asked
    return f"{asked[place].method} {asked[place].path}" if place < len(asked) else "which wasn't sent"


def _problem(take: Take, operation: Operation, trouble: Trouble, outcome: Outcome) -> str:
    if isinstance(outcome.error, SignInRefused):
        return "" if ServerError in trouble.errors else "whoever comes is told that they did something wrong"
    if outcome.error is not None:
        if not isinstance(outcome.error, trouble.errors):
            return f"expected {' or '.join(each.__name__ for each in trouble.errors)}"
        return _timely(take, trouble, outcome.error.until) if isinstance(outcome.error, RateLimited) else ""
    if operation.sends is not None:
        return _receipt_problem(take, operation, trouble, outcome)
    if operation.name == "lookup_users" and trouble.allowed and trouble.name != "doubled_keys":
        require_everybody(take, outcome.value)
    return "" if trouble.allowed or not take.record.touched else "expected it to fail"


def _receipt_problem(take: Take, operation: Operation, trouble: Trouble, outcome: Outcome) -> str:
    (receipt,) = outcome.receipts
    if isinstance(receipt, NeedsLaunch) and operation.more and trouble.refuses:
        return ""  # the launch's own token isn't taken any more
    if isinstance(receipt, trouble.receipts):
        return _timely(take, trouble, receipt.at) if isinstance(receipt, TryLater) else ""
    if not isinstance(receipt, _ARRIVED):
        return "that is no receipt for it, because nothing is wrong with the result"
    if take.suite.mark(take.deliveries(1)[0]) not in take.arrived():
        return "the receipt says that it has arrived, and it has not"
    return ""


def _timely(take: Take, trouble: Trouble, until: datetime | None) -> str:
    if trouble.seconds is None:
        now = take.clock.now()
        odd = until is not None and not now - _SLACK <= until <= now + _LATEST
        return f"nobody named a time, and it is to be tried again at {until}" if odd else ""
    due = take.clock.now() + timedelta(seconds=trouble.seconds)
    if until is None or abs(until - due) > _SLACK:
        return f"the system said {trouble.seconds} seconds, and that isn't when it is to be tried again"
    return ""


def _ends(operation: Operation, trouble: Trouble) -> str:
    kinds = (*trouble.errors, *(trouble.receipts if operation.sends else ()))
    *most, last = [each.__name__ for each in kinds] + ["success"] * trouble.allowed
    return f"{', '.join(most)} or {last}" if most else last


for _operation in OPERATIONS:
    for _trouble in TROUBLES:
        add_rule(
            f"{_operation.name}.{_trouble.name}",
            _operation.needs,
            f"When {_trouble.happens}, {_operation.who} ends in {_ends(_operation, _trouble)}; "
            f"{_operation.otherwise}.",
            _trouble.advice,
            _played(_operation, _trouble),
        )
