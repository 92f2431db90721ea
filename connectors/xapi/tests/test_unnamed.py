"""What an LRS takes and doesn't name is looked for there, before it counts as delivered."""

import json

import attrs
import pytest

from passback import AlreadyThere, Delivered, Rejected, Score, ServerError, TryLater
from passback_xapi.sandbox import ADL, RALPH, Behaviour


@pytest.fixture
def lrs(start):
    return start()


def dropping(lrs, *named):
    """Have the LRS take the next batch, store nothing of it, and name only some."""
    lrs.sandbox.fail(status=200, on="POST", body=json.dumps([each.id for each in named]))


@pytest.mark.parametrize("attempt", [1, 2, 5, 50])
@pytest.mark.parametrize("count", [1, 2, 50])
@pytest.mark.parametrize("said", [{"status": 204}, {"status": 200, "body": "[]"}])
def test_what_names_nothing_and_holds_nothing_settles_nothing(lrs, made, said, count, attempt):
    """A gateway that says yes to everything is no LRS, and nothing is rejected on its word."""
    lrs.sandbox.fail(**said, on="POST")
    with pytest.raises(ServerError, match="holds none of the statements that it didn't name"):
        lrs.submit([made(number) for number in range(count)], attempt, version="1.0.3")
    assert lrs.count() <= 5


@pytest.mark.parametrize("attempt", [1, 2, 5, 50])
def test_what_names_some_and_keeps_none_settles_nothing(lrs, made, attempt):
    dropping(lrs, made(0))
    with pytest.raises(ServerError, match="does it keep what it takes"):
        lrs.submit([made(0), made(1)], attempt)


def test_what_was_dropped_is_sent_again_and_in_the_end_a_persons_matter(lrs, made):
    lrs.submit([made(0)])
    dropping(lrs, made(1))
    lost, other, told = lrs.submit([made(2), made(0), made(1)])
    assert (told, other) == (Delivered(3, made(1).id), AlreadyThere(2, made(0).id))
    assert isinstance(lost, TryLater)
    _, lost = lrs.submit_often([made(0), made(2)], 4, lambda: dropping(lrs, made(0)))
    assert isinstance(lost, TryLater)
    _, gone = lrs.submit_often([made(0), made(2)], 5, lambda: dropping(lrs, made(0)))
    assert isinstance(gone, Rejected)
    assert "took it (200)" in gone.reason
    assert "doesn't show it, as it does others" in gone.reason


def test_attempts_in_an_outage_are_no_looks(lrs, made):
    lrs.submit([made(0)])
    dropping(lrs, made(0))
    _, lost = lrs.submit([made(0), made(2)], attempt=9)
    assert isinstance(lost, TryLater)


@pytest.fixture
def looked_for(lrs, made, batched):
    """Have the LRS say 409 to one result, `times` times; return what it gets at last."""

    def last(times, between):
        async def looks(connection):
            for look in range(1, times + 1):
                lrs.sandbox.fail(status=409, on="POST", times=2)
                (receipt,) = await connection.submit_results(batched([made(0)], look))
                await between(connection, look)
            return receipt

        return lrs.ask(looks)

    return last


def test_what_is_refused_as_held_and_never_shown_is_a_persons_matter_while_others_are_taken(
    looked_for, made, batched
):
    async def others(connection, look):
        await connection.submit_results(batched([made(look)]))

    assert isinstance(looked_for(4, others), TryLater)
    gone = looked_for(5, others)
    assert isinstance(gone, Rejected)
    assert "says that it holds a statement of this id already (409)" in gone.reason


def test_what_is_refused_as_held_and_never_shown_is_not_rejected_while_nothing_is_taken(
    lrs, looked_for, made, batched
):
    """What stands before a full LRS may refuse whatever it's sent, and show what that holds."""
    lrs.submit([made(1)])

    async def held(connection, _):
        lrs.sandbox.fail(status=409, on="POST")
        (receipt,) = await connection.submit_results(batched([made(1)]))
        assert isinstance(receipt, AlreadyThere)

    assert isinstance(looked_for(20, held), TryLater)


def test_one_taken_vouches_for_one_look(looked_for, made, batched):
    async def once(connection, look):
        if look == 1:
            await connection.submit_results(batched([made(1)]))

    assert isinstance(looked_for(20, once), TryLater)


