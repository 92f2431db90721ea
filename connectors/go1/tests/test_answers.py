"""Every answer of GO1 is the right receipt or the right error, and none tells a secret."""

import json
import logging
import traceback

import pytest

from passback import (
    CannotConnect,
    CutShort,
    Delivered,
    RateLimited,
    Rejected,
    ServerError,
    TryLater,
    Unsupported,
    UserQuery,
    UserUnknown,
)
from passback_go1.sandbox import Behaviour

ENROLL, FIND, CHANGE = "POST /gateway/enrollments", "GET /gateway/enrollments", "PATCH /gateway/enrollments"
SECRET = "sandbox-secret"
TOKEN = "POST /oauth/token"


@pytest.mark.parametrize("status", [400, 409, 413, 422])
@pytest.mark.parametrize("on", [ENROLL, CHANGE])
def test_what_is_refused_for_good_is_rejected_with_the_words_of_the_portal(start, made, status, on):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=status, on=on)
    receipt = portal.one(made())
    assert isinstance(receipt, Rejected)
    assert f"{status}" in receipt.reason
    assert "the sandbox was told to fail" in receipt.reason


@pytest.mark.parametrize("status", [400, 404, 409, 422])
@pytest.mark.parametrize("body", ["<html>proxy</html>", "", "[]", '{"message": "no Route matched"}'])
@pytest.mark.parametrize("on", [ENROLL, CHANGE])
def test_no_refusal_is_believed_but_in_the_words_of_the_portal(start, made, status, body, on):
    """Wire facts §3.3: errors have an ``error_code``."""
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=status, body=body, on=on)
    with pytest.raises(ServerError) as caught:
        portal.one(made())
    assert caught.value.status == status


def test_what_is_too_large_for_a_proxy_is_refused_alone(start, made):
    portal = start()
    portal.sandbox.fail(status=413, body="<html>proxy</html>", on=ENROLL)
    receipts = portal.submit([made(0), made(1)])
    assert [type(receipt) for receipt in receipts] == [Rejected, Delivered]
    assert "too large" in receipts[0].reason


@pytest.mark.parametrize("on", [TOKEN, FIND, "GET /v2/users"])
def test_a_question_that_is_too_large_refuses_no_result(start, made, on):
    portal = start(Behaviour(unknown=404))
    if on == FIND:
        portal.sandbox.enroll()
    portal.sandbox.fail(status=413, on=on)
    with pytest.raises(ServerError, match="413") as caught:
        portal.one(made(), user="501" if on == FIND else "99")
    assert caught.value.status == 413


@pytest.mark.parametrize("status", [301, 401, 403, 405, 408, 410, 500, 503])
@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
def test_what_concerns_the_connection_is_raised(start, made, status, on):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=status, times=9, on=on)
    with pytest.raises(ServerError) as caught:
        portal.one(made())
    assert caught.value.status == status


@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
def test_a_missing_capability_is_no_outage(start, made, on):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=501, on=on)
    with pytest.raises(Unsupported) as caught:
        portal.one(made())
    assert caught.value.status == 501


@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
def test_a_proxy_without_a_capability_is_an_outage(start, made, on):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=501, body="<html>proxy</html>", on=on)
    with pytest.raises(ServerError, match="not in GO1's words"):
        portal.one(made())


@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
@pytest.mark.parametrize("status", [429, 503])
def test_being_asked_to_slow_down_is_obeyed(start, made, on, status):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=status, headers={"Retry-After": "60"}, on=on)
    with pytest.raises(RateLimited) as caught:
        portal.one(made())
    assert caught.value.until is not None


@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "truncate"])
def test_a_cut_connection_is_no_answer(start, made, on, fault):
    portal = start()
    portal.sandbox.enroll()
    getattr(portal.sandbox, fault)(times=9, on=on)
    with pytest.raises(CannotConnect):
        portal.one(made())


@pytest.mark.parametrize("on", [ENROLL, FIND, CHANGE])
def test_a_page_of_a_proxy_is_no_enrollment(start, made, on):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.html(on=on)
    with pytest.raises(ServerError):
        portal.one(made())


@pytest.mark.parametrize("body", ["<html>", "[]", "null", '"ok"', "{", "[" * 5000])
def test_nonsense_with_a_good_status_delivered_nothing(start, made, body):
    for status, on in ((201, ENROLL), (200, CHANGE)):
        portal = start()
        portal.sandbox.enroll()
        portal.sandbox.fail(status=status, body=body, on=on)
        with pytest.raises(ServerError):
            portal.one(made())


@pytest.mark.parametrize("body", ["", "{}", '{"id": null}', '{"id": [7]}'])
def test_an_answer_without_an_id_is_good_enough(start, made, body):
    portal = start()
    portal.sandbox.fail(status=201, body=body, on=ENROLL)
    assert portal.one(made()) == Delivered(1, None)


