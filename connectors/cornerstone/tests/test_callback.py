"""Results by the callback: what is told, with whose token, and what becomes of it."""

from datetime import timedelta

import attrs
import pytest

from passback import (
    Account,
    ActivityUnknown,
    AlreadyThere,
    CannotConnect,
    CutShort,
    Delivered,
    Item,
    NeedsLaunch,
    RateLimited,
    Rejected,
    Score,
    ServerError,
    TryLater,
    UserUnknown,
)

ALONE = {"api": None}
CALLBACK = "/services/api/x/content/callback/progress"


@pytest.fixture
def launch(csod):
    return csod.launch()


@pytest.mark.parametrize(
    ("kind", "more", "told"),
    [
        ("started", {}, ("In Progress", None)),
        ("progressed", {"progress": 0.5}, ("In Progress", None)),
        ("progressed", {"completion": True}, ("Completed", None)),
        ("completed", {}, ("Completed", None)),
        ("completed", {"success": True}, ("Completed", "Pass")),
        ("completed", {"success": False}, ("Completed", "Fail")),
        ("completed", {"completion": False}, ("Completed", None)),
        ("passed", {}, ("Completed", "Pass")),
        ("failed", {}, ("Completed", "Fail")),
        ("failed", {"completion": False}, ("In Progress", None)),
    ],
)
def test_a_result_becomes_a_status_and_says_success_once_it_is_complete(csod, sent, made, kind, more, told):
    receipts = csod.submit(sent(result=made(kind, **more)), launches=[csod.launch()], **ALONE)
    assert receipts == [Delivered(1, "ladder-1", 1)]
    entry = csod.entry()
    assert (entry.status, entry.success) == told
    assert entry.completed == ("2026-11-02T08:30:00+00:00" if entry.status == "Completed" else None)


def test_further_keys_are_sent_where_their_names_are_configured(csod, sent, made, launch):
    """How they are spelled isn't documented; wire facts §2.4."""
    result = made(score=Score(scaled=0.8), duration=timedelta(minutes=2))
    extra = {"score": "score", "seconds": "totalTime", "progress": "progress"}
    csod.submit(sent(result=result), launches=[launch], **ALONE)
    assert csod.entry().more == {}
    csod.submit(sent(result=result), launches=[launch], callback={"extra": extra}, **ALONE)
    assert csod.entry().more == {"score": 80.0, "totalTime": 120, "progress": 100.0}


def test_what_is_not_chosen_is_not_sent(csod, sent, made, launch):
    task = made("task_completed", item=Item(id="t"))
    assert csod.submit(sent(result=task), launches=[launch], **ALONE) == [Delivered(1, sent=False)]
    kinds = {"events": ["completed"]}
    assert csod.submit(sent("started"), launches=[launch], **kinds, **ALONE) == [Delivered(1, sent=False)]
    assert csod.sandbox.requests == []


def test_anybodys_token_serves_and_the_record_is_the_learners_own(csod, sent):
    launch = csod.launch(place=5, number=17)
    assert csod.submit(sent(), launches=[launch], **ALONE) == [Delivered(1, "ladder-1", 17)]
    assert csod.entry(0).status == "Completed"
    assert csod.entry(5) is None


def test_a_learner_who_is_known_by_a_launch_alone_is_who_it_says(csod, sent, launch):
    assert csod.submit(sent(account=None, launch=launch), **ALONE) == [Delivered(1, "ladder-1", launch.id)]
    assert csod.entry(0).status == "Completed"


def test_an_account_goes_before_what_a_browser_brought(csod, sent):
    other = csod.launch(place=5)
    csod.submit(sent(launch=other), **ALONE)
    assert csod.entry(0).status == "Completed"
    assert csod.entry(5) is None


def test_without_account_and_launch_nobody_is_told_of(csod, sent):
    (receipt,) = csod.submit(sent(account=None), launches=[csod.launch(place=5)], **ALONE)
    assert isinstance(receipt, UserUnknown)
    assert receipt.reason.startswith("nobody in Cornerstone is known to be this learner: ")
    assert csod.posts() == []


