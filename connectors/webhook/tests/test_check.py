"""The test button proves address and credentials, and changes nothing."""

import pytest

from passback import CannotConnect, RateLimited, ServerError
from passback_webhook.sandbox import Behaviour


@pytest.mark.parametrize("auth", ["none", "basic", "key", "oauth2"])
@pytest.mark.parametrize("at", ["/me", None])
def test_it_passes_where_everything_is_right_and_nothing_is_taken(start, auth, at):
    api = start(Behaviour(auth=auth))
    api.check(**({"check": {"url": f"{api.url}{at}"}} if at else {}))
    assert api.sandbox.messages == []
    assert {seen.method for seen in api.sandbox.requests if seen.path != "/token"} == {"GET"}


def test_signed_connections_sign_it_too(start):
    api = start(Behaviour(auth="none"))
    api.check(signing={"secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]})
    assert api.seen()[0].headers["webhook-signature"].startswith("v1,")


@pytest.mark.parametrize(
    ("auth", "wrong"),
    [("basic", {"password": "no"}), ("key", {"key": "no"}), ("oauth2", {"client_secret": "no"})],
)
def test_wrong_credentials_are_told(start, auth, wrong):
    api = start(Behaviour(auth=auth))
    with pytest.raises(ServerError, match="check") as failure:
        api.check(auth=api.auth() | wrong, check={"url": f"{api.url}/me"})
    assert failure.value.status == 401


def test_the_client_is_proven_anew_each_time(start):
    """A token that is kept says nothing of a secret that was withdrawn since."""
    api = start()

    async def twice(connection):
        await connection.check()
        await connection.check()

    api.ask(twice)
    assert api.sandbox.tokens_given == 2


@pytest.mark.parametrize("status", [301, 401, 403, 410, 500, 503])
def test_what_refuses_the_way_fails_it(start, status):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status)
    with pytest.raises(ServerError):
        api.check()


@pytest.mark.parametrize("status", [404, 405, 406, 411, 415])
def test_an_address_that_only_takes_messages_may_refuse_to_be_read(start, status):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status)
    api.check()


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {}),
        (422, {}),
        (404, {"rejected": [404]}),
        (200, {"success": "body.ok"}),
        (404, {"verdict": "body.error && 'rejected'"}),
    ],
)
def test_an_address_that_answers_a_look_as_it_refuses_a_result_vouches_for_nothing(start, status, answer):
    """Some answer so to everything while the credentials are wrong."""
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status, body='{"error": "invalid key"}', on="/events")
    with pytest.raises(ServerError, match=r"can't be told from .* check\.url .*invalid key") as failure:
        api.check(answer=answer)
    assert failure.value.status == status
    api.check(answer=answer, check={"url": f"{api.url}/me"})


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {"rejected": [422]}),
        (200, {"success": "body.error"}),
        (404, {"user_unknown": [404]}),
        (200, {"success": "abs(body)"}),
    ],
)
def test_an_address_that_answers_a_look_otherwise_than_it_refuses_a_result_vouches(start, status, answer):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status, body='{"error": "nothing to read"}')
    api.check(answer=answer)


def test_a_page_for_whoever_looks_refuses_nothing(start):
    api = start(Behaviour(auth="none"))
    api.sandbox.html()
    api.check(answer={"success": "body.ok"})


@pytest.mark.parametrize("status", [204, 400, 404, 405])
def test_an_address_of_its_own_may_not(start, status):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=status, on="/me", body="")
    if status == 204:
        api.check(check={"url": f"{api.url}/me"})
    else:
        with pytest.raises(ServerError):
            api.check(check={"url": f"{api.url}/me"})


def test_an_expression_can_look_inside(start):
    api = start(Behaviour(auth="none"))
    api.check(check={"url": f"{api.url}/me", "success": "body.ok"})
    api.sandbox.html(on="/me")
    with pytest.raises(ServerError, match=r"not as check\.success has it"):
        api.check(check={"url": f"{api.url}/me", "success": "body.ok"})
    with pytest.raises(ServerError, match="can't be understood"):
        api.check(check={"url": f"{api.url}/me", "success": "abs(body)"})


def test_an_address_with_places_to_fill_is_tried_up_to_the_first(start):
    api = start(Behaviour(auth="none"))
    api.check(url=f"{api.url}/events/x{{user}}/y?z={{id}}")
    assert api.seen()[0].path == "/events/"
    assert api.seen()[0].query == ""


def test_a_wish_to_slow_down_and_an_address_where_nobody_is_are_told(start):
    api = start(Behaviour(auth="none"))
    api.sandbox.fail(status=429)
    with pytest.raises(RateLimited):
        api.check()
    with pytest.raises(CannotConnect):
        api.check(url="http://127.0.0.1:9/")
