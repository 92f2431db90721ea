"""The rules the sandbox holds a client to, broken over a real socket; test_4_2 is wire facts §4.2."""

import ast
import ssl
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from passback_stackone.sandbox import CORNERSTONE, DISTRIBUTION, GO1, Behaviour

TLS = ssl.create_default_context()  # one for all: to make one takes longer than most tests
USERS = "/unified/lms/users"
ANA = f"{USERS}/c28x0001"
COMPLETION = {"learning_object_external_reference": "ladder-1", "completed_at": "2025-01-02T03:04:05.000Z"}


@pytest.fixture
def raw(start):
    """Start a sandbox; return a client for it that has its credentials."""
    with ExitStack() as stack:

        def made(behaviour=None, **changes):
            like = replace(behaviour or Behaviour(), **changes)
            headers = {"x-account-id": like.account_id}
            url = start(like).url
            given = {"base_url": url, "auth": (like.api_key, ""), "headers": headers}
            return stack.enter_context(httpx2.Client(**given, timeout=5, verify=TLS))

        yield made


def status(answer):
    """Return the status of an error, which must be told as StackOne tells it (§4.4)."""
    body = answer.json()
    assert body["statusCode"] == answer.status_code
    assert isinstance(body["message"], str)
    assert body["timestamp"].endswith("Z")
    assert (answer.status_code == 400) == ("provider_errors" in body)
    return answer.status_code


def test_4_1_the_key_is_the_user_name_and_the_password_is_empty(raw):
    client = raw()
    assert client.get(USERS).status_code == 200
    for auth in (("other", ""), ("sandbox-key", "x"), ("", "sandbox-key")):
        assert status(client.get(USERS, auth=auth)) == 401
    for header in ("Bearer sandbox-key", "Basic", "Basic ä", "Basic c2FuZGJveC1rZXk="):
        answer = client.get(USERS, headers={"Authorization": header.encode()}, auth=None)
        assert status(answer) == 401


def test_4_1_the_account_is_compulsory(raw):
    for behaviour, expected in ((Behaviour(), 400), (Behaviour(missing_account_status=401), 401)):
        assert status(raw(behaviour).get(USERS, headers={"x-account-id": ""})) == expected
    assert status(raw().get(USERS, headers={"x-account-id": "other"})) == 404


def test_4_1_content_distribution_has_no_users(raw):
    client = raw(DISTRIBUTION)
    for path in (USERS, ANA, f"{ANA}/completions", "/unified/lms/completions"):
        assert status(client.get(path)) == 501
    assert client.post(f"{USERS}/anybody/completions", json=COMPLETION).status_code == 201


def test_4_2_users_come_in_pages(raw):
    client = raw()
    pages, cursor = [], None
    while not pages or cursor:
        page = client.get(USERS, params={"next": cursor} if cursor else {}).json()
        pages.append([user["id"] for user in page["data"]])
        cursor = page["next"]
    assert [len(page) for page in pages] == [25, 25, 25, 8]
    assert len({user for page in pages for user in page}) == 83


def test_4_2_a_user_is_shown_as_the_schema_says(raw):
    client = raw()
    user = client.get(ANA).json()["data"]
    assert set(user) == {
        *("id", "remote_id", "external_reference", "email", "name", "active", "phone_number"),
        *("created_at", "updated_at", "unified_custom_fields"),
    }
    assert status(client.get(f"{USERS}/nobody")) == 404
    users = client.get(USERS).json()["data"]
    assert {repr(user["active"]) for user in users} == {"True", "'true'", "'false'"}


@pytest.mark.parametrize("size", ["0", "-1", "101", "x", "1.5", "", "9" * 30])
def test_4_2_a_page_has_a_size(raw, size):
    assert status(raw().get(USERS, params={"page_size": size})) == 400


def test_4_2_a_cursor_is_of_one_list_and_its_filters(raw):
    client = raw(GO1)
    cursor = client.get(USERS, params={"filter[updated_after]": "2020-01-01T00:00:00Z"}).json()["next"]
    assert status(client.get(USERS, params={"next": cursor})) == 400
    assert status(client.get(f"{ANA}/completions", params={"next": cursor})) == 400
    assert status(client.get(USERS, params={"next": "made-up"})) == 400
    again = {"filter[updated_after]": "2020-01-01T00:00:00Z", "next": cursor}
    assert client.get(USERS, params=again).status_code == 200


