"""What an ID token must say before it signs anybody in (sso.md §1.3, J8 to J10)."""

import json

import pytest

from passback import SignInRefused

DAY = 24 * 3600


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": "https://evil.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"iss": ["{issuer}"]}, "iss"),
        ({"iss": "{issuer}/"}, "iss"),
        ({"iss": "{issuer}.evil.example"}, "iss"),
        ({"aud": "them"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": "US"}, "aud"),
        ({"aud": "us us"}, "aud"),
        ({"aud": {"us": 1}}, "aud"),
        ({"aud": ["us", 7]}, "aud"),
        ({"aud": ["us", "them"]}, "azp"),
        ({"aud": ["us", "them"], "azp": "them"}, "azp"),
        ({"azp": "them"}, "azp"),
        ({"exp": None}, "exp"),
        ({"exp": "{soon}"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": -61}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": 61}, "iat"),
        ({"iat": "now"}, "iat"),
        ({"nbf": 61}, "nbf"),
        ({"nbf": "now"}, "nbf"),
        ({"nbf": None, "nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": 7}, "nonce"),
    ],
)
def test_j8_j9_each_claim_must_say_what_it_must(desk, claims, why, refused):
    now = int(desk.clock.now().timestamp())
    for name, value in claims.items():
        if name in {"exp", "iat", "nbf"} and type(value) is int:
            claims = claims | {name: now + value}
        elif isinstance(value, str):
            claims = claims | {name: value.format(issuer=desk.provider.url, soon=now + 300)}
        elif isinstance(value, list):
            claims = claims | {
                name: [str(v).format(issuer=desk.provider.url) if v != 7 else v for v in value]
            }
    desk.provider.claims |= claims
    refused(desk, f"^{why}: ")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["us"]},
        {"aud": ["them", "us"], "azp": "us"},
        {"azp": "us"},
        {"exp": -59},
        {"iat": 59},
        {"nbf": 59},
        {"exp": 0.5},
    ],
)
def test_j8_clocks_may_differ_by_a_minute_and_audiences_be_several(desk, claims):
    now = int(desk.clock.now().timestamp())
    times = {name: now + value for name, value in claims.items() if name in {"exp", "iat", "nbf"}}
    desk.provider.claims |= claims | times
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize("sub", [None, "", " ", "\t", 7, ["u-1"], "u\n1", "u\u00001", True])
def test_j10_a_subject_is_text_that_names_somebody(desk, sub):
    desk.provider.claims["sub"] = sub
    with pytest.raises(SignInRefused, match=r"^sub: the ID token doesn't say|JSON"):
        desk.sign_in()


@pytest.mark.parametrize("age", [DAY + 61, 40 * DAY])
def test_j10_a_token_of_yesterday_is_refused_however_long_it_lasts(desk, age, refused):
    now = int(desk.clock.now().timestamp())
    desk.provider.claims |= {"iat": now - age, "exp": now + 300}
    refused(desk, "older than a day")


def test_j10_a_token_of_today_is_not(desk):
    now = int(desk.clock.now().timestamp())
    desk.provider.claims |= {"iat": now - DAY}
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize(
    "more",
    [
        '"sub":"u-2"',
        '"a":{"b":1,"b":2}',
        '"a":NaN',
        '"a":-Infinity',
        '"a":"\\u0000"',
        '"a":{"\\u0000":1}',
        '"a":1e999',
        '"a":"\\ud800"',
        '"a":' + "[" * 3000 + "]" * 3000,
    ],
)
def test_j10_what_two_readers_would_read_differently_is_refused(desk, sign, more, refused):
    """The signature is good: a provider that lets people set claims could be made to sign it."""
    desk.provider.token = sign(json.dumps(desk.provider.id_token())[:-1] + f",{more}}}")
    refused(desk, "JSON")
