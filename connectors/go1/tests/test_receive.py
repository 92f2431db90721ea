"""What GO1's webhooks tell: proven on the raw bytes, read with care, and nothing made up."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from passback import Activity, Learner, Result, Score, Unsupported
from passback_go1.sandbox import completed
from passback_go1.sandbox.sender import signed

AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)
STAMP = int(AT.timestamp())
SECRET = "shared-secret"
BODY = json.dumps({**completed("evt-1", "501", "777", AT), "sent": "2026-11-02T08:30:00Z"}).encode()
GOOD = signed(SECRET, BODY, STAMP)["go1-signature"]
V1 = GOOD.partition("v1=")[2]
VECTOR = b'{"id":"evt-1","event_type":"enrollment.complete"}'
VECTOR_SIGNATURE = "0cc23be8f12844034856359362e916158208772f361288d5b6cc64994e516ea6"


def event(**more):
    return completed("evt-1", "501", "777", AT, **more)


def changed(of, **fields):
    return {**of, **fields}


def test_the_known_signature_is_taken(gate):
    """Wire facts §11; it has no enrollment in it, so it's only read after its signature passed."""
    at = datetime.fromtimestamp(1735689600, UTC)
    assert signed(SECRET, VECTOR, 1735689600) == {"go1-signature": f"t=1735689600,v1={VECTOR_SIGNATURE}"}
    assert gate().ask(VECTOR, f"t=1735689600,v1={VECTOR_SIGNATURE}", received=at).status == 422
    assert gate().ask(VECTOR + b"\n", f"t=1735689600,v1={VECTOR_SIGNATURE}", received=at).status == 401


def test_a_signature_is_of_the_raw_bytes(gate):
    spaced = BODY.replace(b": ", b":  ")
    assert json.loads(spaced) == json.loads(BODY)
    assert gate().ask(spaced, GOOD).status == 401
    assert gate().ask(spaced, signed(SECRET, spaced, STAMP)["go1-signature"]).status == 200


@pytest.mark.parametrize("off", [-60, -59, 0, 59, 60])
def test_a_minute_either_way_is_near_enough(gate, off):
    assert gate().ask(BODY, GOOD, received=AT + timedelta(seconds=off)).status == 200


@pytest.mark.parametrize("off", [-3600, -61, 61, 3600])
def test_more_than_a_minute_either_way_is_refused(gate, off):
    received = gate().ask(BODY, GOOD, received=AT + timedelta(seconds=off))
    assert (received.status, received.results) == (401, ())


@pytest.mark.parametrize(
    "header",
    [
        f"t={STAMP},v1={'0' * 64},v1={V1}",
        f"v1={V1},t={STAMP}",
        f"t={STAMP}, v1={V1}",
        f"t={STAMP},v0={'0' * 64},v1={V1},v2=x",
    ],
)
def test_one_good_signature_of_several_is_enough(gate, header):
    assert gate().ask(BODY, header).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "t=",
        ",,,",
        "=",
        V1,
        f"t={STAMP}",
        f"v1={V1}",
        f"t={STAMP},v1=",
        f"t={STAMP},v2={V1}",
        f"t={STAMP},V1={V1}",
        f"t={STAMP},v1={V1[:-1]}",
        f"t={STAMP},v1={V1}0",
        f"t={STAMP},v1={V1[:-2]}zz",
        f"t={STAMP},v1={'é' * 64}",
        f"t=0{STAMP},v1={V1}",
        f"t={STAMP + 1},v1={V1}",
        f"t={STAMP}.0,v1={V1}",
        f"t=+{STAMP},v1={V1}",
        f"t=-1,v1={V1}",
        f"t={'9' * 400},v1={V1}",
        f"t={STAMP},t={STAMP + 1},v1={V1}",
        f"t={STAMP};v1={V1}",
        f"{'x=1,' * 5000}t={STAMP},v1={V1}",
    ],
)
def test_anything_else_is_refused(gate, header):
    received = gate().ask(BODY, header)
    assert (received.status, received.results) == (401, ())
    assert V1 not in str(received.body)


def test_a_secret_can_be_replaced_and_another_is_none(gate):
    both = gate(webhook_secrets=["the-new-one", SECRET])
    assert both.ask(BODY).status == 200
    assert both.ask(BODY, signed("the-new-one", BODY, STAMP)["go1-signature"]).status == 200
    assert gate(webhook_secrets=["the-new-one"]).ask(BODY).status == 401


def test_without_a_secret_nothing_is_received(gate):
    with pytest.raises(Unsupported, match="webhook_secrets"):
        gate(webhook_secrets=[]).ask(BODY)


def test_a_completed_enrollment_becomes_a_result(gate):
    received = gate().one(event(result=90, **{"pass": True}))
    assert received == Result(
        id=received.id,
        kind="passed",
        at=AT,
        started=AT - timedelta(minutes=5),
        learner=Learner(id="go1:501"),
        activity=Activity(id="777"),
        score=Score(raw=90, min=0, max=100, scaled=0.9),
        success=True,
        completion=True,
    )
    assert received.id.startswith("acme-")


