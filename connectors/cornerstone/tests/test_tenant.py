"""Results by the tenant's APIs: where no token lives, and where there is no provider key at all."""

import attrs
import pytest

from passback import (
    Account,
    ActivityUnknown,
    AlreadyThere,
    CannotConnect,
    ConnectionFailure,
    CutShort,
    Delivered,
    NeedsLaunch,
    RateLimited,
    Rejected,
    ServerError,
    UserUnknown,
)
from passback.http import Quota, QuotaUsedUp
from passback_cornerstone.sandbox import Behaviour

ASSIGNMENTS = "/services/api/v1/LearningAssignments"
COMPLETE = "/services/api/v1/transcripts/complete"
TOKEN = "/services/api/oauth2/token"
TENANT = {"callback": None}
BOTH = {}


def asked(csod):
    return [seen for seen in csod.sandbox.requests if seen.path == COMPLETE]


@pytest.mark.parametrize("form", ["json", "form"])
def test_a_completion_goes_to_the_transcript(csod, sent, form):
    receipts = csod.submit(sent(), api={"credentials_as": form}, **TENANT)
    assert receipts == [Delivered(1, "ladder-1")]
    assert (csod.entry().status, csod.entry().way) == ("Completed", "api")


def test_a_quota_of_its_own_that_is_used_up_is_told_as_that_and_not_as_the_portals(csod, sent):
    with pytest.raises(QuotaUsedUp):
        csod.submit(sent(), quota=Quota(minute=1), **TENANT)
    assert asked(csod) == []


def test_while_a_token_lives_the_callback_goes_first(csod, sent):
    csod.submit(sent("completed"), launches=[csod.launch()], **BOTH)
    assert csod.entry().way == "callback"
    assert asked(csod) == []


def test_after_the_token_the_tenant_api_takes_completions(csod, sent):
    launch = csod.launch()
    csod.sandbox.expire_sessions()
    csod.time.go_on(3600)
    assert csod.submit(sent(), launches=[launch], **BOTH) == [Delivered(1, "ladder-1")]
    assert csod.entry().way == "api"


def test_a_token_that_ends_in_the_middle_of_a_batch_is_followed_by_the_tenant_api(csod, sent):
    launch = csod.launch()
    csod.sandbox.fail(status=401, times=9, on="POST /services/api/x", after=1)
    receipts = csod.submit(sent("completed", 1, place=1), sent("completed", 2), launches=[launch], **BOTH)
    assert receipts == [Delivered(1, "ladder-1", launch.id), Delivered(2, "ladder-1")]
    assert (csod.entry(1).way, csod.entry(0).way) == ("callback", "api")


def test_a_wrong_provider_key_holds_up_nothing_that_the_tenant_api_takes(csod, sent):
    launch = csod.launch()
    wrong = {"callback": {"secret": "not-it-at-all"}}
    with pytest.raises(CutShort, match="check key and secret") as caught:
        csod.submit(sent("completed", 1), sent("progressed", 2, place=1), launches=[launch], **wrong)
    assert caught.value.receipts == [Delivered(1, "ladder-1")]


def test_the_callback_being_down_is_not_gone_round(csod, sent):
    """What isn't a refused token is an outage: the record, score and all, arrives when it's over."""
    csod.sandbox.fail(status=503, times=9, on="POST /services/api/x")
    with pytest.raises(ServerError):
        csod.submit(sent(), launches=[csod.launch()], **BOTH)
    assert asked(csod) == []


def test_progress_waits_for_a_token_where_launches_bring_some(csod, sent):
    (receipt,) = csod.submit(sent("progressed"), **BOTH)
    assert isinstance(receipt, NeedsLaunch)


def test_progress_is_not_sent_where_no_token_will_ever_come(csod, sent):
    assert csod.submit(sent("progressed"), **TENANT) == [Delivered(1, sent=False)]
    assert csod.sandbox.requests == []


