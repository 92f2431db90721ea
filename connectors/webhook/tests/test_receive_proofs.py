"""Whoever sends to us proves themselves, by a token, the secret or a signature; nobody else gets in."""

import base64
import json
import logging
from datetime import timedelta
from urllib.parse import quote_plus

import pytest

from passback import Connection, Received
from passback_webhook import WebhookOptions

SECRET = "a-secret-of-the-platform"
OTHER = "another-secret-of-theirs"
SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
NEXT = "whsec_" + "QUJD" * 10
EVENT = {
    "event": "course_completed",
    "user": "E-1001",
    "course": "crane-1",
    "last_activity": "2025-01-02T03:04:04Z",
}
GRANT = {"grant_type": "client_credentials"}
FORM = "application/x-www-form-urlencoded"


def basic(name, secret):
    return f"Basic {base64.b64encode(f'{name}:{secret}'.encode()).decode()}"


def token(gate, secret=SECRET):
    received = gate.ask(GRANT | {"client_secret": secret}, path="token")
    assert received.status == 200, received.body
    return received.body["access_token"]


def status(gate, bearer=None, **headers):
    given = {"authorization": None if bearer is None else f"Bearer {bearer}"} | headers
    return gate.ask(EVENT, **given).status


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (
            f"grant_type=client_credentials&client_id=tiq&client_secret={SECRET}".encode(),
            {"content_type": FORM},
        ),
        (f"client_secret={SECRET}&grant_type=client_credentials&scope=".encode(), {"content_type": FORM}),
        (GRANT | {"client_id": "tiq", "client_secret": SECRET}, {}),
        (GRANT | {"client_secret": SECRET}, {"content_type": "application/json; charset=UTF-8"}),
        (b"grant_type=client_credentials", {"content_type": FORM, "authorization": basic("tiq", SECRET)}),
        (GRANT, {"authorization": basic("", SECRET)}),
    ],
)
def test_a_token_is_given_to_the_secret_however_it_is_sent(gate, body, headers):
    received = gate().ask(body, path="token", **headers)
    assert received.status == 200, received.body
    assert received.results == ()
    assert received.headers["cache-control"] == "no-store"
    assert received.body == {
        "access_token": received.body["access_token"],
        "token_type": "Bearer",
        "expires_in": 3600,
    }


@pytest.mark.parametrize("encoded", [quote_plus, str])
def test_in_basic_a_secret_may_be_encoded_as_in_a_form_or_not(gate, encoded):
    """RFC 6749 §2.3.1 wants it encoded, and many don't know."""
    secret = "100%+safe/secret:of=them"
    opened = gate(secrets=[secret])
    headers = {"authorization": basic(encoded("the client"), encoded(secret))}
    assert opened.ask(GRANT, path="token", **headers).status == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (GRANT | {"client_secret": OTHER}, {}, 401, "invalid_client"),
        (GRANT, {}, 401, "invalid_client"),
        (GRANT | {"client_secret": ""}, {}, 401, "invalid_client"),
        (GRANT | {"client_secret": [SECRET]}, {}, 401, "invalid_client"),
        (GRANT, {"authorization": "Basic !!"}, 401, "invalid_client"),
        (GRANT, {"authorization": basic("tiq", OTHER)}, 401, "invalid_client"),
        (GRANT, {"authorization": f"Bearer {SECRET}"}, 401, "invalid_client"),
        ({"client_secret": SECRET}, {}, 400, "invalid_request"),
        ({"client_secret": SECRET, "grant_type": "password"}, {}, 400, "unsupported_grant_type"),
        (GRANT | {"client_secret": SECRET}, {"authorization": basic("a", SECRET)}, 400, "invalid_request"),
        (GRANT | {"client_secret": SECRET}, {"content_type": "text/plain"}, 400, "invalid_request"),
        (GRANT | {"client_secret": SECRET}, {"content_type": None}, 400, "invalid_request"),
        ([GRANT], {}, 400, "invalid_request"),
        (b'{"client_secret": "a", "client_secret": "b"}', {}, 400, "invalid_request"),
        (b"client_secret=a&client_secret=b", {"content_type": FORM}, 400, "invalid_request"),
        (b"client_secret=%ff", {"content_type": FORM}, 400, "invalid_request"),
        (b"[" * 10_000, {}, 400, "invalid_request"),
        (b" " * 100_000 + b"{}", {}, 400, "invalid_request"),
    ],
)
def test_a_request_for_a_token_is_refused_as_rfc_6749_has_it(gate, body, headers, status, code):
    received = gate().ask(body, path="token", **headers)
    assert (received.status, received.body["error"]) == (status, code)
    assert received.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in received.headers) == (status == 401)
    assert SECRET not in str(received)