@pytest.mark.parametrize(
    ("passed", "kind", "success"),
    [(True, "passed", True), (False, "failed", False), (None, "completed", None)],
)
def test_the_kind_is_what_is_known_of_the_pass(gate, passed, kind, success):
    received = gate().one(event(**{"pass": passed}))
    assert (received.kind, received.success, received.completion) == (kind, success, True)
    assert received.score is None


def test_an_enrollment_in_progress_is_a_start(gate):
    made = changed(event(status="in-progress", end_date=None), event_type="enrollment.create")
    received = gate().one(made)
    assert (received.kind, received.at) == ("started", AT - timedelta(minutes=5))
    assert (received.completion, received.success, received.score) == (None, None, None)


@pytest.mark.parametrize(
    "quiet",
    [
        changed(event(), event_type="enrollment.delete"),
        changed(event(), event_type="content.add", data={"id": "777"}),
        changed(event(), event_type="something.new"),
        changed(event(status="not-started"), event_type="enrollment.create"),
        event(status="somehow"),
        event(status=["completed"]),
    ],
)
def test_what_tells_nothing_that_was_learnt_is_taken_and_left(gate, quiet):
    received = gate().ask(quiet)
    assert (received.status, received.results, received.body) == (200, (), {"accepted": 0})


def test_the_same_event_again_is_the_same_result(gate):
    """Wire facts §3.4: the attempt's number grows with each retry, the id stays."""
    again = changed(event(), attempt_number=2, sent="2026-11-02T08:31:00.000Z", webhook_id="wh-2")
    assert gate().one(event()) == gate().one(again)
    assert gate().one(event()).id != gate().one(changed(event(), id="evt-2")).id
    assert gate().one(event()).id != gate("other").one(event()).id


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"updated_time": "2026-11-03T00:00:00Z"}, AT),
        ({"end_date": None}, AT),
        ({"end_date": "soon", "updated_time": None}, AT - timedelta(minutes=5)),
        ({"end_date": "2026-11-02T10:30:00+02:00"}, AT),
        ({"end_date": "2026-11-02T08:30:00"}, AT),
    ],
)
def test_when_is_what_the_enrollment_says(gate, data, at):
    assert gate().one(event(**data)).at == at


def test_without_any_time_of_its_own_it_was_when_it_was_sent(gate):
    timeless = event(end_date=None, updated_time=None, created_time=None, start_date=None)
    received = gate().one(changed(timeless, sent="2026-11-02T09:00:00Z"))
    assert (received.at, received.started) == (AT + timedelta(minutes=30), None)
    assert gate().ask(changed(timeless, sent=None)).status == 422


def test_a_learning_object_is_the_activity_that_the_table_says(gate):
    table = {"https://example.com/ladder": "777"}
    assert gate(learning_objects=table).one(event()).activity.id == "https://example.com/ladder"
    assert gate(learning_objects=table).one(event(lo_id="778")).activity.id == "778"


def test_what_the_connection_itself_reports_on_can_be_left_out(gate):
    others = gate(learning_objects={"https://example.com/ladder": "777"}, webhook_objects="others")
    assert others.ask(event()).results == ()
    assert others.one(event(lo_id="778")).activity.id == "778"


def test_who_the_learner_is_is_an_option(gate):
    assert gate(webhook_learner_prefix="").one(event()).learner == Learner(id="501")
    with_mail = gate(webhook_learner="email", webhook_learner_prefix="")
    assert with_mail.one(event(email="ana@example.com")).learner.address == "ana@example.com"
    assert with_mail.ask(event()).status == 422


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"id": NaN}', 400),
        (b"{}", 422),
        (changed(event(), event_type=7), 422),
        (changed(event(), id=None), 422),
        (changed(event(), id={"a": 1}), 422),
        (changed(event(), data=None), 422),
        (changed(event(), data=[]), 422),
        (event(user_account_id=None), 422),
        (event(user_account_id=True), 422),
        (event(user_account_id="5\x0001"), 422),
        (event(user_account_id="5" * 1022), 422),
        (event(lo_id=""), 422),
        (event(lo_id="7" * 5000), 422),
        (event(result=101), 422),
        (event(result=-1), 422),
        (event(result=10**400), 422),
        (event(result="90"), 422),
        (event(result=True), 422),
        (event(**{"pass": "yes"}), 422),
    ],
)
def test_what_no_result_can_hold_is_refused_without_quoting_it(gate, sent, status):
    received = gate().ask(sent)
    assert (received.status, received.results) == (status, ())
    assert len(received.body["error"]) < 100


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_events_are_posted(gate, method):
    assert gate().ask(BODY, method=method).status == 405


def test_a_refusal_is_logged_with_its_connection_and_without_the_signature(gate, caplog):
    gate().ask(BODY, f"t={STAMP},v1={'0' * 64}")
    assert "'acme'" in caplog.text
    assert "401" in caplog.text
    assert SECRET not in caplog.text
    assert "0000" not in caplog.text


def test_the_older_envelope_is_none_of_these(gate):
    """Wire facts §3.4: the events of the older API have other keys."""
    older = {"type": "enrolment.update", "fired_at": "2026-11-02T08:30:00Z", "data": {"id": "1"}}
    assert gate().ask(older).status == 422
