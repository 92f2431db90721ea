"""How one bad apple is found, and when nothing may be condemned."""

import asyncio
import math

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import START, NoOptions, Scripted, SimulatedClock, deliver_all, result

from passback import (
    Account,
    ActivityUnknown,
    Batch,
    BatchRefused,
    BatchTooLarge,
    CannotConnect,
    Connection,
    ContractError,
    CutShort,
    Delivered,
    Delivery,
    Learner,
    Rejected,
    ServerError,
    SystemClock,
    TryLater,
    UserUnknown,
)
from passback.delivery.lanes.sending import send
from passback.http import HTTP

ANA = Learner(id="ana@example.com")


def sending(behaviour, count=0, healthy=lambda: None, results=(), *, account=None, tried=()):
    async def run():
        clock = SystemClock()
        connection = Connection("lms", Scripted, NoOptions(), HTTP(clock=clock), clock)
        connection.connector.behaviour = behaviour
        connection.connector.healthy = healthy
        given = results or [result(number) for number in range(count)]
        numbered = enumerate(given)
        deliveries = [Delivery(id=number, result=each, account=account) for number, each in numbered]
        return await send(connection, Batch(deliveries=tuple(deliveries)), 10, tried), connection.connector

    return asyncio.run(run())


def refusing(bad):
    def behave(batch):
        if any(each.id in bad for each in batch.deliveries):
            raise BatchRefused("400: the third field is wrong")
        return deliver_all(batch)

    return behave


@given(
    st.integers(1, 70).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.integers(0, count - 1))))
)
@settings(max_examples=60, deadline=None)
def test_exactly_the_bad_results_of_a_refused_batch_are_rejected(case):
    count, bad = case
    sent, _ = sending(refusing(bad), count)
    assert {each.delivery for each in sent.receipts if isinstance(each, Rejected)} == bad
    assert {each.delivery for each in sent.receipts if isinstance(each, Delivered)} == set(range(count)) - bad
    assert sent.failure is None


@pytest.mark.parametrize("count", [2, 50, 64, 100])
def test_one_bad_result_costs_few_extra_requests(count):
    _, connector = sending(refusing({count - 1}), count)
    assert len(connector.batches) <= 1 + 2 * math.ceil(math.log2(count))


def test_the_others_of_a_refused_batch_keep_their_order():
    _, connector = sending(refusing({7}), 20)
    assert connector.arrived == [f"r-{number}" for number in range(20) if number != 7]


def test_a_batch_that_is_too_large_is_split_and_the_size_that_fits_is_remembered():
    sent, connector = sending(too_large(most=12), 50)
    assert len(connector.arrived) == 50
    assert sent.fits == 12


def too_large(huge=(), most=99):
    """Refuse what is in `huge`, and more than `most` at once."""

    def behave(batch):
        if len(batch.deliveries) > most or any(each.id in huge for each in batch.deliveries):
            raise BatchTooLarge("413")
        return deliver_all(batch)

    return behave


@pytest.mark.parametrize("huge", [{0}, {7, 31}, set(range(50))])
def test_a_result_that_is_too_large_by_itself_says_nothing_of_how_many_fit(huge):
    sent, _ = sending(too_large(huge), 50)
    assert {each.delivery for each in sent.receipts if isinstance(each, Rejected)} == huge
    assert sent.fits is None


def test_the_size_that_fits_is_learned_beside_a_result_that_is_too_large_by_itself():
    sent, _ = sending(too_large({3}, most=12), 50)
    assert sent.fits == 12


def test_where_the_connection_fails_before_anything_passes_nobody_knows_what_fits():
    def fail(batch):
        raise BatchTooLarge("413") if len(batch.deliveries) > 5 else CannotConnect("gone")

    sent, _ = sending(fail, 50)
    assert (sent.fits, str(sent.failure)) == (None, "gone")