def test_a_token_is_asked_for_with_post(gate):
    assert gate().ask(path="token", method="GET").status == 405


def test_a_client_that_is_named_must_be_the_one(gate):
    opened = gate(client_id="tiq")
    for name, expected in (("tiq", 200), ("other", 401), ("", 401)):
        fields = GRANT | {"client_secret": SECRET, "client_id": name}
        assert opened.ask(fields, path="token").status == expected
        assert opened.ask(GRANT, path="token", authorization=basic(name, SECRET)).status == expected


def test_one_configuration_serves_the_token_and_the_secret_itself(gate):
    opened = gate(header="X-Tiq-Key")
    assert status(opened, token(opened)) == 200
    assert status(opened, SECRET) == 200
    assert status(opened, x_tiq_key=SECRET) == 200
    assert opened.ask(EVENT, authorization=f"bearer  {SECRET}").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": SECRET},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {OTHER}"},
        {"authorization": f"Bearer {SECRET}x"},
        {"authorization": f"Basic {SECRET}"},
        {"authorization": "Bearer \udcff"},
        {"authorization": "Bearer é"},
        {"x_tiq_key": OTHER},
        {"x_tiq_key": ""},
        {"x_key": SECRET},
    ],
)
def test_without_a_proof_nothing_is_taken_and_nothing_is_told(gate, headers, caplog):
    received = gate(header="X-Tiq-Key").ask(EVENT, **headers)
    assert (received.status, received.results) == (401, ())
    assert received.headers["www-authenticate"].startswith("Bearer")
    assert SECRET not in f"{received}{caplog.text}"
    assert "401" in caplog.text


def test_a_token_is_good_in_every_process_until_it_expires(gate):
    given, there = gate(lifetime=60), gate(lifetime=60)
    bearer = token(given)
    assert status(there, bearer) == 200
    there.clock.time += timedelta(seconds=59)
    assert status(there, bearer) == 200
    there.clock.time += timedelta(seconds=1)
    assert status(there, bearer) == 401


def test_a_token_is_good_for_its_connection_and_client_alone(gate):
    bearer = token(gate())
    assert status(gate("other"), bearer) == 401
    assert status(gate(client_id="tiq"), bearer) == 401


def test_who_takes_a_secret_away_ends_its_tokens(gate):
    bearer = token(gate())
    assert status(gate(secrets=[SECRET, OTHER]), bearer) == 200
    assert status(gate(secrets=[OTHER, SECRET]), bearer) == 200
    assert status(gate(secrets=[OTHER]), bearer) == 401


def test_a_token_that_is_changed_anywhere_is_none(gate):
    opened = gate()
    bearer = token(opened)
    for at in range(len(bearer)):
        changed = bearer[:at] + ("A" if bearer[at] != "A" else "B") + bearer[at + 1 :]
        assert status(opened, changed) == 401
    for wrong in (bearer[:-1], bearer + "=", bearer + "AAAA", bearer[:32], "." + bearer, "=" * 64):
        assert status(opened, wrong) == 401