def test_a_failure_is_never_told_as_a_completion(csod, sent):
    (waits,) = csod.submit(sent("failed"), **BOTH)
    assert isinstance(waits, NeedsLaunch)
    (rejected,) = csod.submit(sent("failed"), **TENANT)
    assert isinstance(rejected, Rejected)
    assert "failed" in rejected.reason
    assert csod.sandbox.transcripts == {}


def test_a_completion_names_the_user_by_what_is_configured(csod, sent):
    csod.submit(sent(), api={"user_key": "externalId"}, **TENANT)
    assert b'"externalId":"E-1000"' in asked(csod)[0].body
    csod.submit(sent(), api={"ignore_workflow": False}, **TENANT)
    assert asked(csod)[1].body == (
        f'{{"userGuid":"{csod.sandbox.people[0].guid}","learningObjectId":"ladder-1"}}'.encode()
    )


def test_without_an_external_id_it_is_named_by_guid(csod, sent, made):
    result = made(learner=attrs.evolve(made().learner, external_id=None))
    csod.submit(sent(result=result), api={"user_key": "externalId"}, **TENANT)
    assert csod.entry().way == "api"


def test_a_learning_object_is_known_by_what_is_configured(start, sent):
    csod = start(learning_objects="guid")
    delivery = sent(account=csod.account())
    (receipt,) = csod.submit(delivery, **TENANT)
    assert isinstance(receipt, ActivityUnknown)
    known = {"learning_objects": {"ladder-1": csod.sandbox.learning_object("ladder-1")}}
    assert csod.submit(delivery, api=known, **TENANT) == [Delivered(1, "ladder-1")]


@pytest.mark.parametrize("status", [400, 404])
def test_an_unknown_user_is_told_from_an_unknown_course(start, sent, made, status):
    csod = start(unknown_status=status)
    gone = Account(user_id="7c3f1d52-aaaa-4bbb-8ccc-000000000001", matched_by="id", checked=csod.time.now())
    nowhere = made(activity=attrs.evolve(made().activity, id="nowhere"))
    receipts = csod.submit(
        sent(account=gone), sent(number=2, result=nowhere, account=csod.account()), **TENANT
    )
    assert [type(each) for each in receipts] == [UserUnknown, ActivityUnknown]


def test_completing_twice_changes_nothing(csod, sent):
    csod.sandbox.cut_after(on=f"PATCH {COMPLETE}")
    with pytest.raises(CannotConnect):
        csod.submit(sent(), **TENANT)
    assert csod.submit(sent(attempt=2), **TENANT) == [Delivered(1, "ladder-1")]
    assert len(csod.sandbox.transcripts) == 1


def test_an_access_token_that_ends_in_the_middle_of_a_batch_is_replaced(csod, sent):
    csod.sandbox.fail(status=401, on=f"PATCH {COMPLETE}", after=1)
    receipts = csod.submit(sent("completed", 1), sent("completed", 2, place=1), **TENANT)
    assert receipts == [Delivered(1, "ladder-1"), Delivered(2, "ladder-1")]
    assert sum(seen.path == TOKEN for seen in csod.sandbox.requests) == 2


def test_a_missing_scope_is_a_401_that_says_what_to_do(csod, sent):
    with pytest.raises(ServerError, match="lacks the scope") as raised:
        csod.submit(sent(), api={"scope": "employee:read"}, **TENANT)
    assert raised.value.status == 401


@pytest.mark.parametrize("wrong", [{"client_secret": "not-it-at-all"}, {"client_id": "nobody"}])
def test_a_wrong_client_is_a_server_error(csod, sent, wrong):
    with pytest.raises(ServerError, match="token"):
        csod.submit(sent(), api=wrong, **TENANT)


