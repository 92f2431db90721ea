"""Who is which user: by one key after the other, and never guessed between two."""

import asyncio

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import ANA, BEN, Peopled, user
from scripted import START, NoOptions

from passback import HTTP, Connection, Learner, SystemClock, UserQuery
from passback.identity import AccountState, Bond, Index, compare, named
from passback.identity.matching import ORDER


def found(users, keys, learner=ANA):
    return Index(users).find(learner, keys)


def test_the_first_key_that_anybody_has_decides():
    users = [user(1, email="ana@example.com"), user(2, external_id="E-1")]
    finding = found(users, {"external_id": "E-1", "email": "ana@example.com"})
    assert (finding.user_id, finding.matched_by) == ("u2", "external_id")
    finding = found(users, {"username": "ana", "email": "ana@example.com"})
    assert (finding.user_id, finding.matched_by) == ("u1", "email")


def test_an_address_is_the_same_however_it_is_written_and_an_id_is_not():
    users = [user(1, email=" ANA@Example.com ", external_id="e-1")]
    assert found(users, {"email": "ana@example.COM"}).user_id == "u1"
    assert found(users, {"external_id": "E-1"}).state is AccountState.UNKNOWN


def test_between_two_nobody_is_chosen_and_both_are_named():
    finding = found([user(2, email="a@b.c"), user(1, email="a@b.c")], {"email": "a@b.c", "id": "u1"})
    assert (finding.state, finding.user_id, finding.candidates) == (
        AccountState.AMBIGUOUS,
        None,
        ("u1", "u2"),
    )


def test_who_left_is_not_taken_for_who_is_there():
    users = [user(1, email="a@b.c", active=False), user(2, email="a@b.c")]
    assert found(users, {"email": "a@b.c"}).user_id == "u2"
    assert found(users[:1], {"email": "a@b.c"}).user_id == "u1"


def test_a_user_who_is_listed_on_two_pages_is_one():
    assert found([user(1, email="a@b.c")] * 2, {"email": "a@b.c"}).state is AccountState.KNOWN


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=12), st.integers(0, 3))
def test_whoever_is_found_has_the_key_and_is_the_only_one(people, wanted):
    users = [user(number, email=f"{box}@b.c") for number, box in dict(people).items()]
    finding = found(users, {"email": f"{wanted}@b.c"})
    those = {each.id for each in users if each.email == f"{wanted}@b.c"}
    assert ({finding.user_id} if finding.user_id else set(finding.candidates)) == those


def bond(learner, user_id, by="email"):
    return Bond(
        connection="lms", learner=learner, organisation="default", state=AccountState.KNOWN, user_id=user_id,
        matched_by=by, candidates=(), checked=START, since=START,
    )  # fmt: skip


def compared(users, learners, bonds):
    clock = SystemClock()
    connection = Connection("lms", Peopled, NoOptions(), HTTP(clock=clock), clock)
    known = {each.learner.id: each for each in bonds}
    findings, report = compare(connection, Index(users), known, learners, ORDER)
    return {each.learner.id: each for each in findings}, report


def test_an_address_that_changes_over_there_costs_no_account():
    findings, report = compared([user(1, email="new@b.c")], [BEN], [bond(BEN, "u1")])
    assert (findings["ben"].state, findings["ben"].user_id) == (AccountState.KNOWN, "u1")
    assert report.gone == report.changed == ()


def test_an_address_that_is_given_to_another_user_over_there_moves_nobody():
    users = [user(1, email="new@b.c"), user(2, email=BEN.email)]
    findings, _ = compared(users, [BEN], [bond(BEN, "u1")])
    assert findings["ben"].user_id == "u1"


def test_a_learner_whom_the_host_corrects_is_matched_anew():
    corrected = attrs.evolve(BEN, email="right@b.c")
    users = [user(1, email=BEN.email), user(2, email="right@b.c")]
    findings, report = compared(users, [corrected], [bond(BEN, "u1")])
    assert (findings["ben"].user_id, report.changed) == ("u2", ("ben",))


def test_a_user_who_is_not_listed_any_longer_is_gone():
    findings, report = compared([user(7)], [BEN], [bond(BEN, "u1")])
    assert (findings["ben"].state, findings["ben"].user_id) == (AccountState.GONE, "u1")
    assert (report.gone, report.users) == (("ben",), 1)


@pytest.mark.parametrize("matched_by", ["email", "person"])
def test_a_list_of_nobody_says_of_nobody_that_they_are_gone(matched_by):
    known = attrs.evolve(bond(BEN, "u1"), matched_by=matched_by)
    findings, report = compared([], [ANA, BEN], [known])
    assert (findings["ben"].state, findings["ben"].user_id) == (AccountState.KNOWN, "u1")
    assert (report.gone, report.unknown, report.users) == ((), ("ana",), 0)


def test_a_system_that_lists_more_than_was_asked_for_is_shown_as_far_as_it_matches():
    """Paging connectors that can't filter yield everybody, and whoever asked for one isn't shown all."""

    async def everybody():
        for each in (user(1, email=" ANA@b.c", external_id="E-1"), user(2, email="ana@b.c"), user(3)):
            yield each

    async def shown(**query):
        return [each.id async for each in named(everybody(), UserQuery(**query))]

    assert asyncio.run(shown()) == ["u1", "u2", "u3"]
    assert asyncio.run(shown(email="ana@b.c")) == ["u1", "u2"]
    assert asyncio.run(shown(email="ana@b.c", external_id="e-1")) == ["u1"]


def test_a_report_says_what_is_new_unclear_and_unknown():
    users = [user(1, external_id="E-1"), user(2, email="x@b.c"), user(3, email="x@b.c")]
    _, report = compared(users, [ANA, Learner(id="x", email="x@b.c"), BEN], [])
    assert (report.new, report.ambiguous, report.unknown) == (("ana",), ("x",), ("ben",))
