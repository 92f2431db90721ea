"""How requests prove themselves, and that no way of it shows its secret."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from passback import (
    AddressPolicy,
    AlreadyThere,
    Batch,
    CannotConnect,
    Delivered,
    Delivery,
    ServerError,
)
from passback_webhook.sandbox import BadSignature, Behaviour, verify
from passback_webhook.signing import signature_headers

ONE = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER = "whsec_" + "QUJD" * 10
SECRETS = {"auth.password": "p4ssw0rd!", "auth.key": "k3y-k3y-k3y", "auth.client_secret": "cl13nt-s3cret"}
VECTOR_BODY = b'{"type":"completion.recorded","timestamp":"2025-01-01T00:00:00Z","data":{"id":"c-1"}}'
VECTOR = "v1,pI6FvK7k7KM123kEH4v57n4itZ+2/7/W1nGv71mKPeU="
VECTOR_TIME = datetime(2025, 1, 1, tzinfo=UTC)
KEY = b"0123456789abcdef0123456789abcdef"


def batch_of(result):
    return Batch(deliveries=(Delivery(id=1, result=result),))


@pytest.mark.parametrize("auth", ["none", "basic", "key", "oauth2"])
def test_each_way_is_accepted_and_its_absence_refused(start, made, auth):
    api = start(Behaviour(auth=auth))
    assert api.one(made()) == Delivered(1, "r-0")
    if auth != "none":
        with pytest.raises(ServerError, match="doesn't accept the credentials"):
            api.one(made(), auth={"kind": "none"})


@pytest.mark.parametrize(
    ("auth", "wrong"),
    [
        ("basic", {"password": SECRETS["auth.password"]}),
        ("key", {"key": SECRETS["auth.key"]}),
        ("oauth2", {"client_secret": SECRETS["auth.client_secret"]}),
    ],
)
def test_a_wrong_secret_is_a_server_error_that_doesnt_show_it(start, made, caplog, auth, wrong):
    caplog.set_level(logging.DEBUG)
    api = start(Behaviour(auth=auth))
    with pytest.raises(ServerError) as failure:
        api.one(made(), auth=api.auth() | wrong)
    assert failure.value.status == 401
    assert "check" in str(failure.value)
    for secret in SECRETS.values():
        assert secret not in f"{failure.value} {failure.value!r} {caplog.text}"


@pytest.mark.parametrize("header", ["X-Customer", "Authorization", "X-Api-Key"])
def test_a_key_that_is_quoted_back_isnt_shown_whatever_its_header_is_called(start, made, header):
    api = start(Behaviour(auth="none"))
    key = SECRETS["auth.key"]
    api.sandbox.fail(status=500, body=f"bad key {key}")
    with pytest.raises(ServerError) as failure:
        api.one(made(), auth={"kind": "key", "header": header, "key": key})
    assert api.seen()[0].headers[header.lower()] == key
    assert key not in str(failure.value)
    assert "bad key •••" in str(failure.value)


def test_a_key_can_have_a_prefix(start, made):
    api = start(Behaviour(auth="none"))
    api.one(made(), auth={"kind": "key", "prefix": "Token ", "key": "k3y-k3y"})
    assert api.seen()[0].headers["authorization"] == "Token k3y-k3y"


def test_no_repr_and_no_mistake_of_options_shows_a_secret(start):
    api = start(Behaviour(auth="none"))
    for auth in ({"kind": "basic", "username": "u"}, {"kind": "key"}, {"kind": "oauth2"}):
        for wrong in ({}, {"nope": 1}, {"token_url": "x", "username": "a:b", "header": "a b"}):
            given = auth | {place.partition(".")[2]: secret for place, secret in SECRETS.items()} | wrong
            with pytest.raises(ValueError, match="auth") as mistake:
                api.options(auth=given)
            assert not any(secret in str(mistake.value) for secret in SECRETS.values())
    options = api.options(auth={"kind": "key", "key": SECRETS["auth.key"]}, signing={"secrets": [ONE]})
    assert SECRETS["auth.key"] not in repr(options)
    assert ONE not in repr(options)


@pytest.mark.parametrize("send", ["basic", "form", "json"])
def test_the_token_is_got_in_each_way_that_endpoints_know(start, made, send):
    api = start(Behaviour(client_auth=(send,), parameters={"scope": "results.write", "audience": "api"}))
    auth = api.auth() | {"send": send, "scope": "results.write", "audience": "api"}
    assert api.one(made(), auth=auth) == Delivered(1, "r-0")


def test_a_token_that_is_revoked_is_got_anew_and_nothing_is_lost(start, made):
    api = start()

    async def over_time(connection):
        await connection.submit_results(batch_of(made(1)))
        api.sandbox.revoke_tokens()
        return await connection.submit_results(batch_of(made(2)))

    assert api.ask(over_time) == [Delivered(1, "r-2")]
    assert api.sandbox.tokens_given == 2
    assert len(api.sandbox.messages) == 2


def test_many_results_at_once_ask_for_one_token(start, made):
    api = start()

    async def at_once(connection):
        await asyncio.gather(*(connection.submit_results(batch_of(made(n))) for n in range(10)))

    api.ask(at_once)
    assert api.sandbox.tokens_given == 1
    assert len(api.sandbox.messages) == 10


def test_the_address_policy_holds_for_every_request(start, made):
    api = start(Behaviour(auth="none"))
    strict = AddressPolicy(allow_http=True)
    oauth = {"kind": "oauth2", "token_url": f"{api.url}/token", "client_id": "a", "client_secret": "b"}
    for options in ({}, {"auth": oauth}, {"check": {"url": f"{api.url}/me"}}):
        with pytest.raises(CannotConnect, match="not on the public internet"):
            api.check(addresses=strict, **options)
        with pytest.raises(CannotConnect, match="not on the public internet"):
            api.one(made(), addresses=strict, **options)
    assert api.sandbox.requests == []


def test_our_signature_is_the_one_of_the_known_vector():
    """Wire facts §11."""
    headers = signature_headers([KEY], "msg_test_1", VECTOR_TIME, VECTOR_BODY)
    assert headers == {
        "webhook-id": "msg_test_1",
        "webhook-timestamp": "1735689600",
        "webhook-signature": VECTOR,
    }


def test_the_sandboxs_verifier_takes_the_known_vector_and_nothing_near_it():
    good = {"webhook-id": "msg_test_1", "webhook-timestamp": "1735689600", "webhook-signature": VECTOR}
    assert verify([ONE], good, VECTOR_BODY, 1735689600 + 299) == "msg_test_1"
    assert verify([OTHER, ONE], good, VECTOR_BODY, 1735689600) == "msg_test_1"
    rotated = f"v1a,AAAA nonsense v1,!! v1, {VECTOR}"
    assert verify([ONE], good | {"webhook-signature": rotated}, VECTOR_BODY, 1735689600) == "msg_test_1"
    for headers, body, now, secret in [
        (good, VECTOR_BODY, 1735689600 + 301, ONE),
        (good, VECTOR_BODY, 1735689600 - 301, ONE),
        (good, VECTOR_BODY + b" ", 1735689600, ONE),
        (good, VECTOR_BODY, 1735689600, OTHER),
        (good | {"webhook-id": "msg_test_2"}, VECTOR_BODY, 1735689600, ONE),
        (good | {"webhook-timestamp": "1735689601"}, VECTOR_BODY, 1735689600, ONE),
        (good | {"webhook-timestamp": "1735689600.0"}, VECTOR_BODY, 1735689600, ONE),
        (good | {"webhook-signature": VECTOR.replace("v1,", "v2,")}, VECTOR_BODY, 1735689600, ONE),
        (good | {"webhook-signature": ""}, VECTOR_BODY, 1735689600, ONE),
        ({}, VECTOR_BODY, 1735689600, ONE),
    ]:
        with pytest.raises(BadSignature):
            verify([secret], headers, body, now)


@pytest.mark.parametrize("style", ["json", "form", "query"])
def test_the_official_library_verifies_what_we_send(start, made, style):
    api = start(Behaviour(auth="none", style=style))
    receipt = api.one(made(), signing={"secrets": [ONE]}, message={"style": style})
    assert receipt == Delivered(1, "r-0")
    (seen,) = api.seen()
    Webhook(ONE).verify(seen.body, dict(seen.headers), json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(seen.body, dict(seen.headers), json_parse=False)


def test_while_a_secret_is_replaced_both_sign(start, made):
    api = start(Behaviour(auth="none"))
    api.one(made(), signing={"secrets": [ONE, OTHER]})
    (seen,) = api.seen()
    assert len(seen.headers["webhook-signature"].split(" ")) == 2
    for secret in (ONE, OTHER):
        Webhook(secret).verify(seen.body, dict(seen.headers))


def test_a_result_has_the_same_webhook_id_at_every_attempt_so_the_second_changes_nothing(start, made):
    api = start(Behaviour(signing_secrets=(ONE,)))
    signing = {"secrets": [ONE]}
    api.sandbox.cut_after(times=2, on="/events")
    with pytest.raises(CannotConnect):
        api.one(made(), signing=signing)
    receipt = api.one(
        made(), signing=signing, answer={"verdict": "body.duplicate && 'already_there' || `null`"}
    )
    assert receipt == AlreadyThere(1, "r-0")
    assert {seen.headers["webhook-id"] for seen in api.seen()} == {"r-0"}
    assert len(api.sandbox.messages) == 1


@pytest.mark.parametrize("own", ["a.1", "ü", "a\r\nx-evil: 1", " a ", "a" * 1000])
def test_an_id_that_no_header_could_carry_still_gives_one_that_stays_the_same(start, made, own):
    api = start(Behaviour(auth="none", signing_secrets=(ONE,)))
    for _ in range(2):
        assert isinstance(api.one(made(id=own), signing={"secrets": [ONE]}), Delivered)
    first, second = (seen.headers["webhook-id"] for seen in api.seen())
    assert first == second
    assert first.startswith("result-")


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_QUJD", "whsec_!!", "whsec_" + "QUJD" * 30])
def test_a_signing_secret_that_is_none_is_refused_when_the_configuration_loads(start, secret):
    with pytest.raises(ValueError, match=r"signing.secrets.0\n.*24 to 64 random bytes in base64"):
        start(Behaviour(auth="none")).options(signing={"secrets": [secret]})


def test_a_wrong_signing_secret_is_a_server_error(start, made):
    api = start(Behaviour(auth="none", signing_secrets=(OTHER,)))
    with pytest.raises(ServerError, match="doesn't accept the credentials"):
        api.one(made(), signing={"secrets": [ONE]})