@pytest.mark.parametrize(
    ("status", "error"), [(403, ServerError), (405, ServerError), (500, ServerError), (429, RateLimited)]
)
def test_what_concerns_the_portal_is_raised(csod, sent, status, error):
    csod.sandbox.fail(status=status, on=f"PATCH {COMPLETE}")
    with pytest.raises(error):
        csod.submit(sent(), **TENANT)


REFUSED = '{"status": "422", "error": {"message": "the version was retired", "code": "422"}}'


@pytest.mark.parametrize("status", [413, 422])
def test_what_a_refusal_says_is_of_one_result(csod, sent, status):
    csod.sandbox.fail(status=status, body=REFUSED, on=f"PATCH {COMPLETE}")
    receipts = csod.submit(sent("completed", 1), sent("completed", 2, place=1), **TENANT)
    assert receipts[0] == Rejected(1, f"Cornerstone refused it ({status}): the version was retired")
    assert isinstance(receipts[1], Delivered)


def test_a_conflict_says_that_it_is_complete_already(csod, sent):
    """Wire facts §2.4: Completed is final."""
    csod.sandbox.fail(status=409, on=f"PATCH {COMPLETE}")
    receipts = csod.submit(sent("completed", 1), sent("progressed", 2), api={"progress": True}, **TENANT)
    assert receipts == [AlreadyThere(1, "ladder-1"), AlreadyThere(2, "ladder-1")]


@pytest.mark.parametrize(
    ("body", "became"),
    [
        ('{"status": "400", "error": {"message": "LO not found", "code": "400"}}', ActivityUnknown),
        ('{"status": 404, "error": {"message": "no such course"}}', ActivityUnknown),
        ('{"status": "422", "error": {"message": "retired"}}', Rejected),
        ('{"status": "Failure", "error": {"message": "retired"}}', Rejected),
        ('{"status": "409"}', AlreadyThere),
        ('{"status": "401", "error": {"code": "401"}}', ServerError),
        ('{"error": {"message": "down", "code": "503"}}', ServerError),
        ('{"status": "429"}', RateLimited),
        ('{"status": "Failure", "timeStamp": "x", "data": []}', ServerError),
        ('{"error": "oops"}', ServerError),
        ('{"Status": "Error", "Error": {"Code": "404", "Message": "no such course"}}', ActivityUnknown),
        ('{"status": "Success", "errors": [{"code": "X", "message": "retired"}]}', Rejected),
        ('{"status": "Success", "errors": ["retired"]}', ServerError),
        ('[{"status": "Failed", "error": {"code": 404, "message": "no such course"}}]', ActivityUnknown),
        ('{"status": "Success", "data": [{"status": "Failed", "message": "retired"}]}', ServerError),
        ('{"data": {"error": {"message": "retired"}}}', Rejected),
        ('{"status": "Success", "errors": [], "data": [{"status": "Completed"}]}', Delivered),
        ('{"status": "Success", "error": null}', Delivered),
        ("[]", Delivered),
        ("", Delivered),
    ],
)
def test_an_error_is_one_under_a_good_status_too(csod, sent, body, became):
    """Wire facts §2.5: the envelope of an error has its status."""
    csod.sandbox.fail(status=200, body=body, on=f"PATCH {COMPLETE}")
    try:
        (found,) = csod.submit(sent(), **TENANT)
    except ConnectionFailure as failure:
        found = failure
    assert isinstance(found, became)


@pytest.mark.parametrize("status", [400, 404, 409, 422, 501])
@pytest.mark.parametrize(("kind", "path"), [("completed", COMPLETE), ("progressed", ASSIGNMENTS)])
def test_a_page_says_nothing_of_a_result_whatever_its_status(csod, sent, kind, path, status):
    csod.sandbox.fail(status=status, body="<html>proxy</html>", on=path)
    with pytest.raises(ServerError, match="JSON") as caught:
        csod.submit(sent(kind), api={"progress": True}, **TENANT)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("Text/HTML", "Please sign in"),
        ("text/plain", "\ufeff<html>Please sign in</html>"),
        ("application/json", "\ufeff\n<html>Please sign in</html>"),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_a_page_is_one_however_it_is_labelled(csod, sent, status, kind, page):
    """Types are the same in capitals (RFC 9110 §8.3.1), and a byte-order mark is no part of a text."""
    csod.sandbox.fail(status=status, body=page, headers={"Content-Type": kind}, on=f"PATCH {COMPLETE}")
    with pytest.raises(ServerError, match="JSON"):
        csod.submit(sent(), **TENANT)


