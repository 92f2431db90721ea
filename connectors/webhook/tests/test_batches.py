"""Several results in one request: each its own receipt where the answer tells, else all or nothing."""

import json

import attrs
import pytest

from passback import (
    AlreadyThere,
    BatchRefused,
    BatchTooLarge,
    CutShort,
    Delivered,
    Rejected,
    ServerError,
    TryLater,
)
from passback_webhook.sandbox import Behaviour

EACH = {"results": "body.results", "id": "id", "success": "ok", "reason": "error", "remote_id": "number"}


@pytest.fixture
def api(start):
    return start(Behaviour(auth="none", batches=True))


def test_what_goes_together_is_one_request(api, made):
    receipts = api.submit([made(n) for n in range(3)], array={})
    assert receipts == [Delivered(n + 1, f"r-{n}") for n in range(3)]
    assert len(api.seen()) == 1
    assert len(api.sandbox.messages) == 3


def test_one_alone_is_an_array_too(api, made):
    api.submit([made()], array={})
    assert len(json.loads(api.seen()[0].body)) == 1


def test_each_gets_its_own_receipt_where_the_answer_tells(api, made):
    # The sandbox wants text for whom it's about.
    bodies = {"user": 'pick(`{"u-1": 7}`, user) || user'}
    body = {"event": "event", "id": "id", "sent_at": "now", "activity": "activity.id"} | bodies
    receipts = api.submit(
        [made(n) for n in range(3)],
        array=EACH,
        message={"body": body | {"last_activity": "last_activity"}},
    )
    assert receipts == [Delivered(1, "m-1"), Rejected(2, "user: is no string"), Delivered(3, "m-2")]


def test_results_can_be_told_by_their_order(api, made):
    api.sandbox.fail(status=207, body='{"results": [{"ok": true}, {"ok": false, "error": "no"}]}')
    by_order = {name: text for name, text in EACH.items() if name != "id"}
    receipts = api.submit([made(0), made(1)], array=by_order)
    assert receipts == [Delivered(1, "r-0"), Rejected(2, "no")]


def test_what_the_answer_leaves_out_is_tried_again(api, made):
    api.sandbox.fail(status=200, body='{"results": [{"id": "r-1", "ok": true}, {"id": "other", "ok": true}]}')
    first, second = api.submit([made(0), made(1)], array=EACH)
    assert type(first) is TryLater
    assert second == Delivered(2, "r-1")


def test_a_refusal_of_some_that_tells_of_each_isnt_one_of_all(api, made):
    api.sandbox.fail(
        status=422, body='{"results": [{"id": "r-0", "ok": true}, {"id": "r-1", "ok": false, "error": "x"}]}'
    )
    assert api.submit([made(0), made(1)], array=EACH) == [Delivered(1, "r-0"), Rejected(2, "x")]


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize("array", [{}, EACH])
def test_a_refusal_of_all_has_the_core_send_the_halves(api, made, status, array):
    api.sandbox.fail(status=status, times=9, body='{"error": "one is bad"}')
    with pytest.raises(BatchRefused, match="one is bad"):
        api.submit([made(0), made(1)], array=array)
    (alone,) = api.submit([made(0)], array=array)
    assert type(alone) is Rejected


def test_what_is_too_large_together_has_the_core_send_the_halves(api, made):
    api.sandbox.fail(status=413)
    with pytest.raises(BatchTooLarge):
        api.submit([made(0), made(1)], array={})


@pytest.mark.parametrize("answer", [{"already_there": [409]}, {"verdict": "body.verdict"}])
@pytest.mark.parametrize("array", [{}, EACH])
def test_one_that_was_there_before_doesnt_deliver_those_that_were_sent_with_it(api, made, array, answer):
    api.sandbox.fail(status=409, times=9, body='{"verdict": "already_there"}')
    with pytest.raises(BatchRefused, match="answered 409"):
        api.submit([made(0), made(1)], array=array, answer=answer)
    assert api.submit([made(0)], array=array, answer=answer) == [AlreadyThere(1, "r-0")]


def test_an_error_inside_200_refuses_all_of_them(api, made):
    api.sandbox.fail(status=200, body='{"ok": false, "error": "no"}')
    with pytest.raises(BatchRefused, match="no"):
        api.submit([made(0), made(1)], array={}, answer={"success": "body.ok", "reason": "body.error"})


BY_PLACE = {"results": "body.results", "success": "status == 'stored'"}
BY_ID = BY_PLACE | {"id": "id"}
BY_VERDICT = {"results": "body.results", "id": "id", "verdict": 'pick(`{"S": "delivered"}`, code)'}


