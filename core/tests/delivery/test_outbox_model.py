"""The outbox against a model of it: in whatever order, nothing is lost and no state is odd."""

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from postgres import postgres_server
from scripted import START, result

from passback import ContentConflict, Score, Selection
from passback.delivery import Outbox, Overview, Repair, Routes, Settlement, Submission, Wish
from passback.delivery.outbox.changes import Change
from passback.store import FOLLOWS, DatabaseURL, State, Store, WaitingFor

NUMBERS = st.integers(0, 8)
OUTCOMES = st.sampled_from(
    [
        (State.DELIVERED, None),
        (State.REJECTED, None),
        (State.WAITING, WaitingFor.ACCOUNT),
        (State.WAITING, WaitingFor.ACTIVITY),
        (State.PENDING, None),
    ]
)


class OutboxMachine(RuleBasedStateMachine):
    leases = Bundle("leases")

    def make(self):
        """Return where a new outbox is."""
        self.folder = tempfile.TemporaryDirectory()
        return Path(self.folder.name) / "passback.db"

    def remove(self):
        self.folder.cleanup()

    @initialize()
    def open(self):
        self.loop = asyncio.new_event_loop()
        self.place = self.make()
        self.now = START
        self.contents = {}
        self.states = {}
        self.tokens = {}
        self.fingerprint = None
        self._open()

    def _open(self):
        self.store = Store(self.place)
        self.run(self.store.open())
        self.outbox, self.repair, self.overview = Outbox(self.store), Repair(self.store), Overview(self.store)

    def run(self, work):
        return self.loop.run_until_complete(work)

    def teardown(self):
        self.run(self.store.close())
        self.loop.close()
        self.remove()

    @rule(number=NUMBERS, points=st.sampled_from([None, 1, 2]), routed=st.booleans())
    def put(self, number, points, routed):
        score = None if points is None else Score(raw=points)
        made = result(number, score=score)
        submission = Submission.of(made, ("lms",) if routed else ())
        (answer,) = self.run(self.outbox.put([submission], self.now, tell=False))
        if made.id in self.contents and self.contents[made.id] != points:
            assert isinstance(answer, ContentConflict)
            return
        assert answer.new == (made.id not in self.contents)
        if answer.new:
            self.contents[made.id] = points
            # What came before of the same activity goes first.
            goes = routed and None not in self.states.values()
            self.states[made.id] = State.PENDING if goes else None

    @rule(target=leases, limit=st.integers(1, 5))
    def lease(self, limit):
        lease = self.run(
            self.outbox.lease(
                Wish(connection="lms", limit=limit, until=self.now + timedelta(minutes=5)), self.now
            )
        )
        for each in lease.deliveries:
            assert self.states[each.result.id] is State.PENDING
            self.tokens[each.result.id] = lease.token
        return lease

    @rule(lease=consumes(leases), outcomes=st.lists(OUTCOMES, min_size=5, max_size=5), keep=st.integers(0, 5))
    def settle(self, lease, outcomes, keep):
        changes, took = [], 0
        for each, (state, waiting) in zip(lease.deliveries[:keep], outcomes, strict=False):
            changes.append(Change(delivery=each.id, state=state, waiting_for=waiting))
            if self.tokens.get(each.result.id) == lease.token:
                took += 1
                self.states[each.result.id] = state
        assert self.run(self.outbox.settle(lease, Settlement(changes=changes), self.now))[0] == took
        for each in lease.deliveries:
            if self.tokens.get(each.result.id) == lease.token:
                del self.tokens[each.result.id]

    @rule(minutes=st.integers(1, 9))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_process_dies_and_another_takes_over(self):
        self.run(self.store.close())
        self._open()
        self.run(self.repair.reopen(self.now))
        self.tokens.clear()

    @rule(state=st.sampled_from([None, State.WAITING, State.REJECTED, State.DELIVERED, State.PENDING]))
    def replay(self, state):
        may = [
            key
            for key, now in self.states.items()
            if now not in (None, State.PENDING) and State.PENDING in FOLLOWS[now] and state in (None, now)
        ]
        assert self.run(self.repair.replay(Selection(state=state), self.now)) == len(may)
        self.states |= dict.fromkeys(may, State.PENDING)

    @rule()
    def park(self):
        pending = [key for key, now in self.states.items() if now is State.PENDING]
        assert self.run(self.repair.park("lms", "misconfigured", self.now)) == len(pending)
        self.states |= dict.fromkeys(pending, State.WAITING)
        for key in pending:
            self.tokens.pop(key, None)

    @rule(fingerprint=st.sampled_from(["one", "two"]))
    def repaired(self, fingerprint):
        before = {each.result_id: each.waiting_for for each in self.found()}
        self.run(self.repair.configured({"lms": fingerprint}, self.now))
        if self.fingerprint not in (None, fingerprint):
            # Nothing says that anything was taken since.
            refused = [key for key, now in self.states.items() if now is State.REJECTED]
            self.states |= dict.fromkeys(refused, State.PENDING)
        self.fingerprint = fingerprint
        for each in self.found():
            if before[each.result_id] == "connection":
                assert each.state == "pending"
            if each.state == "pending" and self.states[each.result_id] is State.WAITING:
                self.states[each.result_id] = State.PENDING

    @rule()
    def attached(self):
        unrouted = [key for key, now in self.states.items() if now is None]
        reached = self.run(self.repair.route(Routes(everywhere={"default": ["lms"]}), self.now))
        assert reached == ({"lms"} if unrouted else set())
        self.states |= dict.fromkeys(unrouted, State.PENDING)

    def found(self):
        return self.run(self.overview.deliveries(Selection(), 1000, self.now))

    @invariant()
    def everything_accepted_is_in_exactly_the_state_that_it_should_be(self):
        if not hasattr(self, "store"):
            return
        found = self.found()
        words = {each.result_id: "pending" if each.state == "sending" else each.state for each in found}
        assert len(words) == len(found)
        assert words == {key: now.word for key, now in self.states.items() if now is not None}
        totals = self.run(self.overview.totals())
        assert totals.accepted == len(self.contents)
        assert totals.unrouted == sum(now is None for now in self.states.values())


class OutboxMachineOnPostgreSQL(OutboxMachine):
    def make(self):
        self.database = postgres_server().fresh()
        return DatabaseURL(postgres_server().url(self.database))

    def remove(self):
        postgres_server().empty_again(self.database)


OutboxMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
OutboxMachineOnPostgreSQL.TestCase.settings = settings(OutboxMachine.TestCase.settings, max_examples=12)
TestOutboxModel = OutboxMachine.TestCase
TestOutboxModelOnPostgreSQL = OutboxMachineOnPostgreSQL.TestCase