@pytest.mark.parametrize("path", [COMPLETE, TOKEN])
def test_a_page_is_no_answer(csod, sent, path):
    csod.sandbox.html(times=9, on=path)
    with pytest.raises(ServerError, match="JSON"):
        csod.submit(sent(), **TENANT)


def test_a_used_up_minute_in_the_middle_of_a_batch_waits_for_the_next(start, sent):
    csod = start(hourly=120)
    deliveries = [sent("completed", n, account=csod.account(n)) for n in range(1, 5)]
    with pytest.raises(CutShort, match="120 an hour") as caught:
        csod.submit(*deliveries, **TENANT)
    assert [type(each) for each in caught.value.receipts] == [Delivered, Delivered]
    assert set(caught.value.unsent) == {4}
    until = caught.value.failure.until
    assert until.second == 0
    csod.time.go_on((until - csod.time.now()).total_seconds())
    assert [type(each) for each in csod.submit(*deliveries[2:], **TENANT)] == [Delivered, Delivered]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_portal_that_says_when_is_obeyed(start, sent, form):
    csod = start(hourly=60, retry_after=form)
    with pytest.raises(CutShort) as caught:
        csod.submit(*(sent("completed", n, account=csod.account(n)) for n in (1, 2)), **TENANT)
    assert 0 < (caught.value.failure.until - csod.time.now()).total_seconds() <= 61


def test_a_token_endpoint_that_asks_to_slow_down_is_given_a_minute(csod, sent):
    csod.sandbox.fail(status=429, on=TOKEN)
    with pytest.raises(RateLimited) as raised:
        csod.submit(sent(), **TENANT)
    assert raised.value.until.second == 0


def test_a_check_proves_the_client_and_changes_nothing(csod):
    csod.run(lambda each: each.check(), api={"email_view": True})
    assert {seen.method for seen in csod.sandbox.requests if seen.path != TOKEN} == {"GET"}


@pytest.mark.parametrize(
    "wrong", [{"client_secret": "not-it-at-all"}, {"scope": "transcript:update"}, {"scope": "nothing"}]
)
def test_a_check_finds_a_client_that_may_not(csod, wrong):
    with pytest.raises(ServerError):
        csod.run(lambda each: each.check(), api=wrong)


def test_a_check_finds_a_view_that_is_not_enabled(start):
    csod = start(view=False)
    with pytest.raises(ServerError, match="vw_rpt_user"):
        csod.run(lambda each: each.check(), api={"email_view": True})


def test_a_check_of_the_callback_alone_proves_that_the_portal_is_there(csod):
    csod.run(lambda each: each.check(), api=None)
    csod.sandbox.fail(status=503)
    with pytest.raises(ServerError):
        csod.run(lambda each: each.check(), api=None)


def test_a_form_is_taken_as_well_as_json_by_any_portal(start, sent):
    csod = start(Behaviour(employees=12))
    csod.submit(sent(account=csod.account()), api={"credentials_as": "form"}, **TENANT)
    (token,) = [seen for seen in csod.sandbox.requests if seen.path == TOKEN]
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_token_is_asked_for_past_every_cache(csod):
    """Wire facts §2.1."""
    csod.run(lambda connection: connection.check())
    (asked,) = [seen for seen in csod.sandbox.requests if seen.path == TOKEN]
    assert asked.headers["cache-control"] == "no-cache"
