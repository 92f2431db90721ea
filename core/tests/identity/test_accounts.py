"""What waits for an account goes when there is one, on each engine, and no sooner."""

import asyncio
from datetime import timedelta

import attrs
import pytest
from people import ANA, BEN, nobody_named, proposal, user, village
from scripted import result

from passback import CannotConnect, IdentityProposal, Learner, RateLimited, ServerError
from passback.delivery import Selection
from passback.host.people.recognising import recognise
from passback.identity import PERSON, bonds, context_of, expect, expected_connections, keep
from passback.identity.matching import AccountState, Finding

AT_15_MINUTES = timedelta(minutes=16).total_seconds()


def of(number, learner):
    return attrs.evolve(result(number), learner=learner)


async def known(here):
    return {
        each.learner.id: each for each in await here.store.run(lambda db: list(bonds(db, "lms", "default")))
    }


@pytest.fixture
def check(place):
    """Run what a test says in a village."""

    def checked(work, **more):
        async def run():
            async with village(place, **more) as here:
                await work(here)

        asyncio.run(run())

    return checked


def test_a_result_waits_until_its_learner_is_found_and_then_goes(check):
    async def work(here):
        here.connector.users = [user(1, external_id="E-1")]
        assert await here.sent(of(1, ANA), of(2, BEN)) == {"r-1": "account", "r-2": "account"}
        assert here.wanted == ["lms"]
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "account"}
        assert (await known(here))["ana"].matched_by == "external_id"
        assert await here.sent(of(3, ANA)) == {"r-1": "delivered", "r-2": "account", "r-3": "delivered"}

    check(work)


def test_what_waits_for_one_who_could_be_several_users_says_so_until_a_person_decides(check):
    async def work(here):
        here.connector.users = [user(1, email=ANA.email), user(2, email=ANA.email)]
        await here.sent(of(1, ANA), of(2, BEN))
        await here.lookup.waiting()
        assert await reasons(here) == {"r-1": SEVERAL, "r-2": "nobody here"}
        await here.sent(of(3, ANA))
        assert (await reasons(here))["r-3"] == "nobody here"
        await here.lookup.waiting()
        assert await reasons(here) == {"r-1": SEVERAL, "r-2": "nobody here", "r-3": SEVERAL}
        decided = Finding(learner=ANA, state=AccountState.KNOWN, user_id="u2", matched_by=PERSON)
        await here.store.run(recognise, "lms", "default", decided, here.clock.now())
        await here.run(2)
        assert await here.states() == {"r-1": "delivered", "r-2": "account", "r-3": "delivered"}

    check(work)


SEVERAL = (
    "several users there could be this learner, and a person has to say which: "
    "passback users accounts lms --state ambiguous"
)


async def reasons(here):
    return {each.result_id: each.reason for each in await here.deliveries()}


def test_who_could_be_several_users_of_a_list_is_told_so_too(check):
    async def work(here):
        here.connector.users = [user(1, email=ANA.email)]
        await here.sent(of(1, Learner(id="x", email="x@example.com")))
        await here.lookup.waiting()
        here.connector.users = [user(1, email="x@example.com"), user(2, email="x@example.com")]
        await here.lookup.all()
        assert await reasons(here) == {"r-1": SEVERAL}

    check(work)


@pytest.mark.parametrize("to", [("lms",), ()])
def test_who_is_looked_up_is_known_by_what_any_of_their_results_said(check, to):
    """Also where that one goes elsewhere."""

    async def work(here):
        await here.put(of(1, ANA), to=to)
        await here.sent(of(2, Learner(id=ANA.id)))
        here.connector.users = [user(1, email=ANA.email)]
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert set((await here.states()).values()) == {"delivered"}

    check(work)


def test_a_system_that_filters_is_asked_for_each_and_another_lists_everybody_once(check):
    async def work(here):
        here.connector.users = [user(1, email="ana@example.com"), user(2, email=BEN.email)]
        here.connector.filters = frozenset({"email"})
        await here.sent(of(1, ANA), of(2, BEN))
        assert await here.lookup.waiting() == 2
        assert emails(here) == ["Ana@example.com", "ben@example.com"]

    check(work, order=("email",))


def emails(here):
    return sorted(each["email"] for each in here.connector.asked)


