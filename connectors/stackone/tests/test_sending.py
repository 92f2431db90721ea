"""Completions: the receipt of each answer, and never a second one where that can be told."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from passback import (
    ActivityUnknown,
    AlreadyThere,
    Batch,
    CannotConnect,
    ConnectionFailure,
    CutShort,
    Delivered,
    NeedsLaunch,
    RateLimited,
    Rejected,
    ServerError,
    TryLater,
    Unsupported,
    UserUnknown,
)
from passback_stackone.sandbox import CORNERSTONE, DISTRIBUTION, Behaviour

QUERY = (("userGuid", "7c3f1d52"), ("sessionToken", "launch-secret"), ("callbackUrl", "/cb"), ("tag", "a"))
AT = datetime(2026, 11, 2, 8, 30, 0, 123456, tzinfo=UTC)
COMPLETIONS = "/unified/lms/users/c28x0001/completions"


def test_a_completion_is_written_for_the_account(start, made):
    system = start()
    assert system.one(made()) == Delivered(1, "completion-1")
    (record,) = system.sandbox.completions
    assert record["user_id"] == "c28x0001"
    assert record["learning_object_external_reference"] == "ladder-1"
    assert record["completed_at"] == "2026-11-02T08:31:00.123Z"
    assert record["result"] == {"value": "Pass"}


def test_without_an_account_it_waits_for_one(start, made):
    system = start()
    assert isinstance(system.one(made(user=None)), UserUnknown)
    assert system.sandbox.requests == []


@pytest.mark.parametrize("user", ["..", ".", " ", "a\nb", "x" * 600])
def test_an_id_that_can_be_in_no_address_is_none(start, made, user):
    system = start()
    assert isinstance(system.one(made(user=user)), UserUnknown)
    assert system.sandbox.requests == []


def test_an_id_stays_one_part_of_the_address(start, made):
    system = start(DISTRIBUTION)
    for user in ("a/../b?c=d#e %2e ü", "../../../unified/lms/users/x", "%2e%2e"):
        assert isinstance(system.one(made(user=user)), Delivered)
        assert system.sandbox.completions[-1]["user_id"] == user


def test_an_account_whose_user_is_gone_is_unknown(start, made):
    system = start()
    receipt = system.one(made(user="gone"))
    assert isinstance(receipt, UserUnknown)
    assert [seen.method for seen in system.sandbox.requests] == ["POST", "GET"]


def test_a_learning_object_that_isnt_there_is_an_unknown_activity(start, made):
    for behaviour in (
        Behaviour(content=frozenset()),
        Behaviour(integration="distribution", content=frozenset()),
    ):
        receipt = start(behaviour).one(made())
        assert isinstance(receipt, ActivityUnknown)
        assert "ladder-1" in receipt.reason


def test_who_is_missing_isnt_guessed(start, made):
    system = start()
    system.sandbox.fail(status=500, on="GET")
    with pytest.raises(ServerError):
        system.one(made(user="gone"))


@pytest.mark.parametrize("status", [403, 404, 501])
def test_a_page_of_a_proxy_says_nothing_of_who_is_missing(start, made, status):
    system = start(Behaviour(content=frozenset()))
    system.sandbox.fail(status=status, body="<html>proxy</html>", on="GET")
    with pytest.raises(ServerError):
        system.one(made())


ROUTERS = [
    '{"statusCode":404,"message":"Cannot POST /unified/lms/users/x","error":"Not Found"}',
    '{"statusCode":404,"message":"Cannot GET /unified/lms/users/x","timestamp":"2026-11-02T08:31:00Z"}',
    '{"statusCode":404,"message":"Resource not found"}',
]


@pytest.mark.parametrize("body", ROUTERS)
@pytest.mark.parametrize(("on", "attempt"), [("POST", 1), ("GET", 1), ("GET", 2)])
def test_a_router_says_nothing_of_who_is_missing(start, made, body, on, attempt):
    """Wire facts §4.4: StackOne's errors have a ``timestamp``."""
    system = start()
    system.sandbox.fail(status=404, body=body, on=on)
    with pytest.raises(ServerError) as failed:
        system.one(made(user="gone", attempt=attempt))
    assert failed.value.status == 404