def of_ana_around(number):
    """Return results of others, and of one learner before and after the one with this `number`."""
    others = [result(each) for each in range(2 * number)]
    first, last = (attrs.evolve(others[each], learner=ANA) for each in (0, -1))
    return [first, *others[1:-1], last]


@pytest.mark.parametrize("refusal", [BatchRefused, BatchTooLarge])
@pytest.mark.parametrize("failure", [None, CannotConnect("cut")])
def test_no_part_of_a_refused_batch_overtakes_what_an_earlier_part_put_off(refusal, failure):
    """It isn't sent, which is no failure; what others did is sent all the same."""

    def busy(batch):
        ids = [each.id for each in batch.deliveries]
        if len(ids) == 8:
            raise refusal("one of them")
        if failure and 4 in ids:
            raise failure
        later = TryLater(0, SystemClock().now(), "busy")
        return [later if each.delivery == 0 else each for each in deliver_all(batch)]

    sent, connector = sending(busy, results=of_ana_around(4))
    assert connector.batches[1:] == [["r-0", "r-1", "r-2", "r-3"], ["r-4", "r-5", "r-6"]]
    assert [each.delivery for each in sent.receipts] == [0, 1, 2, 3] + ([] if failure else [4, 5, 6])
    assert (sent.failure, sent.unsent) == (failure, {7})


def test_what_one_did_in_another_activity_is_no_reason_to_hold_a_result_back():
    """Nor is what somebody of another organisation did who has the same id."""
    first, *others = of_ana_around(4)
    activity = attrs.evolve(first.activity, id="https://example.com/other")
    others[-2:] = [attrs.evolve(first, activity=activity), attrs.evolve(first, organisation="other")]

    def busy(batch):
        if len(batch.deliveries) == 8:
            raise BatchRefused("one of them")
        later = TryLater(0, SystemClock().now(), "busy")
        return [later if each.delivery == 0 else each for each in deliver_all(batch)]

    sent, _ = sending(busy, results=[first, *others])
    assert len(sent.receipts) == 8


def test_nothing_is_condemned_by_a_system_that_fails_its_own_check():
    """Some answer 400 to everything while the credentials are wrong."""

    def wrong_secret():
        raise ServerError("check the secret", status=401)

    sent, _ = sending(refusing({0, 1, 2}), 3, healthy=wrong_secret)
    assert sent.receipts == []
    assert "check the secret" in str(sent.failure)


def test_nothing_is_condemned_by_receipts_of_a_system_that_fails_its_own_check():
    def unhealthy():
        raise ServerError("401: wrong key", status=401)

    def reject(batch):
        return [Rejected(each.id, "400: no such account") for each in batch.deliveries]

    sent, _ = sending(reject, 2, unhealthy)
    assert (sent.receipts, str(sent.failure)) == ([], "401: wrong key")
    assert [each.delivery for each in sent.doubted] == [0, 1]
    sent, _ = sending(reject, 2)
    assert [each.reason for each in sent.receipts] == ["400: no such account"] * 2

    def one(batch):
        return [Rejected(0, "400"), *deliver_all(batch)[1:]]

    sent, _ = sending(one, 2, unhealthy)
    assert len(sent.receipts) == 2, "a system that takes others is believed"
    assert sent.failure is None


def wrong_address():
    raise ServerError("404: there is nothing at this address", status=404)


def answering(receipt, but=()):
    """Answer `receipt` to all but those results that are taken."""

    def behave(batch):
        return [
            Delivered(each.id) if each.id in but else receipt(each.id, "404: not found")
            for each in batch.deliveries
        ]

    return behave


USER = Account(user_id="u-1", matched_by="email", checked=START)