def failing_on(here, names, error):
    """Have the system fail on learners of these names, and know everybody else."""
    people = [Learner(id=name, email=f"{name}@example.com") for name in ("eve", "fay", "gil", "hal", *names)]
    here.connector.users = [user(number, email=each.email) for number, each in enumerate(people)]
    here.connector.filters = frozenset({"email"})
    here.connector.fails = {f"{name}@example.com": error for name in names}
    return [of(number, each) for number, each in enumerate(people)]


@pytest.mark.parametrize("error", [ServerError("500"), TypeError("a defect")])
def test_a_learner_on_whom_the_system_fails_keeps_no_other_from_being_found_and_rests(check, error):
    async def work(here):
        await here.sent(*failing_on(here, ["amy", "zoe"], error))
        assert await here.lookup.waiting() == 4
        await here.run(2)
        assert sorted((await here.states()).values()) == ["account"] * 2 + ["delivered"] * 4
        here.connector.asked.clear()
        assert await here.lookup.waiting() == 0
        assert here.connector.asked == []
        here.connector.fails.clear()
        here.clock.advance(AT_15_MINUTES)
        assert await here.lookup.waiting() == 2

    check(work, order=("email",))


def test_who_signed_in_and_cannot_be_looked_up_keeps_no_other_from_being_found(check):
    async def work(here):
        await here.sent(*failing_on(here, [], None))
        assert await signs_in(here, ANA)
        here.connector.fails = {ANA.email: ServerError("500")}
        assert await here.lookup.waiting() == 4
        await here.run(2)
        assert set((await here.states()).values()) == {"delivered"}

    check(work, order=("email",))


@pytest.mark.parametrize(
    ("error", "asked"),
    [(ServerError("500"), 3), (CannotConnect("not reached"), 1), (RateLimited("slow down"), 1)],
)
def test_a_system_that_fails_on_everybody_is_not_asked_for_everybody(check, error, asked):
    async def work(here):
        names = [f"amy-{number}" for number in range(20)]
        await here.sent(*failing_on(here, names, error)[4:])
        with pytest.raises(type(error)):
            await here.lookup.waiting()
        assert len(here.connector.asked) == asked
        here.connector.fails.clear()
        assert await here.lookup.waiting() == 20, "nobody was marked for what the system did"

    check(work, order=("email",))


def test_without_a_filter_all_users_are_listed_once_for_all_who_wait(check):
    async def work(here):
        here.connector.users = [user(1, email="ana@example.com"), user(2, email=BEN.email)]
        await here.sent(of(1, ANA), of(2, BEN))
        assert await here.lookup.waiting() == 2
        assert here.connector.asked == [{}]

    check(work)


def test_who_is_sought_in_a_list_is_found_though_what_waits_is_tried_again_just_then(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email)]
        await here.sent(of(1, BEN))
        here.connector.listing = lambda: here.dispatcher._repair.replay(
            Selection(connection="lms"), here.clock.now()
        )
        await here.lookup.waiting()
        await here.run(5)
        await here.lookup.waiting()
        await here.run(5)
        assert await here.states() == {"r-1": "delivered"}

    check(work)


def test_who_is_not_found_is_not_asked_for_again_at_once(check):
    async def work(here):
        here.connector.filters = frozenset({"email"})
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        await here.sent(of(2, BEN))
        await here.lookup.waiting()
        assert len(here.connector.asked) == 1
        here.connector.users = [user(2, email=BEN.email)]
        await here.run(AT_15_MINUTES, step=60)
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert set((await here.states()).values()) == {"delivered"}

    check(work, order=("email",))


def test_whoever_could_be_two_waits_for_a_person_whom_no_list_contradicts(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email), user(2, email=BEN.email)]
        await here.sent(of(1, BEN))
        assert await here.lookup.waiting() == 0
        assert (await known(here))["ben"].candidates == ("u1", "u2")
        decided = Finding(learner=BEN, state=AccountState.KNOWN, user_id="u2", matched_by="person")
        now = here.clock.now()
        assert await here.store.run(keep, "lms", "default", [decided], now) == ["ben"]
        await here.lookup.all()
        assert (await known(here))["ben"].user_id == "u2"
        here.connector.users = here.connector.users[:1]
        report = await here.lookup.all()
        assert (report.gone, (await known(here))["ben"].state) == (("ben",), AccountState.GONE)

    check(work)


