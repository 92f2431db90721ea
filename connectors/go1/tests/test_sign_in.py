"""One-time logins: an address that is a credential, for one person, once."""

import json
import logging
import traceback

import pytest

from passback import Account, Activity, ConnectionFailure, Learner, RateLimited, ServerError, SignInRequest
from passback_go1.sandbox import Behaviour

LOGIN = "POST /v2/users/501/login"
LADDER = Activity(id="https://example.com/ladder")
TABLE = {"https://example.com/ladder": "777"}


def asking(made, user="501", activity=LADDER, by="email"):
    account = None if user is None else Account(user_id=user, matched_by=by, checked=made().at)
    return SignInRequest(learner=Learner(id="u-1"), account=account, activity=activity)


def test_a_browser_is_sent_to_the_learning_object_and_signed_in_once(start, made, raw):
    portal = start()
    signed = portal.sign_in(asking(made), learning_objects=TABLE)
    (asked,) = portal.asked("/v2")
    assert (asked.method, asked.path, asked.query) == (
        "POST",
        "/v2/users/501/login",
        "redirect_url=%2Fplay%2F777",
    )
    assert raw.get(signed.url).text == "signed in as 501 at /play/777"
    assert raw.get(signed.url).status_code == 403
    assert (signed.fields, signed.expires) == ((), None)


def test_without_an_activity_it_is_the_first_page(start, made, raw):
    portal = start()
    signed = portal.sign_in(asking(made, activity=None))
    assert raw.get(signed.url).text == "signed in as 501 at /"
    assert portal.asked("/v2")[0].query == ""


def test_a_portal_that_gives_only_a_token_needs_its_host(start, made):
    """Wire facts §3.5: which of the two it gives is inferred."""
    portal = start(Behaviour(login_answer="one_time_token"))
    more = {"login_answer": "one_time_token", "portal": "acme.mygo1.com", "learning_objects": TABLE}
    signed = portal.sign_in(asking(made), **more)
    assert signed.url.startswith("https://acme.mygo1.com/play/777?oneTimeToken=")
    body = json.dumps({"one_time_token": "a b&c=/#"})
    portal.sandbox.fail(status=200, body=body, on=LOGIN)
    signed = portal.sign_in(asking(made, activity=None), **more)
    assert signed.url == "https://acme.mygo1.com/?oneTimeToken=a+b%26c%3D%2F%23"


@pytest.mark.parametrize(("user", "by"), [(None, "email"), ("x-1", "anonymous"), ("../x", "email")])
def test_who_has_no_account_isnt_signed_in(start, made, user, by):
    portal = start()
    with pytest.raises(ConnectionFailure, match="look the learner up"):
        portal.sign_in(asking(made, user, by=by), learning_objects=TABLE)
    assert portal.sandbox.requests == []


def test_an_activity_without_a_learning_object_is_told(start, made):
    with pytest.raises(ConnectionFailure, match="learning_objects"):
        start().sign_in(asking(made))


def test_a_user_that_is_gone_is_told(start, made):
    with pytest.raises(ServerError, match="look the learner up again"):
        start().sign_in(asking(made, "99", None))


def test_an_inactive_user_isnt_let_in(start, made):
    with pytest.raises(ServerError, match="403"):
        start().sign_in(asking(made, "503", None))


@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_a_refusal_is_the_connections(start, made, status):
    portal = start()
    portal.sandbox.fail(status=status, times=2, on=LOGIN)
    with pytest.raises(ServerError) as caught:
        portal.sign_in(asking(made, activity=None))
    assert caught.value.status == status


def test_being_asked_to_slow_down_is_told(start, made):
    portal = start()
    portal.sandbox.fail(status=429, headers={"Retry-After": "7"}, on=LOGIN)
    with pytest.raises(RateLimited):
        portal.sign_in(asking(made, activity=None))


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        7,
        ["https://acme.mygo1.com/TOKEN"],
        "javascript:alert('TOKEN')",
        "//acme.mygo1.com/TOKEN",
        "/play/777?oneTimeToken=TOKEN",
        "https:acme.mygo1.com/TOKEN",
        "https:///TOKEN",
        "https://acme.mygo1.com@evil.example/TOKEN",
        "https://acme.mygo1.com\\@evil.example/TOKEN",
        "https://evil.example\\.acme.mygo1.com/TOKEN",
        "https://acme.mygo1.com/\r\nSet-Cookie: TOKEN",
        " https://acme.mygo1.com/TOKEN",
        "https://acme.mygo1.com:99999/TOKEN",
        "https://[acme/TOKEN",
        "ftp://acme.mygo1.com/TOKEN",
        "https://acme.mygo1.com/TOKEN" + "x" * 9000,
    ],
)
def test_no_browser_is_sent_to_what_is_no_address_and_none_is_quoted(start, made, url):
    portal = start()
    portal.sandbox.fail(status=200, body=json.dumps({"url": url}), on=LOGIN)
    with pytest.raises(ServerError) as caught:
        portal.sign_in(asking(made, activity=None))
    assert "TOKEN" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("status", [200, 201, 202, 203])
@pytest.mark.parametrize("body", ['"TOKEN"', '{"token": "TOKEN"}', "TOKEN", '{"url": "TOKEN'])
def test_an_answer_that_isnt_understood_isnt_quoted(start, made, status, body):
    portal = start()
    portal.sandbox.fail(status=status, body=body, on=LOGIN)
    with pytest.raises(ServerError) as caught:
        portal.sign_in(asking(made, activity=None))
    assert "TOKEN" not in str(caught.value)


def test_the_address_is_shown_nowhere(start, made, caplog):
    caplog.set_level(logging.DEBUG)
    signed = start().sign_in(asking(made, activity=None))
    assert signed.url not in repr(signed)
    assert signed.url.partition("oneTimeToken=")[2] not in caplog.text