@pytest.mark.parametrize(
    ("array", "body", "found"),
    [
        (BY_PLACE, "", "no list"),
        (BY_PLACE, '{"error": "database overloaded, nothing stored"}', "no list"),
        (BY_ID, '{"error": "database overloaded, nothing stored"}', "no list"),
        (BY_ID, '{"results": null, "errors": ["all 3 failed"]}', "no list"),
        (BY_ID, '{"results": []}', "a list of 0"),
        (BY_ID, '{"results": [{"id": "other", "status": "stored"}]}', "a list of 1"),
        (BY_PLACE, '{"results": [{"status": "refused"}]}', "a list of 1"),
        (BY_PLACE, '{"results": [{"status": "stored"}]}', "a list of 1"),
        (BY_VERDICT, '{"results": [{"id": "r-0", "code": "E7"}, {"id": "r-1"}]}', "a list of 2"),
    ],
)
@pytest.mark.parametrize("status", [200, 202])
def test_an_answer_that_says_what_became_of_none_delivers_none(api, made, status, array, body, found):
    api.sandbox.fail(status=status, body=body)
    with pytest.raises(ServerError, match=rf"array\.results finds {found}.*nothing counts as delivered"):
        api.submit([made(n) for n in range(3)], array=array)


def test_one_alone_isnt_delivered_either_where_nothing_says_so(api, made):
    api.sandbox.fail(status=200, body="{}")
    with pytest.raises(ServerError, match="finds no list"):
        api.submit([made()], array=BY_ID)


@pytest.mark.parametrize(
    "answer", [{"success": "body.ok"}, {"verdict": 'pick(`{"1": "delivered"}`, body.ok)'}]
)
def test_an_answer_without_a_list_can_say_itself_that_all_arrived(api, made, answer):
    api.sandbox.fail(status=200, body='{"ok": "1"}')
    receipts = api.submit([made(0), made(1)], array=BY_ID, answer=answer)
    assert [type(each) for each in receipts] == [Delivered, Delivered]


def test_no_status_stands_in_for_a_verdict_that_the_answer_doesnt_give(api, made):
    api.sandbox.fail(status=200, body='{"ok": "2"}')
    with pytest.raises(ServerError, match="finds no list"):
        api.submit([made(0), made(1)], array=BY_ID, answer={"verdict": 'pick(`{"1": "delivered"}`, body.ok)'})


def test_a_list_that_tells_nothing_isnt_made_up_for_by_the_rest_of_the_answer(api, made):
    api.sandbox.fail(status=200, body='{"ok": true, "results": [{"status": "refused"}]}')
    with pytest.raises(ServerError, match="a list of 1"):
        api.submit([made(0), made(1)], array=BY_PLACE, answer={"success": "body.ok"})


def test_an_item_without_a_verdict_is_tried_again(api, made):
    api.sandbox.fail(
        status=200, body='{"results": [{"id": "r-0", "code": "S"}, {"id": "r-1", "code": "E7"}]}'
    )
    first, second = api.submit([made(0), made(1)], array=BY_VERDICT)
    assert first == Delivered(1, "r-0")
    assert type(second) is TryLater


@pytest.mark.parametrize("order", [("refused", "stored"), ("stored", "refused")])
def test_of_two_verdicts_on_one_result_the_worse_is_believed(api, made, order):
    items = [{"id": "r-0", "status": each} for each in order] + [{"id": "r-1", "status": "stored"}]
    api.sandbox.fail(status=200, body=json.dumps({"results": items}))
    first, second = api.submit([made(0), made(1)], array=BY_ID)
    assert type(first) is Rejected
    assert second == Delivered(2, "r-1")


def test_an_expression_wraps_the_messages(api, made):
    api.sandbox.fail(status=200, body="{}")
    api.submit([made(0), made(1)], array={"wrap": "{events: @, count: length(@)}"})
    said = json.loads(api.seen()[0].body)
    assert (said["count"], [each["id"] for each in said["events"]]) == (2, ["r-0", "r-1"])


def test_only_what_has_the_same_address_and_headers_goes_together_and_order_is_kept(api, made):
    kinds = ["started", "completed", "completed", "started"]
    receipts = api.submit(
        [made(n, kind) for n, kind in enumerate(kinds)],
        array={},
        messages={"completed": {"url": f"{api.url}/events/done"}},
    )
    assert all(type(each) is Delivered for each in receipts)
    assert [seen.path for seen in api.seen()] == ["/events", "/events/done", "/events"]
    assert [each["id"] for each in api.sandbox.messages] == [f"r-{n}" for n in range(4)]