@pytest.mark.parametrize(("status", "before"), [(201, False), (200, True)])
def test_an_error_is_one_under_a_good_status_too(start, made, status, before):
    """Wire facts §3.3: errors are told by their codes."""
    portal = start()
    if before:
        portal.sandbox.enroll()
    body = '{"ref": "x", "error_code": "enrollment_invalid", "message": "the end is before the start"}'
    portal.sandbox.fail(status=status, body=body, on="PATCH" if before else ENROLL)
    receipt = portal.one(made())
    assert isinstance(receipt, Rejected)
    assert "the end is before the start" in receipt.reason


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "x"}',
        '{"errors": ["x"]}',
        '{"message": "Something went wrong"}',
        '{"id": null, "message": "boom"}',
        '{"status": 400}',
        '{"statusCode": "503"}',
        '{"code": 404}',
    ],
)
@pytest.mark.parametrize(("status", "before"), [(201, False), (200, True)])
def test_what_says_an_error_and_no_id_is_no_enrollment(start, made, status, before, body):
    portal = start()
    if before:
        portal.sandbox.enroll()
    portal.sandbox.fail(status=status, body=body, on=CHANGE if before else ENROLL)
    with pytest.raises(ServerError, match="with an error"):
        portal.one(made())


@pytest.mark.parametrize("body", ['{"id": "9", "message": "made"}', '{"id": "9", "status": "completed"}'])
def test_what_has_an_id_is_an_enrollment_whatever_else_it_says(start, made, body):
    portal = start()
    portal.sandbox.fail(status=201, body=body, on=ENROLL)
    assert portal.one(made()) == Delivered(1, "9")


def test_that_an_enrollment_exists_is_told_by_its_code_under_a_good_status_too(start, made):
    portal = start()
    there = portal.sandbox.enroll()
    body = '{"ref": "x", "error_code": "enrollment_exists", "message": "it exists"}'
    portal.sandbox.fail(status=201, body=body, on=ENROLL)
    assert portal.one(made()) == Delivered(1, there["id"])


def test_404_from_something_that_isnt_go1_is_about_the_address(start, made):
    portal = start()
    portal.sandbox.fail(status=404, body="<h1>Not found</h1>", on=ENROLL)
    with pytest.raises(ServerError, match="check the URL"):
        portal.one(made())
    assert portal.asked("/v2") == []


@pytest.mark.parametrize("body", ['{"message": "none"}', '{"error_code": "user_not_found"}'])
def test_404_from_a_wrong_older_address_says_nothing_about_a_learning_object(start, made, body):
    portal = start()
    portal.sandbox.fail(status=404, body=body, on=ENROLL)
    portal.sandbox.fail(status=404, body="<h1>Not found</h1>", on="/v2/users")
    with pytest.raises(ServerError, match="check the URL"):
        portal.one(made())


ROUTERS = [
    '{"message": "no Route matched with those values"}',
    '{"ref": "1", "error_code": "not_found", "message": "Not Found"}',
    '{"statusCode": 404, "message": "Cannot GET /v2/users/501", "error": "Not Found"}',
]


@pytest.mark.parametrize("body", ROUTERS)
def test_a_router_says_nothing_of_a_user(start, made, body):
    portal = start(Behaviour(unknown=404))
    portal.sandbox.fail(status=404, body=body, on="/v2/users")
    with pytest.raises(ServerError, match="404"):
        portal.one(made(), user="99")


@pytest.mark.parametrize("body", ['{"message": "User not found."}', '{"error_code": "user_not_found"}'])
def test_that_a_user_is_missing_is_told_by_naming_one(start, made, body):
    """Wire facts §3.2: the older API's errors aren't described."""
    portal = start(Behaviour(unknown=404))
    portal.sandbox.fail(status=404, body=body, on="/v2/users")
    assert isinstance(portal.one(made(), user="99"), UserUnknown)


def test_an_enrollment_that_is_removed_meanwhile_is_tried_again(start, made):
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=404, on=CHANGE)
    assert isinstance(portal.one(made()), TryLater)


@pytest.mark.parametrize(
    "hits",
    [
        [],
        [{"id": "1"}],
        [{"id": "1", "user_account_id": "502", "lo_id": "777"}],
        [{"id": "1", "user_account_id": "501", "lo_id": "778"}],
        [{"id": None, "user_account_id": "501", "lo_id": "777"}],
        [{"id": ["1"], "user_account_id": "501", "lo_id": "777"}],
        [{"id": "../users?x=#", "user_account_id": "501", "lo_id": "777"}],
    ],
)
def test_nobody_elses_enrollment_is_ever_changed(start, made, hits):
    """A portal that ignores the filters lists what others have."""
    portal = start()
    portal.sandbox.enroll()
    portal.sandbox.fail(status=200, body=json.dumps({"total": len(hits), "hits": hits}), on=FIND)
    assert isinstance(portal.one(made()), TryLater)
    assert portal.asked("/gateway", "PATCH") == []