def test_content_distribution_takes_whoever_the_launch_named(start, made):
    system = start(DISTRIBUTION)
    assert isinstance(system.one(made(user="sso-4711", by="launch")), Delivered)
    assert isinstance(system.one(made(2, user="random-1", by="anonymous")), Delivered)
    assert [record["user_id"] for record in system.sandbox.completions] == ["sso-4711", "random-1"]
    assert "passthrough" not in system.written()[0]


def test_cornerstone_gets_the_whole_query_of_the_launch(start, made):
    """Wire facts §4.3: order as JSON has it, repeats as an array."""
    system = start(CORNERSTONE)
    launch = [*QUERY, ("tag", "b")]
    receipt = system.one(made(user="random-1", by="anonymous", launch=launch), passthrough=True)
    assert receipt == Delivered(1, "completion-1", 7)
    (body,) = system.written()
    assert list(body["passthrough"].items()) == [*QUERY[:3], ("tag", ["a", "b"])]


def test_without_its_launch_it_waits_for_one(start, made):
    system = start(CORNERSTONE)
    assert isinstance(system.one(made(), passthrough=True), NeedsLaunch)
    assert system.sandbox.requests == []
    receipt = system.one(made(), passthrough=False)
    assert isinstance(receipt, Rejected)
    assert "userGuid is missing" in receipt.reason
    assert "provider-secret" not in receipt.reason


def problem(status, *provider, message="The provider refused the request"):
    """Return an error in StackOne's words."""
    errors = ",".join(provider)
    return f'{{"statusCode":{status},"message":"{message}","timestamp":"x","provider_errors":[{errors}]}}'


THEIRS = (
    '{"status":%d,"url":"https://u:pw@acme.csod.com/x?sessionToken=abc#y","headers":{"authorization":"zzz"},'
    '"raw":{"error":{"message":"not for launch-secret, Bearer eyJhbGciOi, said: api_key=sssss, '
    'see https://acme.csod.com/help?token=qqqqq","password":"hunter2222"}}}'
)
SECRETS = ("sandbox-key", "launch-secret", "eyJhbGciOi", "sssss", "qqqqq", "hunter2222", "zzz", "abc", "pw@")


def test_a_launch_that_isnt_taken_any_more_is_given_up(start, made):
    system = start(CORNERSTONE)
    for status in (400, 401, 502):
        system.sandbox.fail(status=status, body=problem(status, THEIRS % 401))
        receipt = system.one(made(launch=QUERY), passthrough=True)
        assert isinstance(receipt, NeedsLaunch)
        assert receipt.refused == (7,)


@pytest.mark.parametrize("status", [400, 422, 409, 412, 401, 403, 500, 502])
def test_no_secret_is_in_what_is_said(start, made, status):
    """Wire facts §4.4: provider_errors quotes addresses, headers and bodies."""
    system = start(CORNERSTONE)
    body = problem(
        status, THEIRS % 418, message="Told sandbox-key by https://u:pw@x.example/?sid=abc " + "x" * 900
    )
    system.sandbox.fail(status=status, body=body, on="POST")
    try:
        told = repr(system.one(made(launch=QUERY), passthrough=True))
    except ServerError as error:
        told = str(error)
    assert "acme.csod.com" in told or len(told) > 200
    assert not [secret for secret in SECRETS if secret in told]
    assert len(told) < 700


def test_what_the_provider_said_is_told(start, made):
    system = start()
    system.sandbox.fail(status=422, body=problem(422, '{"status":418,"raw":"the course is closed"}'))
    receipt = system.one(made())
    assert isinstance(receipt, Rejected)
    assert "answered 418: the course is closed" in receipt.reason


@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_of_the_content_rejects_one_result(start, made, status):
    system = start()
    system.sandbox.fail(status=status)
    assert isinstance(system.one(made()), Rejected)


