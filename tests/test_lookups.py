"""Looking users up at one system waits for no other system."""

import asyncio
import sys
from datetime import UTC, datetime

import pytest
from hosting import made
from installing import install_plugin

from passback import Learner, Passback, ServerError
from passback.delivery import looked_up
from passback.identity import begin_asking

CONNECTOR = """
import asyncio
from passback import Connector, Delivered, Options, ServerError, Unsupported, User, UserUnknown

ASKED = []

class Settings(Options):
    defect: str

class Acme(Connector[Settings]):
    filters = frozenset({"email"})

    async def check(self):
        pass

    async def lookup_users(self, query):
        ASKED.append(query.email)
        if self.options.defect == "hangs":
            await asyncio.Event().wait()
        if self.options.defect == "never ends":
            while True:
                await asyncio.sleep(0.01)
                yield User(id="somebody else")
        if self.options.defect == "slow":
            await asyncio.sleep(1)
        if self.options.defect == "can't list" and not query.email:
            raise ServerError("too many users")
        if self.options.defect == "has no list" and not query.email:
            raise Unsupported("no list is configured")
        if self.options.defect == "fails on some" and query.email < "c":
            raise ServerError("an unexpected error")
        for email in [query.email] if query.email else ["ana@example.com", "ben@example.com"]:
            yield User(id=email, email=email)

    async def submit_results(self, batch):
        return [self._receipt(each) for each in batch.deliveries]

    def _receipt(self, delivery):
        if delivery.account is None:
            return UserUnknown(delivery.id, "nobody")
        return Delivered(delivery.id, delivery.account.user_id)
"""
NAMES = ("ana", "ben", "cem")
START = datetime(2026, 11, 21, tzinfo=UTC)
TABLE = """
[connections.{name}]
connector = "acme"
contact = "admin@example.com"
options = {{ defect = "{defect}" }}
sending = {{ linger = 0 }}
"""


@pytest.fixture
def acme(host, monkeypatch):
    """A connector that looks users up, installed for this test alone."""
    entry_points = "[passback.connectors.v1]\nacme = passback_acme:Acme\n"
    install_plugin(host.folder, "passback-acme", CONNECTOR, entry_points)
    monkeypatch.syspath_prepend(host.folder)
    monkeypatch.setattr("passback.host.lookups.matching._GRACE", 0.1)
    yield host
    sys.modules.pop("passback_acme", None)


@pytest.mark.parametrize("defect", ["hangs", "never ends"])
def test_a_system_that_never_answers_holds_up_nobody_elses_learners(acme, defect):
    acme.configure(TABLE.format(name="a", defect=defect), TABLE.format(name="b", defect="none"))

    async def check():
        async with Passback.from_file(acme.folder / "passback.toml") as pb, asyncio.timeout(30):
            await pb.submit(of("ana"))
            await until(pb, "b", {"delivered": 1})
            assert await counts(pb, "a") == {"waiting": 1}
            pb.cancel()

    asyncio.run(check())


def test_systems_that_hang_hold_up_no_others_however_many_they_are(acme, monkeypatch):
    monkeypatch.setattr("passback.host.lookups.matching._AT_ONCE", 4)
    hanging = [f"a{number}" for number in range(6)]
    acme.configure(
        *(TABLE.format(name=name, defect="hangs") for name in hanging), TABLE.format(name="b", defect="none")
    )

    def known_for_it(db):
        for name in hanging:
            begin_asking(db, name, START, START)
            looked_up(db, name, ServerError("it hangs"), START)

    async def check():
        async with Passback.from_file(acme.folder / "passback.toml", deliver=False) as pb:
            await pb.submit(of("ana"))
            await pb._running.store.run(known_for_it)
        async with Passback.from_file(acme.folder / "passback.toml") as pb, asyncio.timeout(30):
            await until(pb, "b", {"delivered": 1})
            pb.cancel()

    asyncio.run(check())


def test_who_is_unknown_while_their_system_is_asked_is_asked_for_right_after(acme):
    async def check(pb):
        await pb.submit(of("ben"))
        await until(pb, "a", {"waiting": 1})
        # By now the look-up has read who waits, is past ana in the alphabet, and isn't over.
        await asyncio.sleep(0.9)
        await pb.submit(of("ana"))
        await until(pb, "a", {"delivered": 2})

    delivering(acme, "slow", check)


