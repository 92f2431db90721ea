"""The other way round: a user of a system is the learner who has that account, if exactly one has."""

import asyncio

from people import ANA, BEN, village
from scripted import START

from passback.identity import AccountState, Finding, keep, learners_of


def finding(learner, user, state=AccountState.KNOWN):
    return Finding(learner=learner, state=state, user_id=user, matched_by="email")


def named(place, findings, users, connection="lms", organisation="default"):
    """Return whom `users` are after `findings`."""

    async def run():
        async with village(place) as here:
            await here.store.run(keep, "lms", "default", findings, START)
            return await here.store.run(learners_of, connection, organisation, users)

    return asyncio.run(run())


def test_a_user_is_the_learner_who_has_that_account(place):
    findings = [finding(ANA, "7"), finding(BEN, "8")]
    assert named(place, findings, {"7", "9"}) == {"7": ANA}


def test_an_account_counts_at_its_own_connection_and_organisation_alone(place):
    assert named(place, [finding(ANA, "7")], {"7"}, connection="other") == {}
    assert named(place, [finding(ANA, "7")], {"7"}, organisation="other") == {}


def test_a_user_who_may_be_two_learners_is_nobody(place):
    assert named(place, [finding(ANA, "7"), finding(BEN, "7")], {"7"}) == {}


def test_an_account_that_is_gone_names_nobody(place):
    assert named(place, [finding(ANA, "7", AccountState.GONE)], {"7"}) == {}


def test_many_users_are_asked_for_at_once(place):
    assert named(place, [finding(ANA, "7")], {str(number) for number in range(1200)}) == {"7": ANA}