def test_a_made_up_id_is_not_told_to_cornerstone(csod, sent):
    anonymous = Account(user_id="x-17", matched_by="anonymous", checked=csod.time.now())
    (receipt,) = csod.submit(sent(account=anonymous), launches=[csod.launch(place=5)], **ALONE)
    assert isinstance(receipt, NeedsLaunch)
    assert csod.posts() == []


def test_without_a_token_it_waits_for_a_launch(csod, sent):
    (receipt,) = csod.submit(sent(), **ALONE)
    assert receipt == NeedsLaunch(1, receipt.reason)
    assert "anybody launches" in receipt.reason


def test_an_expired_token_is_not_tried(csod, sent, launch):
    csod.time.go_on(7201)
    (receipt,) = csod.submit(sent(), launches=[launch], **ALONE)
    assert isinstance(receipt, NeedsLaunch)
    assert csod.posts() == []


def test_a_token_that_aged_before_its_time_is_refused_and_told_of(csod, sent, launch):
    csod.time.go_on(3600)
    csod.sandbox.expire_sessions()
    assert csod.submit(sent(), launches=[launch], **ALONE)[0].refused == (launch.id,)


def test_what_waits_drains_with_anybodys_newer_launch(csod, sent, launch):
    csod.time.go_on(3600)
    csod.sandbox.expire_sessions()
    newer = csod.launch(place=7, number=2)
    receipts = csod.submit(sent("started", 1), sent("completed", 2), launches=[launch, newer], **ALONE)
    assert receipts == [Delivered(n, "ladder-1", 2, refused=(launch.id,)) for n in (1, 2)]


def test_a_token_that_ends_in_the_middle_of_a_batch_keeps_what_came_before(csod, launch, sent):
    deliveries = [sent("completed", n, place=n) for n in range(1, 5)]
    csod.sandbox.fail(status=401, times=9, on=f"POST {CALLBACK}", after=2)
    receipts = csod.submit(*deliveries, launches=[launch], **ALONE)
    assert [type(each) for each in receipts] == [Delivered, Delivered, NeedsLaunch, NeedsLaunch]
    assert receipts[2].refused == (launch.id,)
    assert len(csod.posts()) == 3, "a refused token isn't tried again"


def test_a_bad_launch_evicts_no_good_token(csod, sent, launch):
    forged = attrs.evolve(launch, id=9, parameters=dict(launch.parameters) | {"token": "made-up-token"})
    receipts = csod.submit(
        *(sent("completed", n, place=n, launch=forged) for n in range(1, 4)),
        launches=[forged, launch],
        **ALONE,
    )
    assert receipts == [Delivered(n, "ladder-1", launch.id, refused=(9,)) for n in range(1, 4)]
    assert len(csod.posts()) == 1 + 3, "what was refused while another was taken isn't tried again"


@pytest.mark.parametrize("fault", ["html", 405, 302])
def test_a_launch_that_leads_to_no_callback_evicts_no_good_token(csod, sent, launch, fault):
    forged = attrs.evolve(launch, id=9, parameters=dict(launch.parameters) | {"path": "/login"})
    if fault == "html":
        csod.sandbox.html(times=9, on="POST /login")
    else:
        csod.sandbox.fail(status=fault, times=9, on="POST /login")
    receipts = csod.submit(sent(), launches=[forged, launch], **ALONE)
    assert receipts == [Delivered(1, "ladder-1", launch.id, refused=(9,))]


def test_a_page_for_everything_is_the_connections_fault_and_burns_no_token(csod, sent, launch):
    csod.sandbox.html(times=9)
    with pytest.raises(ServerError, match="not as Cornerstone's callback does"):
        csod.submit(sent(), launches=[launch], **ALONE)


def test_wrong_key_or_secret_concern_the_connection_and_burn_no_token(csod, sent, launch):
    newer = csod.launch(place=4, number=2)
    wrong = {"callback": {"secret": "not-it-at-all"}}
    with pytest.raises(ServerError, match="check key and secret of the callback") as raised:
        csod.submit(sent(), launches=[newer, launch], **wrong, **ALONE)
    assert raised.value.status == 401
    assert csod.submit(sent(), launches=[newer, launch], **ALONE) == [Delivered(1, "ladder-1", 2)]