@pytest.mark.parametrize("theirs", [401, 403, 408, 429, 500, 503])
@pytest.mark.parametrize(
    "said",
    [
        '"provider_errors":[{"status":%d}]',
        '"provider_errors":[{"status":"%d"}]',
        '"data":{"statusCode":%d,"message":"x"}',
    ],
)
def test_a_fault_of_the_system_behind_rejects_nothing(start, made, theirs, said):
    """Wire facts §4.4: its status is told in two places; and an LMS may spell it as a text."""
    system = start()
    body = f'{{"statusCode":400,"message":"m","timestamp":"x",{said % theirs}}}'
    system.sandbox.fail(status=400, body=body)
    with pytest.raises(ServerError):
        system.one(made())


@pytest.mark.parametrize("theirs", ['"soon"', "true", "null", "[503]", "5030", '"400"', "404"])
def test_what_is_no_fault_of_the_system_behind_doesnt_stop_a_refusal(start, made, theirs):
    system = start()
    system.sandbox.fail(status=400, body=problem(400, f'{{"status":{theirs}}}'))
    assert isinstance(system.one(made()), Rejected)


@pytest.mark.parametrize("status", [301, 401, 403, 405, 410, 412, 500, 502, 503])
def test_what_concerns_the_connection_is_raised(start, made, status):
    system = start()
    system.sandbox.fail(status=status)
    with pytest.raises(ServerError) as refused:
        system.one(made())
    assert refused.value.status == status
    if status == 412:
        assert "disabled in StackOne" in str(refused.value)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 501])
def test_an_error_that_isnt_stackones_is_a_fault(start, made, status):
    system = start()
    system.sandbox.fail(status=status, body="<h1>nginx</h1>")
    with pytest.raises(ServerError):
        system.one(made())


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_gateway_that_speaks_json_rejects_nothing(start, made, status):
    """Wire facts §4.4: StackOne's errors say their ``statusCode``."""
    system = start()
    system.sandbox.fail(status=status, body='{"message": "no Route matched"}')
    with pytest.raises(ServerError):
        system.one(made())


def test_501_means_that_completions_arent_taken_at_all(start, made):
    system = start()
    system.sandbox.fail(status=501)
    with pytest.raises(Unsupported) as refused:
        system.one(made())
    assert refused.value.status == 501


@pytest.mark.parametrize("status", [408, 429, 503])
def test_a_pause_that_is_asked_for_is_kept(start, made, status):
    """Wire facts §4.4: 408 and 429 with Retry-After, in seconds; RFC 9110 §10.2.3 for dates."""
    system = start()
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    system.sandbox.fail(status=status, headers={"Retry-After": "600"})
    system.sandbox.fail(status=status, headers={"Retry-After": format_datetime(at, usegmt=True)})
    for _ in range(2):
        with pytest.raises(RateLimited) as limited:
            system.one(made())
        assert abs(limited.value.until - at) < timedelta(seconds=5)


def test_a_pause_of_unknown_length_is_one_all_the_same(start, made):
    system = start()
    system.sandbox.fail(status=429)
    with pytest.raises(RateLimited) as limited:
        system.one(made())
    assert limited.value.until is None
    system.sandbox.fail(status=408)
    with pytest.raises(ServerError) as slow:
        system.one(made())
    assert slow.value.status == 408


@pytest.mark.parametrize("fault", ["html", "truncate", "cut_before", "cut_after", "slow"])
def test_an_answer_that_doesnt_come_is_no_delivery(start, made, fault):
    system = start()
    arguments = [2] if fault == "slow" else []
    getattr(system.sandbox, fault)(*arguments)
    with pytest.raises(ServerError if fault == "html" else CannotConnect):
        system.one(made(), read=0.5)


@pytest.mark.parametrize("body", ["null", "[]", '"ok"', "{}", '{"data": []}', "nonsense", '{"a":' * 5000])
def test_a_success_in_other_words_is_no_delivery(start, made, body):
    system = start()
    system.sandbox.fail(status=201, body=body)
    with pytest.raises(ServerError):
        system.one(made())