@pytest.mark.parametrize("receipt", [UserUnknown, ActivityUnknown])
def test_what_a_system_says_of_learners_and_activities_while_it_fails_its_own_check_is_an_outage(receipt):
    """A gateway answers 404 to everything while the system behind it is away."""
    sent, _ = sending(answering(receipt), 3, wrong_address, account=USER)
    assert (sent.receipts, str(sent.failure)) == ([], "404: there is nothing at this address")
    assert [each.delivery for each in sent.doubted] == [0, 1, 2]
    sent, _ = sending(answering(receipt), 3, account=USER)
    assert (len(sent.receipts), sent.failure) == (3, None), "a system that is well is believed"
    sent, _ = sending(answering(receipt, but={1}), 3, wrong_address, account=USER)
    assert (len(sent.receipts), sent.failure) == (3, None), "so is one that takes others"


def test_what_a_system_says_of_learners_before_it_fails_is_an_outage():
    def cut(batch):
        raise CutShort(answering(UserUnknown)(batch)[:2], ServerError("503"), unsent=[2])

    sent, _ = sending(cut, 3, account=USER)
    assert (sent.receipts, [each.delivery for each in sent.doubted]) == ([], [0, 1])


def test_that_nobody_is_known_to_be_a_learner_is_the_connectors_word_unless_it_asked():
    """Else what waits for its first look-up would wait for a system that fails its check for good."""
    sent, _ = sending(answering(UserUnknown), 2, wrong_address)
    assert (len(sent.receipts), sent.failure) == (2, None)
    sent, _ = sending(answering(UserUnknown), 2, wrong_address, tried=["POST /results → 404"])
    assert (sent.receipts, len(sent.doubted)) == ([], 2)


def test_thousands_of_learners_who_are_gone_cost_one_check_a_minute():
    checks = []

    async def run():
        clock = SimulatedClock()
        lms = Connection("lms", Scripted, NoOptions(), HTTP(clock=clock), clock)
        lms.connector.behaviour, lms.connector.healthy = answering(UserUnknown), lambda: checks.append(1)
        for number in range(120):
            gone = Delivery(id=number, result=result(number), account=USER)
            sent = await send(lms, Batch(deliveries=(gone,)), 10)
            assert len(sent.receipts) == 1
            clock.advance(1)
        assert len(checks) == 2
        lms.connector.behaviour = answering(Rejected)
        await send(lms, Batch(deliveries=(gone,)), 10)
        await send(lms, Batch(deliveries=(gone,)), 10)
        assert len(checks) == 4, "a rejection is final, and costs one each"

    asyncio.run(run())


def test_what_a_connection_answered_before_it_failed_counts():
    down = ServerError("503: gone home", status=503)

    def fail_at_the_third(batch):
        raise CutShort(deliver_all(batch)[:2], down, unsent=[3, 99])

    sent, _ = sending(fail_at_the_third, 4)
    assert [each.delivery for each in sent.receipts] == [0, 1]
    assert (sent.failure, sent.unsent) == (down, {3})


@pytest.mark.parametrize(
    "answer",
    [
        lambda batch: CutShort(deliver_all(batch), BatchRefused("not one of them")),
        lambda batch: CutShort(deliver_all(batch) * 2, ServerError("twice")),
        lambda _: CutShort(None, ServerError("none")),
        lambda _: CutShort([Delivered(77)], ServerError("another's")),
    ],
)
def test_what_is_cut_short_and_does_not_fit_is_a_defect_of_the_connector(answer):
    def cut(batch):
        raise answer(batch)

    sent, _ = sending(cut, 2)
    assert not sent.receipts
    assert isinstance(sent.failure, ContractError)


def test_a_cut_in_the_middle_keeps_the_receipts_of_what_arrived():
    def half(batch):
        ids = [each.id for each in batch.deliveries]
        if len(ids) == 8:
            raise BatchRefused("400")
        if ids[0] == 4:
            raise CannotConnect("cut")
        return deliver_all(batch)

    sent, _ = sending(half, 8)
    assert [each.delivery for each in sent.receipts] == [0, 1, 2, 3]
    assert isinstance(sent.failure, CannotConnect)
