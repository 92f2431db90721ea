"""What an administrator may enter, and what they are told where it can't be."""

import pytest
from pydantic import ValidationError

from passback_go1 import Go1Options

CLIENT = {"client_id": "us", "client_secret": "top-secret"}


def test_client_and_secret_are_enough():
    options = Go1Options.model_validate(CLIENT)
    assert options.gateway_url == "https://gateway.go1.com"
    assert options.api_url == "https://api.go1.com/v2"
    assert options.token_url == "https://auth.go1.com/oauth/token"
    assert options.api_version == "2025-01-01"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://gateway.go1.com/", "https://gateway.go1.com"),
        (" https://gateway.go1.com/a/ ", "https://gateway.go1.com/a"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ],
)
def test_an_address_is_taken_as_people_paste_it(given, meant):
    assert Go1Options.model_validate(CLIENT | {"gateway_url": given}).gateway_url == meant


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("client_id", "", "at least 1 character"),
        ("gateway_url", "gateway.go1.com", "expected an address"),
        ("gateway_url", "ftp://gateway.go1.com", "expected an address"),
        ("gateway_url", "https://", "expected an address"),
        ("gateway_url", "https://gate way.go1.com", "expected an address"),
        ("gateway_url", "https://[gateway", "expected an address"),
        ("gateway_url", "https://a:99999/", "expected an address"),
        ("gateway_url", "https://us:top-secret@gateway.go1.com", "leave user name and password out"),
        ("api_url", "https://api.go1.com/v2?key=top-secret", "without"),
        ("api_url", "https://api.go1.com/v2#x", "without"),
        ("api_version", "latest", "pattern"),
        ("enrollment_type", "forced", "self-directed"),
        ("assigner", "501", "enrollment_type = assigned"),
        ("login_answer", "one_time_token", "portal: missing"),
        ("portal", "https://acme.mygo1.com", "name of a host"),
        ("portal", "acme.mygo1.com/x", "name of a host"),
        ("portal", "@evil.example", "name of a host"),
        ("learning_objects", {"a": "x-1"}, "ids of learning objects"),
        ("learning_objects", {"a": ""}, "ids of learning objects"),
        ("learning_objects", {"a": "7", "b": "7"}, "one activity for each learning object"),
        ("webhook_secrets", [""], "1 to 64 characters"),
        ("webhook_secrets", ["top-secret" * 7], "1 to 64 characters"),
        ("webhook_secrets", ["top-secret"] * 5, "at most 4"),
        ("identity_attribute", "", "at least 1 character"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_what_cant_be_is_refused_with_what_was_expected_and_no_secret(option, value, message):
    with pytest.raises(ValidationError, match=message) as caught:
        Go1Options.model_validate(CLIENT | {option: value})
    assert "top-secret" not in str(caught.value)


def test_secrets_arent_shown():
    options = Go1Options.model_validate(CLIENT | {"webhook_secrets": ["top-secret-too"]})
    assert "top-secret" not in repr(options)


def test_every_option_is_described():
    assert all(field.description for field in Go1Options.model_fields.values())
