"""What `passback sso explain` makes of a copied token: the names in it, and all that is wrong with it."""

import json
from datetime import timedelta

import pytest

from passback import Sample


@pytest.fixture
def read(fake, clock):
    def read(body, at=None, **options):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return fake(**options).connection.read_sample(Sample(body=body, at=at or clock.now()))

    return read


def problems(reading):
    return {each.what for each in reading.observations if each.verdict == "problem"}


def test_a_good_token_says_what_a_sign_in_would(read, provider, sign):
    reading = read(f"\n {sign(provider.id_token(firstName='Ada'))} \n".encode())
    assert reading.assertion.attributes["firstName"] == ("Ada",)
    assert reading.assertion.subject == "u-1"
    assert problems(reading) == set()
    assert not provider.asked


def test_claims_alone_and_an_answer_of_the_token_endpoint_will_do(read, provider, sign):
    claims = provider.id_token(firstName="Ada")
    for body in (claims, {"id_token": sign(claims), "access_token": "x"}):
        reading = read(body)
        assert reading.assertion.attributes["firstName"] == ("Ada",)
        assert problems(reading) == set()


def test_everything_that_is_wrong_is_said_at_once_and_no_value(read, provider, sign, clock):
    token = sign(
        provider.id_token(iss="https://evil.example", aud=["them", "more"], name="Ada Lovelace"),
        b"key",
        "HS256",
        crit=["x"],
    )
    reading = read(token.encode(), clock.now() + timedelta(days=3))
    assert problems(reading) == {"alg", "crit", "iss", "aud", "azp", "exp", "iat"}
    assert reading.assertion.attributes["name"] == ("Ada Lovelace",)
    shown = repr(reading.observations)
    assert not any(value in shown for value in ("evil", "them", "Ada", "u-1"))
    assert "Ada" not in repr(reading)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no signed JWT"),
        (b"hello", "no signed JWT"),
        (b"a.b.c.d.e", "encrypted"),
        (b'{"sub":"a","sub":"b"}', "twice"),
        (b"{", "no JSON object"),
        (b"\xff\xfe", "no signed JWT"),
    ],
)
def test_what_cant_be_read_is_said(read, body, said):
    reading = read(body)
    assert reading.assertion is None
    assert said in " ".join(each.said for each in reading.observations)


def test_a_subject_that_is_missing_is_said_by_its_name(read, provider):
    reading = read(provider.id_token(), subject="employeeId")
    assert reading.assertion is None
    assert problems(reading) == {"employeeId"}


def test_what_an_administrator_should_know_is_said(read, provider):
    claims = provider.id_token(
        sub="ada@example.org", realm_access={"roles": []}, more={"a": 1}, _claim_names={"groups": "x"}
    )
    reading = read(claims, nested=["more.a"])
    said = {each.what: (each.verdict, each.said) for each in reading.observations}
    assert said["subject"][0] == "warning"
    assert said["groups"][0] == "warning"
    assert "nested" in said["realm_access"][1]
    assert "more" not in said
    assert "isn't in a sample" in said["userinfo"][1]
    assert "isn't checked" in said["signature"][1]
    assert "ada@" not in repr(reading)


def test_a_preset_says_what_it_misses(read, provider):
    tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
    options = {"provider_preset": "entra", "issuer": None, "tenants": [tenant], "authority": provider.url}
    reading = read(provider.id_token(), **options)
    assert problems(reading) == {"tid", "oid", "iss", "tid+oid"}
    assert reading.assertion is None


def test_a_claims_name_cant_take_over_a_terminal(read, provider):
    name = "\x1b[2J" + "n" * 5000
    reading = read(provider.id_token(**{name: {"a": 1}}, _claim_names={name: "x"}))
    assert all(each.what.isprintable() and len(each.what) <= 100 for each in reading.observations)