def test_a_user_whom_the_system_no_longer_knows_is_looked_up_again_but_not_for_ever(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email)]
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        await here.run(2)
        here.connector.refuses = {"u1"}
        assert (await here.sent(of(2, BEN)))["r-2"] == "account"
        asked = len(here.connector.asked)
        for _ in range(3):
            await here.lookup.waiting()
            await here.run(2)
        assert len(here.connector.asked) == asked
        here.connector.users = [user(9, email=BEN.email)]
        await here.run(2 * 3600, step=60)
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert (await here.states())["r-2"] == "delivered"

    check(work)


async def refused(here, *results):
    """Have Ben, who is a user, refused with `results`."""
    here.connector.users = [user(1, email=BEN.email)]
    await here.sent(of(1, BEN))
    await here.lookup.waiting()
    await here.run(2)
    here.connector.refuses = {"u1"}
    states = await here.sent(*results)
    assert [states[each.id] for each in results] == ["account"] * len(results)
    here.connector.batches.clear()


async def pass_time(here, minutes, every=1):
    """Have those who wait looked up `every` so many minutes, as a host does."""
    for _ in range(0, minutes, every):
        await here.run(60 * every, step=20 * every)
        await here.lookup.waiting()
    await here.run(2)


def test_what_a_wrong_word_left_behind_goes_by_itself_once_the_same_user_is_found_and_taken_again(check):
    async def work(here):
        here.connector.filters = frozenset({"email"})
        await refused(here, of(2, BEN), *(of(number, BEN) for number in (3, 4, 5)))
        here.connector.refuses = set()
        await pass_time(here, 17)
        assert set((await here.states()).values()) == {"delivered"}
        assert here.connector.batches == [["r-2"], ["r-3", "r-4", "r-5"]]

    check(work, order=("email",))


def test_a_list_that_was_read_lately_makes_nobody_unknown_who_was_refused_since(check):
    """They stay who they are until it's asked for again, and what waits for them is tried meanwhile."""

    async def work(here):
        await refused(here, of(2, BEN), of(3, BEN))
        here.connector.refuses, asked = set(), len(here.connector.asked)
        await pass_time(here, 17)
        assert set((await here.states()).values()) == {"delivered"}
        assert len(here.connector.asked) == asked
        here.connector.refuses, here.connector.users = {"u1"}, [user(2)]
        await here.sent(of(4, BEN))
        await pass_time(here, 120)
        assert (await known(here))["ben"].state == AccountState.GONE, "the list lacks them"

    check(work, order=("email",))


def test_who_is_found_but_refused_for_ever_costs_one_result_and_ever_fewer_tries(check):
    async def work(here):
        here.connector.filters = frozenset({"email"})
        await refused(here, *(of(number, BEN) for number in range(2, 40)))
        for most in (9, 2, 2):
            here.connector.batches.clear()
            here.connector.asked.clear()
            await pass_time(here, 24 * 60, every=15)
            assert 0 < len(here.connector.batches) <= most
            assert here.connector.batches == [["r-2"]] * len(here.connector.asked)
        # Once they were taken, a word against them is a new one.
        here.connector.refuses = set()
        await pass_time(here, 24 * 60, every=15)
        assert set((await here.states()).values()) == {"delivered"}
        here.connector.refuses = {"u1"}
        await here.sent(of(40, BEN))
        here.connector.refuses = set()
        await pass_time(here, 17)
        assert (await here.states())["r-40"] == "delivered"

    check(work, order=("email",))


def test_only_501_means_that_content_is_distributed(check):
    async def work(here):
        here.connector.unlisted = nobody_named(None)
        await here.sent(of(1, BEN))
        assert await here.lookup.waiting() == 0
        assert (await here.store.run(context_of, "lms")).lists_users is None
        here.connector.unlisted = RateLimited("slow")
        await here.run(AT_15_MINUTES, step=60)
        with pytest.raises(RateLimited):
            await here.lookup.waiting()
        assert await here.states() == {"r-1": "account"}

    check(work)


