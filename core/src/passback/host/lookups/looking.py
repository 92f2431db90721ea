"""Looking learners up at one connection, and keeping what that finds."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import Connection as Database

from passback.clock import Clock
from passback.connection import Connection
from passback.delivery import waiting_learners
from passback.errors import ConnectionFailure, ContractError, ServerError, Unsupported
from passback.host.lookups.answers import Answers
from passback.host.lookups.bonds import Bonds, is_due
from passback.host.lookups.distributing import Distribution
from passback.host.lookups.failing import Failures
from passback.identity import (
    AccountState,
    Bond,
    Finding,
    Index,
    KeyName,
    SyncReport,
    ask_for_anybody,
    begin_asking,
    compare,
    context_of,
    end_asking,
    expected,
    keys_of,
    list_users,
    look_up,
)
from passback.model import Learner
from passback.store import Store

__all__ = ["LONGEST", "Lookup"]

log = logging.getLogger("passback.identity")

_PAGE = 500
# A list of everybody answers for many, and costs much.
_LIST_AGAIN = timedelta(hours=1)
LONGEST = timedelta(minutes=30)


class Lookup:
    """Finds the users of one connection's system that learners are."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        connection: Connection,
        organisation: str,
        order: Sequence[KeyName],
        fingerprint: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._connection = connection
        self._organisation = organisation
        self._order = order
        self._name = connection.name
        self._found = Bonds(connection.name, organisation, clock)
        self._answers = Answers(store, clock, connection.name, fingerprint)
        self._distribution = Distribution(store, connection, organisation, self._found, self._answers)

    @property
    def asks(self) -> bool:
        """Whether there is anything to ask about users."""
        return bool(self._connection.capabilities & {"lookup_users", "map_identity"})

    async def waiting(self) -> int | None:
        """Look up whoever signed in, or has something waiting for an account; return how many have one now.

        None if another process is about it. What it says of how the connection does is kept.

        Raises:
            ConnectionFailure: The system can't be asked.
            ContractError: The connector breaks the contract.
        """
        now = self._clock.now()
        if not await self._store.run_soft(begin_asking, self._name, now, now + LONGEST):
            return None
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                return await self._everybody()
        except TimeoutError:
            error = _endless("looking users up")
            # What took so long may have been the list.
            await self._store.run_soft(self._answers.unlisted)
            await self._store.run_soft(self._answers.failed, error)
            raise error from None
        except (ConnectionFailure, ContractError) as error:
            await self._store.run_soft(self._answers.failed, error)
            raise
        finally:
            await self._store.run_soft(end_asking, self._name)

    async def all(
        self,
        progress: Callable[[int], None] = lambda _: None,
        longest: timedelta | None = None,
        sought: Sequence[Learner] = (),
    ) -> SyncReport:
        """Compare all users of the system with all learners that are known there, or wait for it.

        Args:
            progress: Told how many users there are by now.
            longest: How long they may take to be listed; None for ever.
            sought: Who is compared in any case: what waits for them may be tried again just then.

        Raises:
            Unsupported: The system doesn't tell who its users are.
            ConnectionFailure: It can't be asked.
        """
        try:
            index = await self._listed(progress, longest)
        except Unsupported as error:
            await self._distribution.learn(error)
            raise
        except (ConnectionFailure, ContractError):
            await self._store.run_soft(self._answers.unlisted)
            raise
        known = {bond.learner.id: bond for bond in await self._bonds()}
        everybody = {bond.learner.id: bond.learner for bond in known.values()}
        everybody |= {each.id: each for each in sought}
        async for page in self._unknown():
            everybody |= {each.id: each for each in page}
        findings, report = compare(self._connection, index, known, [*everybody.values()], self._order)
        await self._store.run(self._synced, findings)
        return report

    async def _listed(self, progress: Callable[[int], None], longest: timedelta | None) -> Index:
        try:
            async with asyncio.timeout(None if longest is None else longest.total_seconds()):
                return await list_users(self._connection, progress)
        except TimeoutError:
            raise _endless("listing all users") from None

    async def _everybody(self) -> int:
        found = 0
        await self._answers.begin()
        failure: ServerError | ContractError | None = None
        async for page in self._seekers():
            try:
                found += await self._page(page)
            except (ServerError, ContractError) as error:
                # It may be a matter of these learners.
                failure = error
        if failure is not None:
            if not self._answers.good:
                raise failure
            log.warning("%s: some learners can't be looked up: %s", self._name, failure)
        await self._store.run_soft(self._answers.passed)
        return found

    async def _page(self, page: Sequence[Learner]) -> int:
        known = {bond.learner.id: bond for bond in await self._bonds([each.id for each in page])}
        now = self._clock.now()
        count = await self._store.run(self._found.act, known.values())
        sought = [each for each in page if is_due(known.get(each.id), each, now)]
        return count + (await self._seek(sought, known) if sought else 0)

    async def _seek(self, learners: Sequence[Learner], known: Mapping[str, Bond]) -> int:
        findings: list[Finding] = []
        failures = Failures()
        # In any order, so that those on whom the system fails don't stand before the same ones for ever.
        for learner in random.sample(learners, len(learners)):
            try:
                finding = await self._find(learner, known.get(learner.id))
            except Unsupported as error:
                return await self._distribution.give(learners, error)
            except (ConnectionFailure, ContractError) as error:
                bond = known.get(learner.id)
                if failures.end(learner, error, alone=bond is not None and bond.alone):
                    break
                continue
            if finding is not None:
                findings.append(finding)
                if not finding.unasked:
                    failures.passed()
            elif (found := await self._try_list(learners, failures)) is not None:
                return found
        unasked = sum(each.unasked for each in findings)
        if self._answers.unclear and unasked == len(learners):
            return await self._ask_for_anybody(learners)
        return await self._sought_alone(findings, failures)

    async def _ask_for_anybody(self, learners: Sequence[Learner]) -> int:
        """See how the system does by asking whether it tells who its users are; `learners` say too little."""
        if not self._answers.lists:
            return 0
        self._answers.unclear = False
        try:
            await ask_for_anybody(self._connection)
        except Unsupported as error:
            if self._distribution.lacks_users(error):
                return await self._distribution.give(learners, error)
        else:
            await self._store.run_soft(self._answers.told, lists_users=True, synced=False)
        return await self._store.run(self._distribution.keep, (), learners)

    async def _sought_alone(self, findings: Sequence[Finding], failures: Failures) -> int:
        answers = [each for each in findings if not each.unasked]
        unasked = [each.learner for each in findings if each.unasked]
        passed = bool(answers)
        if passed and "lookup_users" in self._connection.capabilities:
            await self._store.run_soft(self._answers.told, lists_users=True, synced=False)
        found = await self._store.run(
            self._distribution.keep, [*answers, *failures.findings(passed=passed)], unasked
        )
        failures.raise_last(passed=passed)
        failures.tell(self._name)
        return found

    async def _try_list(self, learners: Sequence[Learner], failures: Failures) -> int | None:
        """Return how many of `learners` the list of all users finds; None where it can't be had."""
        if self._answers.lists:
            try:
                return await self._seek_in_list(learners)
            except (ServerError, ContractError) as error:
                # Each by themselves may be found all the same.
                failures.unlisted = error
        self._answers.lists, self._answers.blind = False, True
        return None

    async def _find(self, learner: Learner, bond: Bond | None) -> Finding | None:
        keys, proposal = keys_of(self._connection, learner, self._order, bond.proposed if bond else None)
        if "lookup_users" in self._connection.capabilities:
            return await look_up(self._connection, learner, keys, self._connection.connector.filters)
        if proposal is None:
            return Finding(learner=learner, state=AccountState.UNKNOWN)
        # Nobody can be asked, so its word is what there is.
        return Finding(
            learner=learner,
            state=AccountState.KNOWN,
            user_id=proposal.user_id,
            matched_by=proposal.matched_by,
        )

    async def _seek_in_list(self, learners: Sequence[Learner]) -> int:
        context = await self._store.run_soft(context_of, self._name)
        if context.synced is not None and self._clock.now() - context.synced < _LIST_AGAIN:
            return await self._store.run(self._found.keep, (), learners)
        try:
            report = await self.all(longest=LONGEST, sought=learners)
        except Unsupported as error:
            return await self._distribution.give(learners, error)
        return len(report.new) + len(report.changed)

    async def _seekers(self) -> AsyncIterator[Sequence[Learner]]:
        yield await self._store.run_soft(expected, self._name, self._organisation)
        async for page in self._unknown():
            yield page

    async def _unknown(self) -> AsyncIterator[list[Learner]]:
        """Yield those who have something waiting for an account, page by page."""
        after = ""
        while page := await self._store.run_soft(
            waiting_learners, self._name, self._organisation, after, _PAGE
        ):
            after = page[-1].id
            yield page

    async def _bonds(self, learners: Sequence[str] | None = None) -> list[Bond]:
        return await self._store.run_soft(self._found.bonds, learners)

    def _synced(self, db: Database, findings: Sequence[Finding]) -> None:
        self._found.keep(db, findings)
        self._answers.told(db, lists_users=True, synced=True)


def _endless(what: str) -> ServerError:
    return ServerError(f"{what} came to no end within {LONGEST}, and is given up")