def test_a_token_that_was_doubted_is_tried_again(csod, sent, batched, launch):
    csod.sandbox.fail(status=401, on=f"POST {CALLBACK}")

    async def twice(connection):
        with pytest.raises(CutShort) as caught:
            await connection.submit_results(batched(sent(), launches=[launch]))
        assert isinstance(caught.value.failure, ServerError)
        return await connection.submit_results(batched(sent(attempt=2), launches=[launch]))

    assert csod.run(twice, **ALONE) == [Delivered(1, "ladder-1", launch.id)]


def test_a_key_that_was_taken_since_is_not_doubted_for_a_forged_launch(csod, sent, batched, launch):
    forged = attrs.evolve(launch, id=9, parameters=dict(launch.parameters) | {"token": "made-up-token"})

    async def both(connection):
        first = await connection.submit_results(batched(sent(), launches=[launch]))
        second = await connection.submit_results(batched(sent("completed", 2, place=2), launches=[forged]))
        return [*first, *second]

    receipts = csod.run(both, **ALONE)
    assert receipts[0] == Delivered(1, "ladder-1", launch.id)
    assert isinstance(receipts[1], NeedsLaunch)
    assert receipts[1].refused == (9,)


def test_a_doubt_passes_when_the_token_is_no_longer_young(csod, sent, launch):
    """A forged launch holds a portal up for half an hour at most."""
    forged = attrs.evolve(launch, parameters=dict(launch.parameters) | {"token": "made-up-token"})
    with pytest.raises(ServerError):
        csod.submit(sent(), launches=[forged], **ALONE)
    csod.time.go_on(31 * 60)
    assert csod.submit(sent(), launches=[forged], **ALONE)[0].refused == (forged.id,)


def test_each_launch_that_is_offered_is_tried(csod, sent, launch):
    """The core offers a few for whatever waits; one that lives may be the last of them."""
    forged = [
        attrs.evolve(launch, id=n, parameters=dict(launch.parameters) | {"token": f"made-up-{n}"})
        for n in range(2, 10)
    ]
    receipts = csod.submit(sent(), launches=[*forged, launch], **ALONE)
    assert receipts == [Delivered(1, "ladder-1", launch.id, refused=tuple(range(2, 10)))]


def test_completed_is_never_taken_back(csod, sent, batched, launch):
    async def both(connection):
        first = await connection.submit_results(batched(sent("completed"), launches=[launch]))
        return [*first, *await connection.submit_results(batched(sent("progressed", 2), launches=[launch]))]

    assert csod.run(both, **ALONE) == [Delivered(1, "ladder-1", 1), AlreadyThere(2, "ladder-1")]
    assert len(csod.posts()) == 1


@pytest.mark.parametrize("demotion", ["ignored", "refused"])
def test_completed_is_not_taken_back_after_a_restart_either(start, sent, demotion):
    csod = start(demotion=demotion)
    launch, account = csod.launch(), csod.account()
    csod.submit(sent("completed", account=account), launches=[launch], **ALONE)
    (receipt,) = csod.submit(sent("progressed", account=account), launches=[launch], **ALONE)
    assert isinstance(receipt, Delivered if demotion == "ignored" else AlreadyThere)
    assert csod.entry().status == "Completed"


def test_what_the_core_remembers_as_finished_is_not_taken_back(csod, sent, launch):
    """A restart forgets what the process remembers; the outbox doesn't."""
    kinds = ("progressed", "started", "completed")
    deliveries = [sent(kind, n, finished=True) for n, kind in enumerate(kinds, 1)]
    assert csod.submit(*deliveries, launches=[launch], **ALONE) == [
        AlreadyThere(1, "ladder-1"),
        AlreadyThere(2, "ladder-1"),
        Delivered(3, "ladder-1", launch.id),
    ]