def test_where_nobody_is_named_results_go_under_an_id_that_is_made_up_and_lasts(check):
    async def work(here):
        here.connector.unlisted = nobody_named(501)
        await here.sent(of(1, BEN))
        assert await here.lookup.waiting() == 1
        await here.run(2)
        assert await here.sent(of(2, BEN)) == {"r-1": "delivered", "r-2": "delivered"}
        bond = (await known(here))["ben"]
        assert bond.account.anonymous
        assert (await here.store.run(context_of, "lms")).lists_users is False
        here.connector.unlisted, here.connector.users = None, [user(1, email=BEN.email)]
        assert (await here.lookup.all()).changed == ("ben",)
        assert (await known(here))["ben"].user_id == "u1"
        assert (await here.store.run(context_of, "lms")).lists_users is True

    check(work)


def test_what_the_connector_proposes_is_looked_up_before_all_else(check):
    async def work(here):
        here.connector.users = [user(1, username="b.en"), user(2, email=BEN.email)]
        here.connector.proposes = proposal("b.en", "username")
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        assert (await known(here))["ben"].user_id == "u1"

    check(work)


async def signs_in(here, learner, made=None):
    return await here.store.run(expect, "lms", "default", learner, made, here.clock.now())


def expected_anywhere(here):
    return here.store.run(expected_connections)


@pytest.mark.parametrize("by", ["launch", "anonymous"])
def test_who_signs_in_is_looked_up_though_they_have_an_account_that_nobody_vouches_for(check, by):
    async def work(here):
        weak = Finding(learner=BEN, state=AccountState.KNOWN, user_id="u7", matched_by=by)
        await here.store.run(keep, "lms", "default", [weak], here.clock.now())
        assert await signs_in(here, BEN)
        await here.lookup.waiting()
        assert ((await known(here))["ben"].user_id, await expected_anywhere(here)) == ("u7", [])
        here.connector.users = [user(1, email=BEN.email)]
        here.connector.filters = frozenset({"email", "external_id"})
        assert await signs_in(here, BEN)
        await here.lookup.waiting()
        assert (await known(here))["ben"].user_id == "u1"
        assert not await signs_in(here, BEN)

    check(work)


def test_who_could_be_two_is_looked_up_once_for_a_sign_in_and_not_for_ever(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email), user(2, email=BEN.email)]
        here.connector.filters = frozenset({"email"})
        for _ in range(2):
            assert await signs_in(here, BEN)
            await here.lookup.waiting()
            assert await expected_anywhere(here) == []
        assert (await known(here))["ben"].state is AccountState.AMBIGUOUS

    check(work)


def test_an_id_that_was_made_up_stays_when_its_learner_signs_in(check):
    async def work(here):
        here.connector.unlisted = nobody_named(501)
        await here.sent(of(1, BEN))
        await here.lookup.waiting()
        before = (await known(here))["ben"].user_id
        assert await signs_in(here, BEN)
        await here.lookup.waiting()
        assert (await known(here))["ben"].user_id == before
        assert await expected_anywhere(here) == []

    check(work)


def test_what_was_proposed_once_makes_nobody_another_user_later(check):
    """An address that was somebody's at a sign-in may be a colleague's in the next list."""

    async def work(here):
        here.connector.users = [user(1, email="old@example.com")]
        await signs_in(here, BEN, IdentityProposal(user_id="old@example.com", matched_by="email"))
        await here.lookup.waiting()
        assert (await known(here))["ben"].user_id == "u1"
        here.connector.users = [user(1, email="new@example.com"), user(2, email="old@example.com")]
        renamed = attrs.evolve(BEN, email="new@example.com")
        await here.sent(of(1, renamed))
        here.connector.refuses = {"u1"}
        await here.sent(of(2, renamed))
        await here.lookup.all()
        assert (await known(here))["ben"].user_id == "u1"

    check(work)


def test_two_processes_do_not_ask_for_the_same_at_once(check):
    async def work(here):
        here.connector.users = [user(1, email=BEN.email)]
        await here.sent(of(1, BEN))
        answers = await asyncio.gather(here.lookup.waiting(), here.lookup.waiting())
        assert (set(answers), len(here.connector.asked)) == ({None, 1}, 1)

    check(work)
