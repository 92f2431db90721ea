"""A mistake in the options is told when they load, with its place; and what is written can be read again."""

import json

import pytest
from pydantic import ValidationError

from passback_webhook import WebhookOptions

GOOD = {"url": "https://api.example.com/results"}


def refusal(**options):
    with pytest.raises(ValidationError) as refused:
        WebhookOptions.model_validate(GOOD | options)
    (detail,) = refused.value.errors(include_input=False)
    return ".".join(str(part) for part in detail["loc"]), detail["msg"]


@pytest.mark.parametrize(
    ("options", "place", "words"),
    [
        ({"user": "lerner.id"}, "user", "did you mean 'learner'"),
        ({"message": {"body": {"a": {"b": ["now", "nou"]}}}}, "message.body", "a.b[1]: there is no 'nou'"),
        ({"message": {"body": "{a: nou}"}}, "message.body", "there is no 'nou'"),
        ({"message": {"headers": {"X-A": "acme"}}}, "message.headers.X-A", "in single quotes"),
        ({"message": {"headers": {"Content-Type": "'x'"}}}, "message.headers", "written by the connector"),
        ({"message": {"headers": {"X A": "'x'"}}}, "message.headers", "the name of a header"),
        ({"message": {"headers": {"X\r\nY": "'x'"}}}, "message.headers", "the name of a header"),
        ({"messages": {"finished": {}}}, "messages", "'started'"),
        ({"messages": {"started": {"url": "/x"}}}, "messages.started.url", "expected an address such as"),
        ({"message": {"method": "GET"}}, "", "message.method: GET has no body"),
        ({"message": {"style": "form", "body": ["now"]}}, "", "message.body: expected a table"),
        ({"array": {}, "message": {"style": "form"}}, "", "message.style: with array, messages are json"),
        (
            {"array": {}, "messages": {"started": {"style": "form"}}},
            "",
            "messages.started.style: with array",
        ),
        ({"array": {"results": "body"}}, "array", "success: missing"),
        ({"answer": {"success": "ok"}}, "answer.success", "there is body, headers, status, text"),
        ({"answer": {"verdict": "body.("}}, "answer.verdict", "this is no expression"),
        ({"answer": {"rejected": [99]}}, "answer.rejected.0", "greater than or equal to 200"),
        ({"events": ["completed", "completed"]}, "events", "each event once"),
        ({"events": ["finished"]}, "events.0", "'started'"),
        ({"auth": {"kind": "magic"}}, "auth", "'oauth2'"),
        ({"auth": {"kind": "basic", "username": "a:b", "password": "x"}}, "auth.basic", "no colon"),
        ({"check": {"url": "https://x.example/{user}"}}, "check.url", "without expressions"),
        ({"users": {"url": "https://x.example", "user": {}}}, "users.user.id", "Field required"),
        (
            {"users": {"url": "https://x.example", "user": {"id": "id"}, "paging": {"kind": "next"}}},
            "users.paging",
            "next: missing",
        ),
        (
            {"users": {"url": "https://x.example", "query": {"q": "email"}, "user": {"id": "id"}}},
            "users.query.q",
            "there is query",
        ),
        ({"identity": {"user": "learner.emial"}}, "identity.user", "did you mean 'email'"),
        ({"signing": {"secrets": []}}, "signing.secrets", "expected 1 to 4 secrets, got 0"),
        ({"hint": 1}, "hint", "Extra inputs"),
    ],
)
def test_a_mistake_names_its_place_and_the_way_out(options, place, words):
    where, message = refusal(**options)
    assert where.startswith(place)
    assert words in message


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.com/x",
        "ftp://api.example.com/x",
        "https://",
        "https:///x",
        "https://api.example.com:99999/x",
        "https://a b/x",
        "https://api.example.com/a b",
        "https://api.example.com/x#y",
        "https://api.example.com/{user",
        "https://api.example.com/user}",
        "https://{user}.example.com/x",
        "https://api.{learner.id}/x",
        "https://api.example.com:{score}/x",
        "{user}",
        "https://api.example.com/{usr}",
        "https://api.example.com/{}",
    ],
)
def test_an_address_that_can_be_none_is_refused(url):
    assert refusal(url=url)[0] == "url"


@pytest.mark.parametrize(
    "url",
    [
        "https://us:s3cr3t-pass@api.example.com/x",
        "https://us:s3cr3t-pass@[::1/x",
        "https://us:s3cr3t-pass@api.example.com:99999/x",
        "https://us:s3cr3t-pass\u2100@api.example.com/x",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url):
    where, message = refusal(url=url)
    assert where == "url"
    assert "s3cr3t" not in message


def test_expressions_may_stand_anywhere_behind_the_host():
    for path in ("/{user}", "/u/{learner.external_id}/c/{activity.id}?e={event}", "?u={user}", "/a{id}b"):
        WebhookOptions.model_validate(GOOD | {"url": f"https://api.example.com{path}"})


def test_options_can_be_written_and_read_again():
    options = WebhookOptions.model_validate(
        GOOD
        | {
            "events": ["completed"],
            "message": {"body": {"a": "now", "b": 1}},
            "messages": {"completed": {"absent": "omit"}},
            "answer": {"success": "body.ok"},
        }
    )
    written = json.loads(options.model_dump_json(exclude_unset=True))
    assert WebhookOptions.model_validate(written) == options


def test_the_schema_describes_every_option():
    schema = WebhookOptions.model_json_schema()
    assert all("description" in each for each in schema["properties"].values())
    for definition in schema["$defs"].values():
        for name, each in definition.get("properties", {}).items():
            assert name == "kind" or "description" in each, name