@pytest.mark.parametrize("end", ["x" * 100_000, "9999-12-31T23:59:59-23:59", [], {}, 1e400])
def test_values_that_nobody_expects_in_an_enrollment_break_nothing(start, made, end):
    portal = start()
    portal.sandbox.enroll()
    hit = {"id": "1", "user_account_id": "501", "lo_id": "777", "status": "completed"}
    body = json.dumps({"total": 1, "hits": [{**hit, "end_date": end, "created_time": end}]})
    portal.sandbox.fail(status=200, body=body.replace("Infinity", "1e300"), on=FIND)
    portal.sandbox.fail(status=200, body="{}", on=CHANGE)
    assert portal.one(made()).delivery == 1


def test_a_huge_answer_isnt_read_to_its_end(start, made):
    portal = start()
    portal.sandbox.fail(status=201, body=b" " * (17 * 1024 * 1024), on=ENROLL)
    with pytest.raises(ServerError, match="16 MiB"):
        portal.one(made())


def test_check_asks_for_a_token_and_for_both_lists_and_changes_nothing(start):
    portal = start()
    portal.check()
    assert [(seen.method, seen.path) for seen in portal.sandbox.requests] == [
        ("POST", "/oauth/token"),
        ("GET", "/gateway/enrollments"),
        ("GET", "/v2/users"),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"client_secret": "wrong-secret"}, "check client id and secret"),
        ({"client_id": "nobody"}, "check client id and secret"),
        ({"scope": "everything"}, "check the scope"),
        ({"scope": "enrollment.read"}, "403.*check their permissions"),
        ({"api_version": "1999-01-01"}, "400.*Api-Version"),
        ({"users_key": "users"}, "'users'"),
    ],
)
def test_check_says_what_is_wrong(start, options, message):
    with pytest.raises(ServerError, match=message):
        start().check(**options)


@pytest.mark.parametrize("option", ["token_url", "gateway_url", "api_url"])
def test_check_finds_a_wrong_address(start, option):
    portal = start()
    with pytest.raises(ServerError, match="404"):
        portal.check(**{option: f"{portal.url}/elsewhere"})


def test_check_passes_where_results_go_but_nobody_may_list_users(start):
    portal = start()
    portal.sandbox.fail(status=501, on="/v2/users")
    portal.check()


def test_check_gets_a_new_token_each_time(start):
    portal = start()

    async def twice(connection):
        await connection.check()
        portal.sandbox.expire()
        await connection.check()

    portal.ask(twice)
    assert len(portal.asked("/oauth/token")) == 2
    assert all(seen.status == 200 for seen in portal.sandbox.requests)


def test_one_token_serves_until_it_expires(start):
    portal = start()

    async def much(connection):
        await connection.check()
        _ = [user async for user in connection.lookup_users(UserQuery())]

    portal.ask(much)
    assert len(portal.asked("/oauth/token")) == 1


def test_the_client_is_sent_as_a_form(start):
    """Wire facts §3.1."""
    portal = start()
    portal.check()
    (asked,) = portal.asked("/oauth/token")
    assert asked.body.startswith(b"grant_type=client_credentials&client_id=sandbox-client&client_secret=")
    assert "authorization" not in asked.headers


def shown(error):
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
@pytest.mark.parametrize("on", [TOKEN, ENROLL, "GET /v2/users"])
def test_no_secret_is_told_however_the_portal_quotes_it(start, made, batched, on, status, caplog):
    caplog.set_level(logging.DEBUG)
    portal = start()
    told = [SECRET]

    async def asked(connection):
        await connection.check()
        told.append(portal.sandbox.requests[-1].headers["authorization"].removeprefix("Bearer "))
        # The token endpoint doesn't see the token, and after a 401 there is another.
        quoted = told[:1] if on == TOKEN or status == 401 else told
        body = json.dumps({"error_code": "x", "message": f"{quoted}, client_secret={SECRET}"})
        portal.sandbox.fail(status=status, body=body, times=3, on=on)
        if on == TOKEN:
            await connection.check()
        elif on == ENROLL:
            raise ServerError(str(await connection.submit_results(batched([made()]))))
        return [user async for user in connection.lookup_users(UserQuery())]

    with pytest.raises((ServerError, CutShort)) as caught:
        portal.ask(asked)
    for secret in told:
        assert secret not in shown(caught.value)
        assert secret not in caplog.text


def test_no_secret_is_in_what_the_connector_shows_of_itself(start):
    portal = start()

    async def seen(connection):
        await connection.check()
        connector = connection.connector
        return repr(
            [connector.options, vars(connector), vars(connector._portal), vars(connector._portal._oauth)]
        )

    text = portal.ask(seen)
    assert "client_id='sandbox-client'" in text
    token = portal.sandbox.requests[-1].headers["authorization"].removeprefix("Bearer ")
    assert SECRET not in text
    assert token not in text
