"""The sandbox is strict: what a careful customer's API would refuse, it refuses."""

import asyncio
import json
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from importlib.metadata import entry_points
from itertools import takewhile

import pytest

from passback import HTTP, AddressPolicy, Delivered, Learner, UserQuery, UserUnknown, basic_auth
from passback.sandbox import BadAnswer
from passback_webhook.sandbox import PEOPLE, Behaviour, Person, Sandbox, Sender, six_events

GOOD = {
    "event": "completed",
    "id": "r-1",
    "sent_at": "2025-01-02T03:04:05Z",
    "user": "u",
    "activity": "a",
    "last_activity": "2025-01-02T03:04:05Z",
}
TOKEN = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}


def ask(base, method, path, **given):
    async def asked():
        http = HTTP(AddressPolicy(allow_http=True, allow=("127.0.0.0/8",)))
        try:
            return await http.request(method, f"{base}{path}", **given)
        finally:
            await http.aclose()

    return asyncio.run(asked())


def post(api, body, kind="application/json"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ask(api.url, "POST", "/events", content=content, headers={"content-type": kind})


@pytest.fixture
def api(start):
    return start(Behaviour(auth="none"))


def test_a_good_message_is_taken_once(api):
    first, again = post(api, GOOD).json(), post(api, GOOD).json()
    assert (first["ok"], first["duplicate"]) == (True, False)
    assert (again["ok"], again["duplicate"], again["number"]) == (True, True, first["number"])
    assert (len(api.sandbox.messages), api.sandbox.repeated) == (1, ["r-1"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": None}, "event"),
        ({"event": 1}, "event"),
        ({"score": "70"}, "score"),
        ({"score": 70.5}, "score"),
        ({"score": True}, "score"),
        ({"percentage_complete": "0.5"}, "percentage_complete"),
        ({"other": 1}, "other"),
    ],
)
def test_a_field_that_is_missing_unknown_or_of_another_kind_is_refused(api, change, field):
    answer = post(api, GOOD | change)
    assert answer.status == 422
    assert answer.json()["error"].startswith(f"{field}:")
    assert api.sandbox.messages == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a": NaN}', b'{"a": 1e999}', b"[" * 100_000, b'{"id": 1, "id": 2}', b"[]", b"1"],
)
def test_what_is_no_object_in_json_is_refused(api, body):
    assert post(api, body).status in (400, 422)


def test_another_content_type_is_refused(api):
    assert post(api, GOOD, "text/plain").status == 415


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({}, 200, None),
        ({"client_secret": "no"}, 401, "invalid_client"),
        ({"client_id": "no"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
@pytest.mark.parametrize("way", ["json", "basic"])
def test_a_token_is_given_to_the_client_alone(start, change, status, error, way):
    api = start()
    fields = TOKEN | change
    headers = {}
    if way == "basic":
        headers["authorization"] = basic_auth(fields.pop("client_id"), fields.pop("client_secret"))
        headers["content-type"] = "application/x-www-form-urlencoded"
        content = f"grant_type={fields['grant_type']}".encode()
        answer = ask(api.url, "POST", "/token", headers=headers, content=content)
    else:
        answer = ask(api.url, "POST", "/token", json=fields)
    assert answer.status == status
    assert answer.json().get("error") == error


def test_a_scope_that_is_expected_must_be_asked_for(start):
    api = start(Behaviour(parameters={"scope": "a"}))
    assert ask(api.url, "POST", "/token", json=TOKEN).json()["error"] == "invalid_scope"
    assert ask(api.url, "POST", "/token", json=TOKEN | {"scope": "a"}).status == 200


def test_an_expired_token_and_a_made_up_one_are_refused(start):
    api = start(Behaviour(lifetime=-1))
    token = ask(api.url, "POST", "/token", json=TOKEN).json()["access_token"]
    for given in (token, "made-up"):
        assert ask(api.url, "GET", "/me", headers={"authorization": f"Bearer {given}"}).status == 401


def test_a_message_about_nobody_is_refused(start):
    api = start(Behaviour(auth="none", users=(Person(id=1, mail="a@b.c", number="u"),)))
    assert post(api, GOOD).status == 200
    assert post(api, GOOD | {"user": "other"}).status == 404


def test_it_can_say_everything_with_200(start):
    api = start(Behaviour(auth="none", says="body"))
    answer = post(api, {})
    assert (answer.status, answer.json()["ok"]) == (200, False)


@pytest.mark.parametrize("query", ["page=x", "page="])
def test_a_page_that_is_no_number_is_refused(start, query):
    assert ask(start(Behaviour(auth="none")).url, "GET", f"/users?{query}").status == 400


def test_what_it_is_told_to_fail_is_said_in_its_own_words(api):
    api.sandbox.fail(status=503, headers={"Retry-After": "7"})
    answer = post(api, GOOD)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert answer.json() == {"ok": False, "code": "told_to_fail", "error": "the sandbox was told to fail"}


def pasted(guide):
    """Return the one connection of the configuration with which a guide begins."""
    text, _, _ = guide.partition("\nMessages ")
    (connection,) = tomllib.loads(text)["connections"].values()
    return connection


@pytest.mark.parametrize("like", Sandbox.presets)
def test_the_configuration_that_it_gives_serves_messages_check_and_look_ups(start, made, like):
    api = start(Sandbox.presets[like]().behaviour)
    given = pasted(api.sandbox.guide(api.url))
    assert given["network"] == {"allow_http": True, "allow": ["127.0.0.0/8"]}
    options = given["options"]
    api.check(**options)
    assert api.one(made(learner=Learner(id="7", external_id="E-1001")), **options) == Delivered(1, "m-1")
    assert api.one(made(1), **options) == UserUnknown(1, "there is no such user")
    found = api.users(UserQuery(), **options)
    assert [(user.email, user.active) for user in found] == [(each.mail, each.id < 3) for each in PEOPLE]
    assert [user.id for user in api.users(UserQuery(external_id="E-1002"), **options)] == ["2"]


def test_one_that_knows_nobody_says_that_anybody_will_do(start):
    guide = start(Behaviour(auth="none")).sandbox.guide("http://127.0.0.1:9")
    assert "Messages may be about anybody." in guide
    assert set(pasted(guide)["options"]["auth"]) == {"kind"}
    assert "users" not in pasted(guide)["options"]


def test_it_is_offered_by_name():
    (offered,) = entry_points(group="passback.sandboxes.v1", name="webhook")
    assert offered.load() is Sandbox


def test_it_runs_in_the_foreground_and_shows_each_request():
    command = [sys.executable, "-m", "passback_webhook.sandbox", "--like", "none", "--fault", "429@/me"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            given = pasted(
                "".join(takewhile(lambda line: "send URL" not in line, process.stdout)).partition("\n")[2]
            )
            assert given["options"]["auth"] == {"kind": "none"}
            base = given["options"]["url"].removesuffix("/events")
            assert [ask(base, "GET", "/me?a=b").status for _ in range(2)] == [429, 200]
            assert [process.stdout.readline() for _ in range(3)] == [
                "\n",
                "GET    /me → 429\n",
                "GET    /me → 200\n",
            ]
        finally:
            process.terminate()


GRANTED = {"access_token": "abc", "token_type": "Bearer", "expires_in": 60}
KEPT_NOWHERE = {"Content-Type": "application/json", "Cache-Control": "no-store"}


@pytest.mark.parametrize(
    ("status", "headers", "said", "words"),
    [
        (201, KEPT_NOWHERE, GRANTED, "expected 200"),
        (400, KEPT_NOWHERE, {"error": "invalid_client"}, "invalid_client"),
        (200, KEPT_NOWHERE | {"Content-Type": "text/html"}, GRANTED, "application/json"),
        (200, {"Content-Type": "application/json"}, GRANTED, "no-store"),
        (200, KEPT_NOWHERE, "nothing", "no object"),
        (200, KEPT_NOWHERE, GRANTED | {"access_token": "a b"}, "access_token"),
        (200, KEPT_NOWHERE, GRANTED | {"token_type": "mac"}, "token_type"),
        (200, KEPT_NOWHERE, GRANTED | {"expires_in": "60"}, "expires_in"),
        (200, KEPT_NOWHERE, GRANTED | {"expires_in": 0}, "expires_in"),
    ],
)
def test_the_sender_takes_no_token_that_isnt_as_rfc_6749_has_it(api, status, headers, said, words):
    api.sandbox.fail(status=status, headers=headers, body=json.dumps(said), on="/token")
    with pytest.raises(BadAnswer, match=words):
        Sender(api.url, "secret").token()


@pytest.mark.parametrize("status", [300, 302, 400, 500])
def test_the_sender_wants_an_answer_of_2xx(api, status):
    api.sandbox.fail(status=status, headers={"Location": f"{api.url}/me"})
    with pytest.raises(BadAnswer, match=f"expected an answer of 2xx, got {status}"):
        Sender(api.url, "secret", way="secret").send(six_events("a", "c", datetime.now(UTC)))
    assert len(api.seen("/")) == 1
