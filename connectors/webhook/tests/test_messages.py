"""What is sent for a result: chosen events, chosen words, and numbers that stay numbers."""

import json
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from any_result import results
from hypothesis import given, settings
from hypothesis import strategies as st

from passback import Delivered, Delivery, Learner, Rejected, ResultKind, Score, SystemClock, UserUnknown
from passback_webhook import WebhookOptions
from passback_webhook.expressions import ExpressionFailed
from passback_webhook.messages import DEFAULT_BODY, Author, NobodyToName
from passback_webhook.outgoing import outgoing
from passback_webhook.sandbox import Behaviour

EIGHT = {
    "last_activity": "2026-11-02T08:30:00Z",
    "course_started": 1793607900000,
    "score": 70,
    "percentage_complete": 0.5,
    "total_awards": 4,
    "awards_unlocked": 2,
    "total_tasks": 10,
    "tasks_completed": 5,
}


@pytest.fixture
def api(start):
    return start(Behaviour(auth="none"))


def sent(start, result, body, **message):
    """Return the body that is sent for `result`, decoded."""
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=200, body="{}")
    assert isinstance(api.one(result, message={"body": body} | message), Delivered)
    return json.loads(api.seen()[0].body)


@pytest.mark.parametrize("kind", ResultKind)
def test_every_kind_of_result_is_sent_with_the_eight_fields_unless_configured_otherwise(api, made, kind):
    result = made(kind=kind)
    receipt = api.one(result)
    assert isinstance(receipt, Delivered)
    (message,) = api.sandbox.messages
    assert message["event"] == kind
    assert (message["user"], message["activity"]) == ("u-0", "crane-1")
    assert {name: message[name] for name in EIGHT} == EIGHT
    assert message["item"] == ("item 1" if kind.concerns_item else None)


def test_what_is_not_chosen_is_not_sent_and_counts_as_delivered_without_an_id_over_there(api, made):
    chosen, other = made(1, ResultKind.COMPLETED), made(2, ResultKind.STARTED)
    receipts = api.submit([other, chosen], events=["completed"])
    assert receipts == [Delivered(1, sent=False), Delivered(2, "r-1")]
    assert [each["id"] for each in api.sandbox.messages] == ["r-1"]


def test_each_event_can_have_a_message_of_its_own_that_takes_the_rest_from_the_common_one(start, made):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=200, body="{}", times=2)
    api.submit(
        [made(1, ResultKind.COMPLETED), made(2, ResultKind.BADGE_AWARDED)],
        message={"method": "PUT", "headers": {"X-Kind": "event"}, "body": {"what": "event"}},
        messages={"badge_awarded": {"url": f"{api.url}/events/badges", "body": {"badge": "item.name"}}},
    )
    first, second = api.seen()
    assert (first.method, first.path, first.headers["x-kind"]) == ("PUT", "/events", "completed")
    assert json.loads(first.body) == {"what": "completed"}
    assert (second.method, second.path, second.headers["x-kind"]) == (
        "PUT",
        "/events/badges",
        "badge_awarded",
    )
    assert json.loads(second.body) == {"badge": "The first"}


def test_numbers_stay_numbers(start, made):
    body = {"a": "score", "b": "percentage_complete", "c": "course_started", "d": "result.score.scaled"}
    assert sent(start, made(), body) == {"a": 70, "b": 0.5, "c": 1793607900000, "d": 0.695}


def test_a_message_can_be_one_expression(start, made):
    said = sent(start, made(), "{who: user, did: [{what: event, where: activity.name}]}")
    assert said == {"who": "u-0", "did": [{"what": "completed", "where": "Crane safety"}]}


def test_what_is_absent_is_null(start, made):
    bare = made(score=None, progress=None, counters=None, started=None)
    absent = dict.fromkeys(set(EIGHT) - {"last_activity"})
    said = sent(start, bare, {name: name for name in EIGHT})
    assert said == {"last_activity": EIGHT["last_activity"]} | absent


def test_what_is_absent_can_be_left_out(start, made):
    body = {"score": "score", "deep": {"score": "score", "user": "user"}, "list": ["score"]}
    said = sent(start, made(score=None), body, absent="omit")
    assert said == {"deep": {"user": "u-0"}, "list": [None]}


def test_a_form_has_numbers_as_people_write_them_and_lists_as_repeated_names(start, made):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=200, body="{}")
    body = {"s": "score", "p": "percentage_complete", "n": "item.id", "l": "[user, event]", "b": "`true`"}
    api.one(made(), message={"style": "form", "body": body})
    (seen,) = api.seen()
    assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qsl(seen.body.decode(), keep_blank_values=True) == [
        ("s", "70"),
        ("p", "0.5"),
        ("n", ""),
        ("l", "u-0"),
        ("l", "completed"),
        ("b", "true"),
    ]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_query_is_added_to_the_address_and_there_is_no_body(start, made, method):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=200, body="{}")
    body = {"who": "user", "score": "score"}
    api.one(made(), url=f"{api.url}/events?v=1", message={"style": "query", "method": method, "body": body})
    (seen,) = api.seen()
    assert (seen.method, seen.query, seen.body) == (method, "v=1&who=u-0&score=70", b"")