def test_where_the_list_of_all_users_fails_each_is_still_looked_up_by_what_is_known(acme):
    async def check(pb):
        await pb.submit(of("ana"))
        await until(pb, "a", {"delivered": 1})
        # From now on all users are to be compared, too.
        await pb.submit(of("ben"))
        await until(pb, "a", {"delivered": 2})

    delivering(acme, "can't list", check)


def test_a_learner_on_whom_a_system_fails_keeps_no_other_from_being_found(acme):
    async def check(pb):
        await pb.submit_many(of(name) for name in NAMES)
        await until(pb, "a", {"waiting": 2, "delivered": 1})

    delivering(acme, "fails on some", check)


def test_a_list_that_failed_is_left_alone_for_a_while_until_the_configuration_changes(acme, monkeypatch):
    monkeypatch.setattr("passback.host.lookups.matching._SWEEP", 0.1)
    monkeypatch.setattr("passback.host.lookups.matching._A_MOMENT", 0.1)

    def lists():
        return sys.modules["passback_acme"].ASKED.count(None)

    async def check(pb):
        await pb.submit(made(0, learner=Learner(id="nobody has my address", username="dot")))
        await until(pb, "a", {"waiting": 1})
        await pb.submit(of("ben"))
        await until(pb, "a", {"waiting": 1, "delivered": 1})
        await asyncio.sleep(2)
        assert lists() == 1
        (state,) = (await pb.totals()).connections
        assert (state.health, state.detail) == ("server error", "users can't be looked up: too many users")
        acme.configure(TABLE.format(name="a", defect="can't list") + 'match = ["email", "username"]\n')
        await pb.reload()
        while lists() < 2:
            await asyncio.sleep(0.05)

    delivering(acme, "can't list", check)


def test_a_list_that_is_not_configured_is_asked_for_once_by_each_configuration(acme, monkeypatch):
    monkeypatch.setattr("passback.host.lookups.matching._SWEEP", 0.1)
    monkeypatch.setattr("passback.host.lookups.matching._A_MOMENT", 0.1)

    def lists():
        return sys.modules["passback_acme"].ASKED.count(None)

    async def check(pb):
        await pb.submit(of("ana"))
        await until(pb, "a", {"delivered": 1})
        await asyncio.sleep(2)
        assert lists() == 1
        acme.configure(TABLE.format(name="a", defect="has no list") + 'match = ["email"]\n')
        await pb.reload()
        while lists() < 2:
            await asyncio.sleep(0.05)

    delivering(acme, "has no list", check)


def test_a_look_up_that_hangs_holds_up_no_change_of_the_configuration(acme, monkeypatch):
    monkeypatch.setattr("passback.host.lookups.matching._GRACE", 4)

    async def check(pb):
        await pb.submit(of("ana"))
        while not sys.modules["passback_acme"].ASKED:
            await asyncio.sleep(0.05)
        async with asyncio.timeout(3):
            await pb.reload()
            acme.configure(TABLE.format(name="a", defect="none"))
            await pb.reload()
        assert len(sys.modules["passback_acme"].ASKED) == 1, "one at a time"
        await until(pb, "a", {"delivered": 1})

    delivering(acme, "hangs", check)


def test_a_look_up_that_fails_is_no_trouble_any_more_once_nobody_waits_for_it(acme, monkeypatch):
    monkeypatch.setattr("passback.host.lookups.matching._SWEEP", 0.1)

    async def check(pb):
        await pb.submit(of("ana"))
        while await health(pb) == "ok":
            await asyncio.sleep(0.05)
        await pb.accounts.decide("a", "ana", "u1")
        await until(pb, "a", {"delivered": 1})
        while await health(pb) != "ok":
            await asyncio.sleep(0.05)

    delivering(acme, "fails on some", check)


async def health(pb):
    return (await pb.totals()).connections[0].health


def delivering(host, defect, check):
    """Run `check` with a host that delivers for one system that has `defect`."""
    host.configure(TABLE.format(name="a", defect=defect))

    async def run():
        async with Passback.from_file(host.folder / "passback.toml") as pb, asyncio.timeout(20):
            await check(pb)

    asyncio.run(run())


def of(name):
    return made(NAMES.index(name), learner=Learner(id=name, email=f"{name}@example.com"))


async def counts(pb, name):
    return next((each.counts for each in (await pb.totals()).connections if each.name == name), {})


async def until(pb, name, wanted):
    while await counts(pb, name) != wanted:
        await asyncio.sleep(0.05)