@pytest.mark.parametrize(("way", "by_token", "by_secret"), [("token", 200, 401), ("secret", 401, 200)])
def test_one_way_alone_can_be_asked_for(gate, way, by_token, by_secret):
    bearer, opened = token(gate()), gate(ways=[way])
    assert status(opened, bearer) == by_token
    assert status(opened, SECRET) == by_secret
    if way == "secret":
        assert opened.ask(GRANT | {"client_secret": SECRET}, path="token").status == 401


@pytest.mark.parametrize(
    ("receive", "words"),
    [
        ({}, "anybody could send results"),
        ({"secrets": []}, "expected 1 to 4 secrets, got 0"),
        ({"secrets": ["short"]}, "16 to 512 ASCII characters"),
        ({"secrets": ["with a blank in between"]}, "16 to 512 ASCII characters"),
        ({"secrets": [SECRET], "ways": []}, "ways"),
        ({"secrets": [SECRET], "ways": ["token"], "header": "X-Key"}, "header"),
        ({"secrets": [SECRET], "ways": ["secret"], "client_id": "tiq"}, "client_id"),
        ({"signing": {"secrets": [SIGNING]}, "header": "X-Key"}, "header"),
        ({"signing": {"secrets": ["whsec_AAAA"]}}, "24 to 64 random bytes"),
        ({"secrets": [SECRET], "header": "Content-Type"}, "written by the connector"),
        ({"secrets": [SECRET], "lifetime": 1}, "greater than or equal to 60"),
        ({"secrets": [SECRET], "items": "boby"}, "did you mean 'body'"),
        ({"secrets": [SECRET], "result": {"kind": "event"}}, "did you mean 'sent'"),
        ({"secrets": [SECRET], "events": {"done": "finished"}}, "'completed'"),
    ],
)
def test_a_mistake_is_told_when_the_configuration_loads_without_a_secret(receive, words):
    with pytest.raises(ValueError, match="receive") as refused:
        WebhookOptions.model_validate({"receive": receive})
    assert words in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_connection_sends_or_receives_or_both():
    with pytest.raises(ValueError, match="url: missing"):
        WebhookOptions.model_validate({})
    with pytest.raises(ValueError, match="without it nothing is sent, and events has no effect"):
        WebhookOptions.model_validate({"receive": {"secrets": [SECRET]}, "events": ["completed"]})


def test_a_connection_that_only_receives_asks_nothing_and_sends_nothing(start, made):
    api = start()
    options = {"url": None, "auth": {"kind": "none"}, "receive": {"secrets": [SECRET]}}
    api.check(**options)
    assert api.one(made(), **options).remote_id is None
    assert api.seen("/") == []


def test_no_repr_and_no_log_shows_a_secret_or_a_token(gate, caplog):
    caplog.set_level(logging.DEBUG)
    opened = gate(signing={"secrets": [SIGNING]})
    bearer = token(opened)
    said = [repr(opened.options), str(opened.options), repr(opened.connection)]
    said += [str(opened.ask(b"{", authorization=f"Bearer {each}")) for each in (bearer, SECRET, bearer[:-1])]
    said.append(caplog.text)
    for secret in (SECRET, SIGNING, bearer, bearer[:-1]):
        assert not any(secret in each for each in said)


def test_what_expressions_see_has_none_of_the_proofs(gate):
    texts = "to_string(headers)"
    opened = gate(header="X-Tiq-Key", result={"learner": {"id": texts}})
    result = opened.one(EVENT, x_tiq_key=SECRET, cookie="a=b", x_other="seen", webhook_signature="v1,x")
    assert json.loads(result.learner.id) == {"content-type": "application/json", "x-other": "seen"}


def test_a_connection_that_receives_nothing_says_so(start):
    connection = start().connection()
    assert isinstance(connection, Connection)
    with pytest.raises(Exception, match="nothing is to be received"):
        connection.receive_results(Received())