@pytest.mark.parametrize(
    ("data", "identity"),
    [("null", None), ('{"id": null, "remote_id": "9"}', "9"), ('{"id": 7}', None), ('{"id": "a\\nb"}', None)],
)
def test_a_completion_may_have_no_id(start, made, data, identity):
    system = start()
    system.sandbox.fail(status=201, body=f'{{"statusCode":201,"message":"ok","data":{data}}}')
    assert system.one(made()) == Delivered(1, identity)


def test_what_may_have_arrived_is_looked_for(start, made):
    """There is no idempotency key (wire facts §4.4): written, cut off, and found at the next attempt."""
    system = start()
    system.sandbox.cut_after(on="POST")
    with pytest.raises(CannotConnect):
        system.one(made())
    assert system.one(made(attempt=2)) == AlreadyThere(1, "completion-1")
    assert len(system.sandbox.completions) == 1


def test_what_didnt_arrive_is_written(start, made):
    system = start()
    system.sandbox.cut_before(on="POST")
    with pytest.raises(CannotConnect):
        system.one(made())
    assert isinstance(system.one(made(attempt=2)), Delivered)
    assert len(system.sandbox.completions) == 1


def test_it_is_found_on_a_later_page(start, made):
    system = start(Behaviour(largest_page=100))
    for n in range(2, 240):
        system.sandbox._records.add(
            "completions",
            "c28x0001",
            {"learning_object_external_reference": f"other-{n}", "completed_at": "2026-11-02T08:31:00Z"},
        )
    system.one(made())
    assert system.one(made(attempt=2)) == AlreadyThere(1, "completion-239")
    assert len(system.asked("GET", "/completions")) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"at": AT + timedelta(hours=2)},
        {"kind": "failed"},
        {"activity": "ladder-2"},
    ],
)
def test_another_fact_isnt_taken_for_it(start, made, other):
    system = start()
    assert isinstance(system.one(made(**changed(made, other))), Delivered)
    assert isinstance(system.one(made(attempt=2)), Delivered)
    assert len(system.sandbox.completions) == 2


def changed(made, other):
    if "activity" in other:
        return {"activity": type(made().result.activity)(id=other["activity"])}
    return other


def test_a_system_that_keeps_days_only_is_compared_by_days(start, made):
    system = start(Behaviour(day_only=True))
    system.one(made())
    assert isinstance(system.one(made(attempt=2), completed_at="day"), AlreadyThere)
    assert isinstance(system.one(made(attempt=2), completed_at="second"), Delivered)
    # The failure of that day isn't the pass.
    assert isinstance(system.one(made(3, attempt=2, kind="failed"), completed_at="day"), Delivered)


@pytest.mark.parametrize(
    "kept",
    [
        "2026-11-02T08:31:00Z",
        "2026-11-02T09:31:00+01:00",
        "2026-11-02 08:31:00",
        "2026-11-02T08:31:00.1234567Z",
    ],
)
def test_a_time_may_be_written_otherwise(start, made, kept):
    system = start()
    record = {"content_external_reference": "ladder-1", "completed_at": kept}
    system.sandbox._records.add("completions", "c28x0001", record)
    assert isinstance(system.one(made(attempt=2)), AlreadyThere)


@pytest.mark.parametrize("kept", [None, 7, "yesterday", "9999-12-31T23:59:59-14:00", {}])
def test_a_record_without_a_time_isnt_taken_for_it(start, made, kept):
    system = start()
    system.sandbox._records.add(
        "completions", "c28x0001", {"learning_object_external_reference": "ladder-1", "completed_at": kept}
    )
    assert isinstance(system.one(made(attempt=2)), Delivered)


def test_where_it_cant_be_read_the_options_decide(start, made):
    system = start(Behaviour(reads_completions=False))
    assert isinstance(system.one(made(attempt=2)), Delivered)
    receipt = system.one(made(2, attempt=2), when_unsure="hold")
    assert isinstance(receipt, Rejected)
    assert "may have arrived" in receipt.reason
    assert len(system.sandbox.completions) == 1


