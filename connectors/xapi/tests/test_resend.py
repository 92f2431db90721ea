"""A result that is sent again is stored once, whatever an LRS makes of it, and with few requests."""

import json

import attrs
import pytest

from passback import AlreadyThere, CannotConnect, Delivered, Rejected, Score, ServerError
from passback_xapi.sandbox import ADL, LEARNING_LOCKER, POSTGRES_LRS, RALPH, Behaviour

PRESETS = {
    "ralph": RALPH,
    "learning-locker": LEARNING_LOCKER,
    "postgres-lrs": POSTGRES_LRS,
    "adl": ADL,
    "names-only-new": Behaviour(resend="new-ids"),
}


@pytest.fixture(params=PRESETS)
def lrs(request, start):
    return start(PRESETS[request.param])


def settled(receipts):
    return all(isinstance(receipt, Delivered | AlreadyThere) for receipt in receipts)


def requests_of(lrs, action):
    before = lrs.count()
    answer = action()
    return answer, lrs.count() - before


def test_a_batch_that_had_arrived_is_settled_in_at_most_3_requests(lrs, made):
    results = [made(n) for n in range(50)]
    assert lrs.submit(results) == [Delivered(n, result.id) for n, result in enumerate(results, 1)]
    held = lrs.held()
    again, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert settled(again)
    assert [receipt.remote_id for receipt in again] == [result.id for result in results]
    assert requests <= 3
    assert lrs.held() == held


def test_of_a_batch_that_had_arrived_by_half_the_other_half_is_stored(lrs, made):
    results = [made(n) for n in range(50)]
    lrs.submit(results[::2])
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert settled(receipts)
    assert requests <= 3
    assert len(lrs.sandbox.statements) == len(lrs.held()) == 50


@pytest.mark.parametrize("place", [0, 17, 49])
def test_one_in_conflict_is_rejected_alone_and_says_what_differs(lrs, made, place):
    results = [made(n) for n in range(50)]
    lrs.submit([attrs.evolve(results[place], score=Score(raw=1))])
    held = lrs.sandbox.statements[0]
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    rejected = [receipt for receipt in receipts if isinstance(receipt, Rejected)]
    assert [receipt.delivery for receipt in rejected] == [place + 1]
    assert "the outcome differs" in rejected[0].reason
    assert settled(receipt for receipt in receipts if receipt not in rejected)
    assert requests <= 4
    assert len(lrs.held()) == 50
    assert lrs.sandbox.statements[0] == held


def strangers(made, count=200):
    return [made(10_000 + n) for n in range(count)]


def hold_long_ago(lrs, made, results):
    lrs.submit(results)
    others = strangers(made)
    for begin in range(0, len(others), 50):
        lrs.submit(others[begin : begin + 50])


def test_what_arrived_long_ago_is_settled_in_less_than_60_requests(lrs, made):
    results = [made(n) for n in range(50)]
    hold_long_ago(lrs, made, results)
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert settled(receipts)
    assert requests < 60
    assert len(lrs.sandbox.statements) == len(lrs.held()) == 250


@pytest.mark.parametrize("place", [1, 25, 48])
def test_a_conflict_with_what_arrived_long_ago_is_found_in_less_than_60_requests(lrs, made, place):
    results = [made(n) for n in range(50)]
    hold_long_ago(lrs, made, [attrs.evolve(results[place], score=Score(raw=1))])
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert [each.delivery for each in receipts if isinstance(each, Rejected)] == [place + 1]
    assert sum(map(settled, ([each] for each in receipts))) == 49
    assert requests < 60
    assert len(lrs.held()) == 250


def test_one_that_arrived_long_ago_is_found_among_50_in_13_requests_where_no_sample_meets_it(lrs, made):
    results = [made(n) for n in range(50)]
    hold_long_ago(lrs, made, [results[31]])
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert settled(receipts)
    assert requests <= 13


def test_every_second_of_a_batch_that_arrived_long_ago_is_stored_in_60_requests(lrs, made):
    results = [made(n) for n in range(50)]
    hold_long_ago(lrs, made, [each for n, each in enumerate(results) if n % 2 and n not in (25, 49)])
    receipts, requests = requests_of(lrs, lambda: lrs.submit(results))
    assert settled(receipts)
    assert len(lrs.sandbox.statements) == len(lrs.held()) == 250
    assert requests <= 60


@pytest.mark.parametrize("there", [*([place] for place in range(8)), [1, 2], [1, 5], [2, 5, 6], [5, 6]])
def test_a_learners_results_are_stored_in_their_order_wherever_the_lrs_holds_one_of_them(lrs, made, there):
    results = [made(n, activity=made().activity, learner=made().learner) for n in range(8)]
    hold_long_ago(lrs, made, [results[place] for place in there])
    before = len(lrs.sandbox.statements)
    assert settled(lrs.submit(results))
    arrived = [each["id"] for each in lrs.sandbox.statements[before:]]
    assert arrived == [each.id for place, each in enumerate(results) if place not in there]


def test_a_reply_lost_in_the_middle_is_made_up_for(lrs, made):
    """The answer to the second of three batches is cut off after the LRS took it."""
    parts = [[made(n) for n in range(begin, begin + 50)] for begin in (0, 50, 100)]
    assert settled(lrs.submit(parts[0]))
    # On both the connection from the pool and the new one that is tried at once.
    lrs.sandbox.cut_after(times=2, on="POST")
    with pytest.raises(CannotConnect):
        lrs.submit(parts[1])
    receipts, requests = requests_of(lrs, lambda: lrs.submit(parts[1]))
    assert settled(receipts)
    assert requests <= 3
    assert settled(lrs.submit(parts[2]))
    assert [each["id"] for each in lrs.sandbox.statements] == [each.id for part in parts for each in part]


def test_a_reply_lost_once_on_a_connection_of_the_pool_needs_nobody(lrs, made):
    results = [made(n) for n in range(50)]
    lrs.sandbox.cut_after(on="POST")
    receipts = lrs.submit(results)  # the question for the version opened the connection
    assert settled(receipts)
    assert len(lrs.sandbox.statements) == len(lrs.held()) == 50


def test_ids_that_are_one_statement_id_are_one_statement(lrs, made):
    """Host ids that differ only in case are the same UUID, which no request may hold twice."""
    low = made(1)
    receipts = lrs.submit([low, attrs.evolve(low, id=low.id.upper()), made(2)])
    assert settled(receipts)
    assert len(lrs.sandbox.statements) == 2


ANOTHER = {"id": "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11", "verb": {"id": "https://verbs.example.com/read"}}


@pytest.mark.parametrize("answer", [ANOTHER, {"statements": [ANOTHER]}, {}, [], None, "it"])
def test_another_statement_than_the_one_asked_for_rejects_nothing(start, made, answer):
    """What drops the query on the way answers with the newest statements, whoever wrote them."""
    lrs = start(ADL)
    lrs.submit([made()])
    lrs.sandbox.fail(status=200, on="GET", body=json.dumps(answer))
    with pytest.raises(ServerError, match="something else than the statement that was asked for"):
        lrs.submit([made()], version="1.0.3")


@pytest.mark.parametrize("write", [str.lower, str.upper])
def test_the_one_asked_for_is_found_among_others_however_its_id_is_written(start, made, write):
    lrs = start(ADL)
    lrs.submit([made()])
    held = lrs.sandbox.statements[0] | {"id": write(made().id)}
    lrs.sandbox.fail(status=200, on="GET", body=json.dumps({"statements": [ANOTHER, held]}))
    assert lrs.submit([made()], version="1.0.3") == [AlreadyThere(1, made().id)]