def test_4_2_a_cursor_may_die(raw):
    client = raw(cursor_seconds=0)
    cursor = client.get(USERS).json()["next"]
    assert status(client.get(USERS, params={"next": cursor})) == 400


def test_4_2_a_parameter_must_be_one(raw):
    client = raw()
    for name in ("email", "filter[name]", "limit", "filter"):
        assert status(client.get(USERS, params={name: "x"})) == 400
    twice = [("filter[email]", "a"), ("filter[email]", "b")]
    assert status(client.get(USERS, params=twice)) == 400
    assert status(client.get(f"{ANA}/completions", params={"filter[email]": "x"})) == 400
    assert client.get(USERS, params={"proxy[x]": "y", "raw": "false", "page": "1"}).status_code == 200


def test_4_2_the_address_filters_where_the_system_can(raw):
    asked = {"filter[email]": "shared@EXAMPLE.com"}
    assert [user["id"] for user in raw(GO1).get(USERS, params=asked).json()["data"]] == [
        "c28x0002",
        "c28x0083",
    ]
    assert len(raw().get(USERS, params=asked).json()["data"]) == 25
    for refusal in (400, 501):
        assert status(raw(unknown_filter=refusal).get(USERS, params=asked)) == refusal
    asked = {"filter[external_reference]": "E-1030"}
    assert [user["id"] for user in raw().get(USERS, params=asked).json()["data"]] == ["c28x0030"]


def test_4_2_only_the_fields_that_are_asked_for_come(raw):
    assert raw().get(USERS, params={"fields": "id,email"}).json()["data"][0] == {
        "id": "c28x0001",
        "email": "user1@example.com",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"completed_at": "2025-01-02"},
        {"completed_at": "2025-01-02T03:04:05"},
        {"completed_at": "2025-13-02T03:04:05Z"},
        {"completed_at": 1735786800},
        {"result": "Pass"},
        {"result": {"value": "Passed"}},
        {"result": {"value": True}},
        {"result": {"score": 9}},
        {"time_spent": 90},
        {"time_spent": "90"},
        {"time_spent": "P"},
        {"time_spent": "PT"},
        {"time_spent": "1:30:00"},
        {"passthrough": []},
        {"passthrough": "a=b"},
        {"learning_object_external_reference": 7},
        {"learning_object_external_reference": None},
        {"learning_object_external_reference": ""},
        {"user_id": "c28x0001"},
        {"completedAt": "2025-01-02T03:04:05Z"},
    ],
)
def test_4_3_a_completion_has_its_form(raw, change):
    client = raw()
    assert status(client.post(f"{ANA}/completions", json=COMPLETION | change)) == 400
    assert client.get(f"{ANA}/completions").json()["data"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"completed_at": None, "result": None, "passthrough": None, "time_spent": None},
        {"completed_at": "2025-01-02T03:04:05+01:00", "time_spent": "P1DT1H30M45.5S"},
        {"result": {"value": "Fail", "source_value": [1, {"a": None}]}, "passthrough": {"a": ["b", "c"]}},
        {"result": {"value": None, "source_value": None}},
        {"content_external_reference": "old", "learning_object_external_reference": None},
        {"learning_object_id": "e3gd34"},
    ],
)
def test_4_3_what_the_schema_allows_is_taken(raw, change):
    client = raw()
    answer = client.post(f"{ANA}/completions", json=COMPLETION | change)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["statusCode"], set(told["data"])) == (201, {"id", "remote_id"})


def test_4_3_a_body_is_a_json_object(raw):
    client = raw()
    headers = {"content-type": "application/json"}
    for body in (b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000):
        assert status(client.post(f"{ANA}/completions", content=body, headers=headers)) == 400
    assert status(client.post(f"{ANA}/completions", data={"completed_at": "x"})) == 400