def test_an_unknown_course_waits_for_it_and_says_by_which_id(csod, sent, made, launch):
    result = made(activity=attrs.evolve(made().activity, id="not there"))
    (receipt,) = csod.submit(sent(result=result, launch=launch), **ALONE)
    assert isinstance(receipt, ActivityUnknown)
    assert "x_not_20there" in receipt.reason
    assert "there is no such course" in receipt.reason
    assert "errorId" not in receipt.reason
    configured = {"courses": {"not there": "crane-1"}}
    assert csod.submit(sent(result=result), launches=[launch], **configured, **ALONE) == [
        Delivered(1, "crane-1", launch.id)
    ]


def test_a_user_who_is_gone_is_told_from_a_course_that_is_missing(csod, sent, launch):
    gone = Account(user_id="7c3f1d52-aaaa-4bbb-8ccc-000000000001", matched_by="id", checked=csod.time.now())
    (receipt,) = csod.submit(sent(account=gone, launch=launch))
    assert isinstance(receipt, UserUnknown)
    assert "no user with the id of their account" in receipt.reason


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_record_is_rejected_once_the_token_is_proven(csod, sent, launch, status):
    csod.sandbox.fail(status=status, on=f"POST {CALLBACK}", body="no good: the course is closed", after=1)
    receipts = csod.submit(sent("started", 1, place=1), sent("completed", 2), launches=[launch], **ALONE)
    assert receipts[0] == Delivered(1, "ladder-1", launch.id)
    assert isinstance(receipts[1], Rejected)
    assert "the course is closed" in receipts[1].reason


@pytest.mark.parametrize("status", [400, 404])
def test_a_forged_path_that_answers_hides_no_good_token(csod, sent, launch, status):
    forged = attrs.evolve(launch, id=9, parameters=dict(launch.parameters) | {"path": "/login"})
    csod.sandbox.fail(status=status, times=9, on="POST /login")
    receipts = csod.submit(sent(), sent("completed", 2, place=1), launches=[forged, launch], **ALONE)
    assert receipts == [Delivered(n, "ladder-1", launch.id, refused=(9,)) for n in (1, 2)]
    assert sum(seen.path.startswith("/login") for seen in csod.sandbox.requests) == 1


@pytest.mark.parametrize("status", [400, 404])
def test_after_a_launch_that_is_not_proven_the_tenant_api_is_asked(csod, sent, launch, status):
    csod.sandbox.fail(status=status, on=f"POST {CALLBACK}")
    assert csod.submit(sent(), launches=[launch]) == [Delivered(1, "ladder-1")]


def test_a_launch_somebody_made_up_rejects_nobodys_results_but_their_own(csod, sent, launch):
    csod.sandbox.fail(status=400, times=2, on=f"POST {CALLBACK}")
    (other,) = csod.submit(sent(), launches=[launch], **ALONE)
    assert isinstance(other, TryLater)
    (own,) = csod.submit(sent(launch=launch), **ALONE)
    assert isinstance(own, Rejected)


def test_what_is_tried_later_is_not_overtaken_in_the_same_course(csod, sent, made, launch):
    other = sent(number=3, place=1, result=made(learner=attrs.evolve(made().learner, id="ben")))
    csod.sandbox.fail(status=400, on=f"POST {CALLBACK}")
    receipts = csod.submit(sent("progressed", 1), sent("completed", 2), other, launches=[launch], **ALONE)
    assert [type(each) for each in receipts] == [TryLater, TryLater, Delivered]
    assert [each.delivery for each in receipts] == [1, 2, 3]
    assert len(csod.posts()) == 2


@pytest.mark.parametrize(
    ("status", "headers", "error"),
    [
        (403, {}, ServerError),
        (500, {}, ServerError),
        (503, {}, ServerError),
        (503, {"Retry-After": "9"}, RateLimited),
    ],
)
def test_what_concerns_the_portal_is_raised(csod, sent, launch, status, headers, error):
    csod.sandbox.fail(status=status, headers=headers)
    with pytest.raises(error):
        csod.submit(sent(), launches=[launch], **ALONE)


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "truncate"])
def test_a_cut_is_no_connection_and_the_second_time_changes_nothing(csod, sent, launch, fault):
    getattr(csod.sandbox, fault)()
    with pytest.raises(CannotConnect):
        csod.submit(sent(), launches=[launch], **ALONE)
    again = sent(attempt=2)
    assert csod.submit(again, launches=[launch], **ALONE) == [Delivered(1, "ladder-1", launch.id)]
    assert len(csod.sandbox.transcripts) == 1