def test_a_key_that_may_not_read_is_the_same(start, made):
    system = start()
    system.sandbox.fail(status=403, on="GET")
    assert isinstance(system.one(made(attempt=2), when_unsure="hold"), Rejected)


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_fault_while_looking_writes_nothing(start, made, status):
    system = start()
    system.sandbox.fail(status=status, on="GET", times=5)
    with pytest.raises((ServerError, RateLimited)):
        system.one(made(attempt=2))
    assert system.asked("POST") == []


@pytest.mark.parametrize("status", [403, 404, 501])
@pytest.mark.parametrize("body", ["<html>proxy</html>", "", "[]", '{"message": "no Route matched"}'])
def test_whether_it_is_there_is_believed_in_stackones_own_words_alone(start, made, status, body):
    system = start()
    system.one(made())
    for options in ({}, {"when_unsure": "hold"}):
        system.sandbox.fail(status=status, body=body, on="GET")
        with pytest.raises(ServerError) as failed:
            system.one(made(attempt=2), **options)
        assert failed.value.status == status
    assert system.one(made(attempt=2)) == AlreadyThere(1, "completion-1")
    assert len(system.sandbox.completions) == 1


def test_a_user_who_is_gone_has_no_completions(start, made):
    assert isinstance(start().one(made(user="gone", attempt=2)), UserUnknown)


def cut(system, *deliveries, **options):
    """Send `deliveries` as one batch, in the midst of which the connection fails."""
    with pytest.raises(CutShort) as caught:
        system.ask(lambda connection: connection.submit_results(Batch(deliveries=deliveries)), **options)
    return caught.value


def test_whose_turn_didnt_come_isnt_looked_for(start, made):
    system = start(Behaviour(reads_completions=False))
    system.sandbox.cut_after(on="POST", after=1)
    failed = cut(system, made(1), made(2), made(3), when_unsure="hold")
    assert failed.receipts == [Delivered(1, "completion-1")]
    assert list(failed.unsent) == [3]
    again = made(2, attempt=2), made(3, attempt=2, unsure=False)
    receipts = system.submit(*again, when_unsure="hold")
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]


@pytest.mark.parametrize("status", [401, 403, 412, 429, 501])
def test_what_surely_didnt_arrive_is_told_so(start, made, status):
    """So that it's sent even where the system can't be read, and a person would have to decide otherwise."""
    system = start()
    system.sandbox.fail(status=status, on="POST")
    assert list(cut(system, made(1), made(2)).unsent) == [1, 2]


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_what_may_have_arrived_isnt(start, made, status):
    system = start()
    system.sandbox.fail(status=status, on="POST")
    assert list(cut(system, made(1), made(2)).unsent) == [2]


@pytest.mark.parametrize("status", [401, 429, 500])
def test_a_fault_before_anything_was_written_leaves_no_doubt(start, made, status):
    system = start()
    system.sandbox.fail(status=status, on="GET", times=5)
    assert list(cut(system, made(1, attempt=2)).unsent) == [1]


def test_what_was_never_written_is_sent_after_a_restart(start, made):
    """The learner was unknown at the attempts before."""
    system = start(Behaviour(reads_completions=False))
    receipt = system.one(made(attempt=3, unsure=False), when_unsure="hold")
    assert isinstance(receipt, Delivered)
    assert system.asked("GET") == []


def test_a_conflict_is_looked_into(start, made):
    system = start()
    system.one(made())
    system.sandbox.fail(status=409, on="POST", times=3)
    assert system.one(made()) == AlreadyThere(1, "completion-1")
    assert isinstance(system.one(made(2)), Rejected)
    system.sandbox.fail(status=501, on="GET")
    assert isinstance(system.one(made()), Rejected)


def test_a_batch_is_sent_one_by_one(start, made):
    system = start()
    receipts = system.submit(made(1), made(2, user=None), made(3, user="gone"), made(4))
    assert [type(receipt) for receipt in receipts] == [Delivered, UserUnknown, UserUnknown, Delivered]


