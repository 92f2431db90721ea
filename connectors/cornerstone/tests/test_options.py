"""A connection that can't work is refused when it's configured, in words that help, without its secrets."""

import pytest
from pydantic import ValidationError

from passback_cornerstone import CornerstoneOptions

CALLBACK = {"key": "us", "secret": "hush-hush"}
GOOD = {"url": "https://acme.csod.com", "callback": CALLBACK}


def configured(**changes):
    return CornerstoneOptions.model_validate(GOOD | changes)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.csod.com", "https://acme.csod.com"),
        (" https://ACME.csod.com/ ", "https://acme.csod.com"),
        ("https://acme.csod.com:8443", "https://acme.csod.com:8443"),
        ("http://127.0.0.1:9", "http://127.0.0.1:9"),
    ],
)
def test_the_portal_is_taken_as_people_paste_it(url, origin):
    assert configured(url=url).url == origin


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "acme.csod.com"}, "https://acme.csod.com"),
        ({"url": "https://acme.csod.com/LMS"}, "https://acme.csod.com"),
        ({"url": "https://acme.csod.com?x=1"}, "https://acme.csod.com"),
        ({"url": "https://us:hush-hush@acme.csod.com"}, "leave user name and password out"),
        ({"url": "https://acme.csod.com:port"}, "https://acme.csod.com"),
        ({"url": "https://[acme"}, "https://acme.csod.com"),
        ({"url": "ftp://acme.csod.com"}, "https://acme.csod.com"),
        ({"hosts": ["acme.csod.com/x"]}, "expected a host"),
        ({"hosts": ["user@acme.csod.com"]}, "expected a host"),
        ({"callback": None}, "callback, api: missing"),
        ({"callback": CALLBACK | {"key": "a:b"}}, "no colon"),
        ({"callback": CALLBACK | {"suffix": "@evil.example"}}, "suffix"),
        ({"callback": CALLBACK | {"path": "services"}}, "path"),
        ({"courses": {"a": "x" * 51}}, "courses"),
        ({"courses": {"a": "a b"}}, "courses"),
        ({"courses": {"a": "x", "b": "x"}}, "two activities have one course id"),
        ({"sub_domain": "acme"}, "sub_domain"),
    ],
)
def test_what_cannot_work_is_refused_and_no_secret_is_shown(change, said):
    with pytest.raises(ValidationError) as raised:
        configured(**change)
    assert said in str(raised.value)
    assert "hush-hush" not in str(raised.value)


def test_secrets_are_not_shown():
    api = {"client_id": "c", "client_secret": "hush-hush"}
    assert "hush-hush" not in repr(configured(api=api)) + str(configured(api=api))


@pytest.mark.parametrize(
    ("api", "scope"),
    [
        ({}, "employee:read transcript:update"),
        ({"email_view": True}, "employee:read transcript:update vw_rpt_user:read"),
        (
            {"progress": True},
            "employee:read transcript:update learningassignment:read learningassignment:update",
        ),
        ({"scope": "all"}, "all"),
    ],
)
def test_a_token_is_asked_for_what_the_options_need(csod, sent, api, scope):
    csod.submit(sent(), callback=None, api=api)
    (token,) = [seen for seen in csod.sandbox.requests if seen.path.endswith("/token")]
    assert f'"scope":"{scope}"'.encode() in token.body