def test_slow_is_no_connection(csod, sent, launch):
    csod.sandbox.slow(1.5)
    with pytest.raises(CannotConnect, match="in time"):
        csod.submit(sent(), launches=[launch], **ALONE)


@pytest.mark.parametrize(
    ("told", "wait"), [({}, None), ({"Retry-After": "20"}, 20), ({"Retry-After": "soon"}, None)]
)
def test_too_many_requests_in_the_middle_of_a_batch_keep_what_came_before(csod, sent, launch, told, wait):
    csod.sandbox.fail(status=429, headers=told, on=f"POST {CALLBACK}", after=1)
    now = csod.time.now()
    deliveries = [sent("started", 1, place=1), sent("completed", 2), sent("completed", 3, place=2)]
    with pytest.raises(CutShort) as caught:
        csod.submit(*deliveries, launches=[launch], **ALONE)
    assert [type(each) for each in caught.value.receipts] == [Delivered]
    assert set(caught.value.unsent) == {3}
    until = caught.value.failure.until
    if wait is None:
        assert until == now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    else:
        assert timedelta(0) < until - now - timedelta(seconds=wait) < timedelta(seconds=5)


@pytest.mark.parametrize("status", [500, 503])
def test_an_outage_at_the_beginning_of_a_batch_tells_what_wasnt_sent(csod, sent, batched, launch, status):
    csod.sandbox.fail(status=status, on=f"POST {CALLBACK}")
    deliveries = [sent("completed", 1), sent("completed", 2, place=1)]
    with pytest.raises(CutShort) as caught:
        csod.run(lambda it: it.submit_results(batched(*deliveries, launches=[launch])), **ALONE)
    assert set(caught.value.unsent) == {2}


@pytest.mark.parametrize(
    ("body", "became"),
    [
        ('{"status": "404", "error": {"message": "no such course"}}', ActivityUnknown),
        ('[{"courseId": "ladder-1", "status": "Failed", "error": {"code": 404}}]', ActivityUnknown),
        ('{"status": "400", "error": {"message": "status is wrong"}}', Rejected),
    ],
)
def test_an_error_is_one_under_a_good_status_too(csod, sent, launch, body, became):
    csod.sandbox.fail(status=200, body=body, on=f"POST {CALLBACK}")
    (receipt,) = csod.submit(attrs.evolve(sent(), launch=launch), launches=[launch], **ALONE)
    assert isinstance(receipt, became)


@pytest.mark.parametrize("kind", ["progressed", "completed"])
@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_a_page_says_nothing_of_a_record_whatever_its_status(csod, sent, launch, status, kind):
    csod.sandbox.fail(status=status, body="<html>proxy</html>", on=f"POST {CALLBACK}")
    with pytest.raises(ServerError, match="not as Cornerstone's callback does"):
        csod.submit(sent(kind, launch=launch), launches=[launch], **ALONE)
    assert csod.submit(sent(kind), launches=[launch], **ALONE) == [Delivered(1, "ladder-1", launch.id)]


def test_what_is_too_large_is_refused_alone(csod, sent, launch):
    csod.sandbox.fail(status=413, on=f"POST {CALLBACK}")
    receipts = csod.submit(sent("completed", 1), sent("completed", 2, place=1), launches=[launch], **ALONE)
    assert [type(each) for each in receipts] == [Rejected, Delivered]


def test_too_many_requests_at_first_are_the_connections(csod, sent, launch):
    csod.sandbox.fail(status=429)
    with pytest.raises(RateLimited) as raised:
        csod.submit(sent(), launches=[launch], **ALONE)
    assert raised.value.until.second == 0