def test_an_address_can_have_places_to_fill_that_change_nothing_but_themselves(start, made):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=200, body="{}")
    learner = Learner(id="../a b?c=d&e#f/ü")
    api.one(made(learner=learner), url=f"{api.url}/events/{{user}}/x?u={{user}}")
    (seen,) = api.seen()
    assert seen.path == "/events/../a b?c=d&e#f/ü/x"
    assert seen.query == "u=..%2Fa%20b%3Fc%3Dd%26e%23f%2F%C3%BC"


@pytest.mark.parametrize("user", [".", ".."])
def test_a_value_that_would_change_the_path_is_refused(start, made, user):
    api = start(Behaviour(auth="none"))
    receipt = api.one(made(learner=Learner(id=user)), url=f"{api.url}/events/{{user}}/x")
    assert isinstance(receipt, Rejected)
    assert api.seen() == []


def test_a_header_without_a_value_is_left_out_and_one_that_can_not_be_is_refused(start, made):
    api = start(Behaviour(auth="none"))
    api.one(made(), message={"headers": {"X-A": "item.id", "X-B": "learner.name"}})
    assert "x-a" not in api.seen()[0].headers
    assert api.seen()[0].headers["x-b"] == "User 0"
    hostile = made(learner=Learner(id="u", name="a\r\nx-evil: 1"))
    receipt = api.one(hostile, message={"headers": {"X-B": "learner.name"}})
    assert isinstance(receipt, Rejected)
    assert "headers.X-B" in receipt.reason


def test_who_lacks_what_the_customer_knows_them_by_waits_for_an_account(api, made):
    receipt = api.one(made(), user="learner.external_id")
    assert receipt == UserUnknown(
        1, "the learner has no learner.external_id, which this customer knows them by"
    )
    assert api.seen() == []


def test_a_message_that_can_not_be_made_is_rejected_and_says_where_and_the_others_go(api, made):
    body = dict(DEFAULT_BODY) | {"score": "abs(score)"}
    receipts = api.submit([made(1, score=None), made(2)], message={"body": body})
    assert receipts[0] == Rejected(
        1,
        "the message for completed can't be made: score: abs(score): abs() was given what it can't take",
    )
    assert receipts[1] == Delivered(2, "r-2")


def test_now_is_the_clocks(made):
    class Standing(SystemClock):
        def now(self):
            return datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    options = WebhookOptions.model_validate({"url": "https://x.example", "message": {"body": {"now": "now"}}})
    message = Author(options, Standing()).message(Delivery(id=1, result=made()))
    assert message.body == {"now": "2030-01-02T03:04:05Z"}


@pytest.mark.parametrize(
    ("raw", "score"), [(69.5, 70), (69.49, 69), (-0.5, 0), (-1.5, -1), (0, 0), (1e300, 1e300)]
)
def test_a_score_is_the_nearest_whole_number_and_halves_go_up(start, made, raw, score):
    assert sent(start, made(score=Score(raw=raw)), {"s": "score"}) == {"s": score}


WORDS = st.sampled_from(
    [
        *EIGHT,
        *("user", "event", "now", "id", "learner", "activity", "item", "result", "result.extensions"),
        *("learner.name", "item.id", "result.score.raw", "result.counters", "'text'", "`1.5`"),
        *("[score, percentage_complete]", "{a: score}", "to_string(result)", "not_null(score, `0`)"),
        *("round(multiply(percentage_complete, `100`), `0`)", "type(score)", "keys(result)"),
    ]
)
SHAPES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(results(), SHAPES, st.sampled_from(["null", "omit"]))
def test_every_result_and_template_give_json_with_numbers_as_numbers(result, shape, absent):
    facts = {name: name for name in EIGHT}
    options = WebhookOptions.model_validate(
        {
            "url": "https://api.example.com/{event}",
            "message": {"body": {"shape": shape, "eight": facts}, "absent": absent},
        }
    )
    try:
        message = Author(options, SystemClock()).message(Delivery(id=1, result=result))
        said = json.loads(outgoing(message).content, parse_constant=pytest.fail)
    except (ExpressionFailed, NobodyToName) as failure:
        # Only what is very large has no message.
        assert "too many steps" in str(failure) or "larger" in str(failure)  # noqa: PT017
        return
    eight = said.pop("eight")
    for name, value in eight.items():
        kinds = str if name == "last_activity" else (int, float)
        assert value is None or (isinstance(value, kinds) and not isinstance(value, bool))
    counters = result.counters
    if counters and counters.total_tasks is not None:
        assert eight["total_tasks"] == counters.total_tasks
    if result.progress is not None:
        assert eight["percentage_complete"] == result.progress
    if absent == "omit":
        assert None not in eight.values()
