"""Whatever happens to a connection, its contact gets few mails, and never one twice."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from watched import ward

from passback import AlertKind, State

HEALTHS = ["ok", "can't connect", "server error", "misconfigured", "paused"]
DAY = timedelta(days=1)
BEGAN, LASTS, OVER = AlertKind.INCIDENT_BEGAN, AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER


class Days(RuleBasedStateMachine):
    """Days in the life of a connection."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.Runner()
        self.stack = AsyncExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.here = self.loop.run(self.stack.enter_async_context(ward(Path(folder) / "passback.db")))

    def teardown(self):
        self.loop.run(self.stack.aclose())
        self.loop.close()

    @rule(health=st.sampled_from(HEALTHS))
    def becomes(self, health):
        self.loop.run(self.here.health(health))

    @rule(count=st.integers(1, 5), reason=st.sampled_from(["no score", "too old"]))
    def rejects(self, count, reason):
        self.loop.run(self.here.deliveries(count, State.REJECTED, reason))

    @rule(count=st.integers(1, 5))
    def lets_wait(self, count):
        self.loop.run(self.here.deliveries(count, State.WAITING, "nobody there", "account"))

    @rule(count=st.integers(1, 5))
    def takes(self, count):
        self.loop.run(self.here.deliveries(count))

    @rule()
    def delivers(self):
        self.loop.run(self.here.become(State.DELIVERED))

    @rule()
    def somebody_replays(self):
        self.loop.run(self.here.again())

    @rule()
    def process_is_started_again(self):
        self.here.restart()

    @rule(refusal=st.sampled_from(["", "the mail server is away"]))
    def mail_server_answers(self, refusal):
        self.here.mail.refusal = refusal

    @rule(span=st.sampled_from([30, 300, 1800, 6 * 3600, 24 * 3600]))
    def time_passes(self, span):
        self.loop.run(self.here.run(timedelta(seconds=span), timedelta(seconds=span / 3)))

    @invariant()
    def an_incident_begins_once_and_ends_once(self):
        opened = False
        for kind in self.here.kinds():
            if kind is BEGAN:
                opened = True
            if kind in (LASTS, OVER):
                assert opened
            if kind is OVER:
                opened = False

    @invariant()
    def few_things_are_told_in_a_day(self):
        for kind, most in ((AlertKind.DIGEST, 1), (LASTS, 1), (OVER, 4)):
            times = [each.at for each in self.here.told.alerts if each.kind is kind]
            for at in times:
                assert sum(at <= other < at + DAY for other in times) <= most, kind

    @invariant()
    def no_mail_arrives_twice(self):
        keys = [each.key for each in self.here.mail.taken]
        assert len(keys) == len(set(keys))
        assert len(keys) <= len(self.here.told.alerts)


Days.TestCase.settings = settings(
    max_examples=15, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDays = Days.TestCase