@pytest.mark.parametrize("count", [2, 3, 50])
@pytest.mark.parametrize("attempt", [1, 9])
def test_what_refuses_several_as_held_and_shows_none_has_a_fault(lrs, made, count, attempt):
    lrs.submit([made(99)])
    lrs.sandbox.fail(status=409, on="POST", times=999)
    before = lrs.count()
    with pytest.raises(
        ServerError, match="answered 409 to several statements, as if it held them, but it shows none"
    ):
        lrs.submit([made(number) for number in range(count)], attempt)
    assert lrs.count() - before <= 65


def test_what_is_refused_as_held_puts_off_only_itself_where_another_that_was_refused_is_shown(start, made):
    lrs = start(ADL)
    old = made(3)
    lrs.submit([old])
    for begin in (100, 150, 200, 250):
        lrs.submit([made(number) for number in range(begin, begin + 50)])
    # The batch, its first half, and its first statement twice; no sample meets the one that is held.
    lrs.sandbox.fail(status=409, on="POST", times=4)
    receipts = lrs.submit([made(1), made(2), made(4), made(5), old, made(6)])
    assert sorted(type(each).__name__ for each in receipts) == [
        "AlreadyThere",
        *["Delivered"] * 4,
        "TryLater",
    ]


def test_what_arrived_long_ago_is_found_behind_what_is_gone(start, made):
    lrs = start(RALPH)
    old = [made(number) for number in range(3, 8)]
    for begin in (3, 100, 150, 200):
        lrs.submit([made(number) for number in range(begin, begin + 50)], version="1.0.3")
    lrs.sandbox.fail(status=200, on="POST", body=json.dumps([made(249).id]))
    gone = [made(number) for number in range(300, 303)]
    receipts = lrs.submit([made(249), *gone, *old], version="1.0.3")
    assert [type(each) for each in receipts] == [Delivered, *[TryLater] * 3, *[AlreadyThere] * 5]


def test_what_it_holds_with_another_content_is_not_taken_for_ours(lrs, made):
    lrs.submit([made(1)])
    dropping(lrs, made(2))
    changed = attrs.evolve(made(1), score=Score(scaled=0.1))
    receipt, _ = lrs.submit([changed, made(2)])
    assert isinstance(receipt, Rejected)
    assert "tells something else" in receipt.reason


def test_who_may_only_write_has_the_word_of_what_names_others(lrs, made):
    dropping(lrs, made(1))
    lrs.sandbox.fail(status=403, on="GET", times=9)
    receipts = lrs.submit([made(1), made(2)], version="1.0.3")
    assert receipts == [Delivered(1, made(1).id), AlreadyThere(2, made(2).id)]


@pytest.mark.parametrize("forbidden", [401, 403])
@pytest.mark.parametrize("said", [{"status": 204}, {"status": 200, "body": "[]"}])
@pytest.mark.parametrize("before", [(), (0, 1)])
def test_what_names_nothing_and_may_not_be_read_has_no_word(lrs, made, batched, said, forbidden, before):
    """A gateway before the LRS says so, whatever the LRS itself named when it was reached."""

    async def in_a_phase(connection):
        if before:
            await connection.submit_results(batched([made(number) for number in before]))
        lrs.sandbox.fail(**said, on="POST")
        lrs.sandbox.fail(status=forbidden, on="GET", times=9)
        return await connection.submit_results(batched([made(2), made(3)]))

    with pytest.raises(
        ServerError, match="let the credentials read the statements that they wrote"
    ) as failure:
        lrs.ask(in_a_phase, version="1.0.3")
    assert failure.value.status == forbidden
    assert f"answered {said['status']} and named no statement" in str(failure.value)
    assert f"GET /xapi/statements answered {forbidden}" in str(failure.value)


@pytest.mark.parametrize("status", [204, 404, 500])
def test_as_long_as_it_cannot_be_read_for_another_reason_nothing_is_taken_for_delivered(lrs, made, status):
    dropping(lrs, made(1))
    lrs.sandbox.fail(status=status, on="GET", times=9)
    with pytest.raises(ServerError):
        lrs.submit([made(1), made(2)], version="1.0.3")


@pytest.mark.parametrize("behaviour", [RALPH, Behaviour(resend="new-ids")], ids=["ralph", "new-ids"])
def test_a_batch_that_had_arrived_costs_one_more_request(start, made, behaviour):
    lrs = start(behaviour)
    results = [made(number) for number in range(50)]
    lrs.submit(results, version="1.0.3")
    before = lrs.count()
    assert all(isinstance(each, AlreadyThere) for each in lrs.submit(results, attempt=2, version="1.0.3"))
    assert lrs.count() == before + 2