def test_a_failure_midway_keeps_what_went(api, made):
    api.sandbox.slow(0)
    api.sandbox.fail(status=500)
    results = [made(0), made(1, "started"), made(2, "started"), made(3)]
    with pytest.raises(CutShort) as caught:
        api.submit(results, array={}, messages={"started": {"url": f"{api.url}/events/x"}})
    assert [type(each) for each in caught.value.receipts] == [Delivered]
    assert set(caught.value.unsent) == {4}


def test_a_refusal_midway_keeps_what_went_and_comes_first_the_next_time(api, made):
    api.sandbox.slow(0)
    api.sandbox.fail(status=422, times=9)
    results = [made(0), made(1, "started"), made(2, "started")]
    options = {"array": {}, "messages": {"started": {"url": f"{api.url}/events/x"}}}
    receipts = api.submit(results, **options)
    assert [type(each) for each in receipts] == [Delivered, TryLater, TryLater]
    with pytest.raises(BatchRefused):
        api.submit(results[1:], **options)


def test_a_batch_has_the_same_webhook_id_whenever_it_has_the_same_results(api, made):
    signing = {"secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}
    for results in ([made(0), made(1)], [made(0), made(1)], [made(0)]):
        api.submit(results, array={}, signing=signing)
    first, again, other = (seen.headers["webhook-id"] for seen in api.seen())
    assert first == again != other


def test_an_item_that_can_not_be_understood_concerns_the_connection(api, made):
    api.sandbox.fail(status=200, body='{"results": [{"id": "r-0", "ok": "x"}]}')
    with pytest.raises(ServerError, match="can't be understood"):
        api.submit([made(0)], array=EACH | {"success": "abs(ok)"})


def of_ana(made, n, kind="completed"):
    """Return the n-th result, of one learner, whoever the others are of."""
    return made(n, kind, learner=made(0).learner)


@pytest.mark.parametrize("status", [408, 425])
def test_what_follows_a_result_that_is_to_be_tried_later_isnt_sent_before_it(start, made, status):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status)
    first, other, last = of_ana(made, 0, "progressed"), of_ana(made, 2), of_ana(made, 3)
    elsewhere = attrs.evolve(other, activity=attrs.evolve(other.activity, id="crane-2"))
    receipts = api.submit([first, made(1), elsewhere, last])
    assert [type(each) for each in receipts] == [TryLater, Delivered, Delivered, TryLater]
    assert receipts[3].at == receipts[0].at
    assert len(api.seen()) == 3


def test_an_array_to_another_address_leaves_out_what_follows_a_result_that_is_to_be_tried_later(api, made):
    api.sandbox.fail(status=425)
    receipts = api.submit(
        [of_ana(made, 0, "started"), made(1), of_ana(made, 2), made(3)],
        array={},
        messages={"started": {"url": f"{api.url}/events/started"}},
    )
    assert {each.delivery: type(each) for each in receipts} == {
        1: TryLater,
        2: Delivered,
        3: TryLater,
        4: Delivered,
    }
    assert [each["id"] for each in api.sandbox.messages] == ["r-1", "r-3"]


def test_what_was_held_back_when_the_connection_failed_surely_wasnt_sent(api, made):
    api.sandbox.fail(status=425)
    api.sandbox.fail(status=500)
    with pytest.raises(CutShort) as caught:
        api.submit(
            [of_ana(made, 0, "started"), made(1), of_ana(made, 2)],
            array={},
            messages={"started": {"url": f"{api.url}/events/started"}},
        )
    assert [type(each) for each in caught.value.receipts] == [TryLater]
    assert set(caught.value.unsent) == {3}


LARGE = {"body": {"id": "id", "essay": "result.extensions.essay"}}


def essays(made, count, kilobytes):
    return [made(n, extensions={"essay": "x" * kilobytes * 1024}) for n in range(count)]


def sent(api):
    """Return the ids of each request."""
    said = [json.loads(seen.body) for seen in api.seen()]
    return [[each["id"] for each in (body if isinstance(body, list) else body["events"])] for body in said]


