"""How one bad apple is found, and when nothing may be condemned."""

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import NoOptions, Scripted, deliver_all, result

from passback import (
    Batch,
    BatchRefused,
    BatchTooLarge,
    CannotConnect,
    Connection,
    ContractError,
    CutShort,
    Delivered,
    Delivery,
    Rejected,
    ServerError,
    SystemClock,
)
from passback.delivery.lanes.sending import send
from passback.http import HTTP


def sending(behaviour, count, healthy=lambda: None):
    async def run():
        clock = SystemClock()
        connection = Connection("lms", Scripted, NoOptions(), HTTP(clock=clock), clock)
        connection.connector.behaviour = behaviour
        connection.connector.healthy = healthy
        deliveries = [Delivery(id=number, result=result(number)) for number in range(count)]
        return await send(connection, Batch(deliveries=tuple(deliveries)), 10), connection.connector

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
    def small_only(batch):
        if len(batch.deliveries) > 12:
            raise BatchTooLarge("413")
        return deliver_all(batch)

    sent, connector = sending(small_only, 50)
    assert len(connector.arrived) == 50
    assert sent.fits == 12


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
    sent, _ = sending(reject, 2)
    assert [each.reason for each in sent.receipts] == ["400: no such account"] * 2

    def one(batch):
        return [Rejected(0, "400"), *deliver_all(batch)[1:]]

    sent, _ = sending(one, 2, unhealthy)
    assert len(sent.receipts) == 2, "a system that takes others is believed"
    assert sent.failure is None


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