def test_4_3_a_completion_can_be_read_and_deleted(raw):
    client = raw()
    number = client.post(f"{ANA}/completions", json=COMPLETION).json()["data"]["id"]
    place = f"{ANA}/completions/{number}"
    assert client.get(place).json()["data"]["user_id"] == "c28x0001"
    assert client.get("/unified/lms/completions").json()["data"] == [client.get(place).json()["data"]]
    assert status(client.get(f"{USERS}/c28x0002/completions/{number}")) == 404
    assert client.delete(place).json()["statusCode"] == 200
    assert status(client.get(place)) == 404
    assert status(client.delete(place)) == 404


def test_4_3_the_user_and_the_learning_object_must_be_there(raw):
    client = raw(content=frozenset({"crane-1"}))
    assert status(client.post(f"{USERS}/nobody/completions", json=COMPLETION)) == 404
    assert status(client.get(f"{USERS}/nobody/completions")) == 404
    assert status(client.post(f"{ANA}/completions", json=COMPLETION)) == 404


@pytest.mark.parametrize(
    "change", [{"progress": 101}, {"progress": True}, {"status": {"value": "done"}}, {"x": 1}]
)
def test_4_3_an_assignment_has_its_form(raw, change):
    client = raw()
    body = {"learning_object_external_reference": "l", "progress": 50, "status": {"value": "in_progress"}}
    assert status(client.post(f"{ANA}/assignments", json=body | change)) == 400
    number = client.post(f"{ANA}/assignments", json=body).json()["data"]["id"]
    assert client.get(f"{ANA}/assignments/{number}").json()["data"]["progress"] == 50
    assert status(client.delete(f"{ANA}/assignments/{number}")) == 405
    assert status(raw(takes_progress=False).post(f"{ANA}/assignments", json=body)) == 501


def test_4_3_cornerstone_wants_the_query_of_the_launch(raw):
    client = raw(CORNERSTONE)
    path = f"{USERS}/random/completions"
    query = {"userGuid": "g", "sessionToken": "t", "callbackUrl": "/c"}
    for name in query:
        passthrough = {each: text for each, text in query.items() if each != name}
        assert status(client.post(path, json=COMPLETION | {"passthrough": passthrough})) == 400
    assert status(client.post(path, json=COMPLETION)) == 400
    assert client.post(path, json=COMPLETION | {"passthrough": query}).status_code == 201


def test_4_4_nothing_tells_a_repeated_completion(raw):
    client = raw()
    headers = {"idempotency-key": "1"}
    ids = {
        client.post(f"{ANA}/completions", json=COMPLETION, headers=headers).json()["data"]["id"] for _ in "ab"
    }
    assert len(ids) == 2


def test_4_4_an_integration_may_be_disabled(raw):
    client = raw(enabled=False)
    assert status(client.get(USERS)) == 412
    assert status(client.post(f"{ANA}/completions", json=COMPLETION)) == 412


def test_4_4_a_key_has_so_many_requests_a_minute(raw):
    client = raw(per_minute=3)
    assert [client.get(USERS).status_code for _ in "abc"] == [200] * 3
    answer = client.get(USERS)
    assert status(answer) == 429
    assert 50 <= int(answer.headers["retry-after"]) <= 60


def test_4_4_any_other_address_has_nothing(raw):
    client = raw()
    assert status(client.get("/unified/lms/nothing")) == 404
    assert status(client.get(f"{ANA}/nothing")) == 404
    assert status(client.put(USERS)) == 405


def test_a_slash_in_an_id_parts_nothing(raw):
    client = raw(DISTRIBUTION, reads_completions=True)
    assert client.post(f"{USERS}/a%2Fb/completions", json=COMPLETION).status_code == 201
    assert client.get(f"{USERS}/a%2Fb/completions").json()["data"][0]["user_id"] == "a/b"


def test_the_command_is_explained_by_itself():
    command = [sys.executable, "-m", "passback_stackone.sandbox", "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    for preset in ("tenant", "go1", "distribution", "cornerstone"):
        assert preset in shown


def test_it_stands_on_the_stage_alone():
    """It shares no code with the connector, and needs nothing of Passback's core."""
    source = Path(__file__).parent.parent / "src" / "passback_stackone" / "sandbox"
    for file in source.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and "passback" in (node.module or ""):
                assert node.module.startswith(("passback_stackone.sandbox", "passback.sandbox")), file