@pytest.mark.parametrize("array", [{}, {"wrap": "{events: @}"}])
@pytest.mark.parametrize(("count", "kilobytes"), [(60, 20), (150, 20), (2, 600)])
def test_what_is_too_much_for_one_request_goes_in_several(api, made, array, count, kilobytes):
    api.sandbox.fail(status=200, times=count, body="{}")
    receipts = api.submit(essays(made, count, kilobytes), array=array, message=LARGE)
    assert [type(each) for each in receipts] == [Delivered] * count
    assert [each for request in sent(api) for each in request] == [f"r-{n}" for n in range(count)]
    assert len(sent(api)) <= max(2, count // 12)


def test_many_small_ones_that_take_too_many_steps_go_in_several_requests(api, made):
    api.sandbox.fail(status=200, times=99, body="{}")
    wrap = {"wrap": "{events: @[].{id: id, user: user, at: last_activity, data: @}}"}
    receipts = api.submit([made(n) for n in range(2000)], array=wrap)
    assert [type(each) for each in receipts] == [Delivered] * 2000
    assert [each for request in sent(api) for each in request] == [f"r-{n}" for n in range(2000)]


def test_of_several_only_the_one_that_can_never_be_written_is_rejected(api, made):
    huge = made(1, extensions={"essay": "\u20ac" * 400_000})
    api.sandbox.fail(status=200, times=2, body="{}")
    receipts = api.submit([made(0), huge, made(2)], array={}, message=LARGE)
    assert [type(each) for each in receipts] == [Delivered, Rejected, Delivered]
    assert "larger than 1 MiB" in receipts[1].reason
    assert sent(api) == [["r-0"], ["r-2"]]


def test_what_is_cut_apart_is_neither_sent_twice_nor_out_of_turn(api, made):
    """What the first part put off holds back what follows it in the second, and a fault ends both."""
    first, other, last, *rest = [of_ana(made, n) if n in (0, 2) else made(n) for n in range(4)]
    results = [
        attrs.evolve(each, extensions={"essay": "x" * 400_000}) for each in (first, other, last, *rest)
    ]
    api.sandbox.fail(status=425)
    api.sandbox.fail(status=200, body="{}")
    receipts = api.submit(results, array={}, message=LARGE)
    assert [type(each) for each in receipts] == [TryLater, TryLater, TryLater, Delivered]
    assert sent(api) == [["r-0", "r-1"], ["r-3"]]
    api.sandbox.fail(status=200, body="{}")
    api.sandbox.fail(status=500)
    with pytest.raises(CutShort) as caught:
        api.submit([made(n, extensions={"essay": "x" * 400_000}) for n in range(5)], array={}, message=LARGE)
    assert [each.delivery for each in caught.value.receipts] == [1, 2]
    assert set(caught.value.unsent) <= {4, 5}
    assert sent(api)[2:] == [["r-0", "r-1"], ["r-2"]]


def test_where_each_has_its_own_verdict_what_one_did_later_goes_in_a_later_request(api, made):
    """Of two in one request, the first may be put off and the second be taken."""
    results = [of_ana(made, 0), made(1), of_ana(made, 2), made(3), of_ana(made, 4)]
    receipts = api.submit(results, array=EACH)
    assert {type(each) for each in receipts} == {Delivered}
    assert sent(api) == [["r-0", "r-1", "r-3"], ["r-2"], ["r-4"]]


@pytest.mark.parametrize("said", [[], [{"id": "r-0", "verdict": "try_later"}]])
def test_what_one_item_of_an_answer_puts_off_isnt_overtaken_by_what_came_with_it(api, made, said):
    api.sandbox.fail(status=200, body=json.dumps({"results": [*said, {"id": "r-1", "verdict": "delivered"}]}))
    array = {"results": "body.results", "id": "id", "verdict": "verdict"}
    receipts = api.submit([of_ana(made, 0, "progressed"), made(1), of_ana(made, 2)], array=array)
    assert [type(each) for each in receipts] == [TryLater, Delivered, TryLater]
    assert sent(api) == [["r-0", "r-1"]]


def test_where_all_have_one_verdict_what_one_did_goes_in_one_request(api, made):
    api.submit([of_ana(made, 0), of_ana(made, 1)], array={})
    assert sent(api) == [["r-0", "r-1"]]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("user_unknown", "it doesn't know this learner"),
        ("activity_unknown", "it doesn't know this activity"),
        ("try_later", "it asks to try this result later"),
        ("rejected", "it refused this result"),
    ],
)
def test_what_an_item_means_that_gives_no_reason_is_said(api, made, verdict, said):
    api.sandbox.fail(status=200, body=json.dumps({"results": [{"verdict": verdict}]}))
    receipt = api.one(made(), array={"results": "body.results", "verdict": "verdict"})
    assert receipt.reason == said
