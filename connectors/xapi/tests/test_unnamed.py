"""What an LRS takes and doesn't name is looked for there, before it counts as delivered."""

import json

import attrs
import pytest

from passback import AlreadyThere, Delivered, Rejected, Score, ServerError, TryLater
from passback_xapi.sandbox import RALPH


@pytest.fixture
def lrs(start):
    return start()


def dropping(lrs, *named):
    """Have the LRS take the next batch, store nothing of it, and name only some."""
    lrs.sandbox.fail(status=200, on="POST", body=json.dumps([each.id for each in named]))


@pytest.mark.parametrize("count", [1, 2, 50])
def test_a_204_from_what_holds_nothing_delivers_nothing(lrs, made, count):
    """A gateway that says 204 to everything is no LRS."""
    lrs.sandbox.fail(status=204, on="POST")
    with pytest.raises(ServerError, match="holds none of the statements that it didn't name"):
        lrs.submit([made(number) for number in range(count)], version="1.0.3")
    assert lrs.count() <= 5


def test_what_was_dropped_is_sent_again_and_in_the_end_a_persons_matter(lrs, made):
    lrs.submit([made(0)])
    dropping(lrs, made(1))
    lost, other, told = lrs.submit([made(2), made(0), made(1)])
    assert (told, other) == (Delivered(3, made(1).id), AlreadyThere(2, made(0).id))
    assert isinstance(lost, TryLater)
    dropping(lrs, made(0))
    _, gone = lrs.submit([made(0), made(2)], attempt=5)
    assert isinstance(gone, Rejected)
    assert "doesn't show it" in gone.reason


def test_what_it_holds_with_another_content_is_not_taken_for_ours(lrs, made):
    lrs.submit([made(1)])
    dropping(lrs, made(2))
    changed = attrs.evolve(made(1), score=Score(scaled=0.1))
    receipt, _ = lrs.submit([changed, made(2)])
    assert isinstance(receipt, Rejected)
    assert "tells something else" in receipt.reason


def test_who_may_only_write_has_the_systems_word(lrs, made):
    dropping(lrs, made(1))
    lrs.sandbox.fail(status=403, on="GET", times=9)
    receipts = lrs.submit([made(1), made(2)], version="1.0.3")
    assert receipts == [Delivered(1, made(1).id), AlreadyThere(2, made(2).id)]


@pytest.mark.parametrize("status", [204, 404, 500])
def test_as_long_as_it_cannot_be_read_for_another_reason_nothing_is_taken_for_delivered(lrs, made, status):
    dropping(lrs, made(1))
    lrs.sandbox.fail(status=status, on="GET", times=9)
    with pytest.raises(ServerError):
        lrs.submit([made(1), made(2)], version="1.0.3")


def test_a_batch_that_had_arrived_costs_one_more_request(start, made):
    lrs = start(RALPH)
    results = [made(number) for number in range(50)]
    lrs.submit(results, version="1.0.3")
    before = lrs.count()
    assert all(isinstance(each, AlreadyThere) for each in lrs.submit(results, attempt=2, version="1.0.3"))
    assert lrs.count() == before + 2