@pytest.mark.parametrize(
    ("status", "failure"), [(429, RateLimited), (401, ServerError), (500, ServerError), (501, Unsupported)]
)
def test_a_failure_in_the_middle_of_a_batch_keeps_what_arrived(start, made, status, failure):
    """A pause, a revoked key, an outage: it's the connection's, and the rest stays with it."""
    system = start()
    system.sandbox.fail(status=status, headers={"Retry-After": "300"}, on="POST", after=2, times=9)
    failed = cut(system, *(made(n) for n in range(1, 6)))
    assert [type(receipt) for receipt in failed.receipts] == [Delivered, Delivered]
    assert isinstance(failed.failure, failure)
    assert {4, 5} <= set(failed.unsent)
    assert len(system.asked("POST")) == 3


def test_a_batch_cut_in_the_middle_gives_each_result_once(start, made):
    system = start()
    system.sandbox.cut_after(on="POST", after=1)
    assert len(cut(system, *(made(n) for n in range(1, 4))).receipts) == 1
    second = system.submit(made(2, attempt=2), made(3, attempt=2, unsure=False))
    assert [type(receipt) for receipt in second] == [AlreadyThere, Delivered]
    assert len(system.sandbox.completions) == 3


def test_what_is_too_large_is_refused_alone(start, made):
    system = start()
    system.sandbox.fail(status=413, on="POST")
    receipts = system.submit(made(1), made(2))
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]
    assert "too large" in receipts[0].reason


@pytest.mark.parametrize(("user", "attempt"), [("gone", 1), ("c28x0001", 2)])
def test_a_question_that_is_too_large_refuses_no_result(start, made, user, attempt):
    system = start()
    system.sandbox.fail(status=413, on="GET")
    with pytest.raises(ServerError, match="413") as failed:
        system.one(made(user=user, attempt=attempt))
    assert failed.value.status == 413


@pytest.mark.parametrize(
    ("told", "became"),
    [
        (400, Rejected),
        (404, ActivityUnknown),
        (422, Rejected),
        (401, ServerError),
        (412, ServerError),
        (429, RateLimited),
        (500, ServerError),
        (501, Unsupported),
    ],
)
@pytest.mark.parametrize("status", [200, 201])
def test_an_error_is_one_under_a_good_status_too(start, made, status, told, became):
    """Wire facts §4.4: the status of an error stands in its body."""
    system = start()
    system.sandbox.fail(status=status, body=problem(told), on="POST")
    try:
        found = system.one(made())
    except ConnectionFailure as failure:
        found = failure
    assert isinstance(found, became)
    assert "The provider refused" in getattr(found, "reason", str(found)) or told in (429, 501)


def test_a_batch_that_takes_too_long_goes_on_later(start, made, monkeypatch):
    monkeypatch.setattr("passback_stackone.connector._LAST_START", 0.2)
    system = start()
    system.sandbox.slow(0.5, on="POST")
    receipts = system.submit(made(1), made(2))
    assert [type(receipt) for receipt in receipts] == [Delivered, TryLater]


def test_whom_it_takes_too_long_for_isnt_in_doubt(start, made, monkeypatch):
    monkeypatch.setattr("passback_stackone.connector._LAST_START", 0.2)
    system = start(Behaviour(reads_completions=False))
    system.sandbox.slow(0.5, on="POST")

    async def tried(connection):
        await connection.submit_results(Batch(deliveries=(made(1), made(2))))
        return await connection.submit_results(Batch(deliveries=(made(2, attempt=2),)))

    (receipt,) = system.ask(tried, when_unsure="hold")
    assert isinstance(receipt, Delivered)


def test_a_completion_goes_to_the_right_user(start, made):
    system = start()
    system.one(made())
    assert [seen.path for seen in system.asked("POST")] == [COMPLETIONS]
    (seen,) = system.sandbox.requests
    assert seen.headers["x-account-id"] == system.sandbox.behaviour.account_id
    assert "idempotency-key" not in seen.headers
