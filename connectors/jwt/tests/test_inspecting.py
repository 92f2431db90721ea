"""What an administrator is told: the test button, what a token must be, and a copied token."""

from datetime import UTC, datetime, timedelta

import pytest

from passback import Response, Sample, ServerError
from passback_jwt.inspecting import clock


def seen(connection, made):
    found = connection.ask(lambda it: it.inspect_provider(made.place))
    return [(each.what, each.verdict, each.said) for each in found]


def reading(connection, made, body, **later):
    sample = Sample(body=body if isinstance(body, bytes) else body.encode(), at=made.now + timedelta(**later))
    return connection.connection.read_sample(sample)


def test_a_secret_leaves_nothing_to_ask(gate, issuer):
    gate().ask(lambda it: it.check())
    assert issuer.requests == []


def test_published_keys_pass_the_check_if_one_fits(gate, pairs, issuer):
    connection = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    issuer.keys = [pairs["RS256"].jwk()]
    connection.ask(lambda it: it.check())
    issuer.keys = [pairs["ES256"].jwk()]
    with pytest.raises(ServerError, match="no key"):
        connection.ask(lambda it: it.check())
    assert len(issuer.requests) == 2


def test_what_a_token_must_be_is_told(gate, made):
    found = seen(gate(audience="us"), made)
    assert ("callback", "ok", f"{made.place.callback}, parameter 'jwt'") in found
    assert ("iss", "ok", made.issuer) in found
    assert ("aud", "ok", "us") in found
    assert ("key", "ok", "without a name: shared secret, for HS256") in found
    assert made.secret not in str(found)


def test_what_weakens_a_connection_is_told(gate, made):
    warned = [what for what, verdict, _ in seen(gate(fewest_bytes=16), made) if verdict == "warning"]
    assert warned == ["begun elsewhere", "secret"]
    strict = gate(sign_in_url="https://portal.example/start", require_state=True)
    assert {verdict for _, verdict, _ in seen(strict, made)} == {"ok"}


def test_the_published_keys_are_told(gate, made, pairs, issuer):
    issuer.keys = [pairs["RS256"].jwk(kid="one"), pairs["EdDSA"].jwk(), "no key", {"kty": "XY"}, {}]
    found = seen(gate(secret=None, algorithms=["RS256", "ES256"], jwks_url=issuer.url), made)
    assert ("key", "ok", "one: RSA 2048, for PS256, RS256") in found
    assert ("key", "ok", "without a name: Ed25519, for EdDSA") in found
    assert ("key", "problem", "there is none for ES256") in found
    assert found[-1][0] == "clock"


@pytest.mark.parametrize(
    ("off", "verdict"), [(0, "ok"), (30, "ok"), (31, "warning"), (-121, "problem"), (None, "ok")]
)
def test_a_clock_that_is_off_is_told(off, verdict):
    at = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    date = "no date" if off is None else (at + timedelta(seconds=off)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    answer = Response(status=200, headers={"date": date}, body=b"", asked="GET /", received=at)
    assert clock(answer).verdict == verdict


def test_a_copied_token_is_read_without_asking_anybody(gate, made, pairs, issuer):
    local = reading(gate(), made, made.token(firstName="Ana") + "\n")
    assert (local.assertion.subject, local.assertion.attributes["firstName"]) == ("u-1", ("Ana",))
    assert [(each.what, each.verdict) for each in local.observations] == [("signature", "ok")]
    remote = gate(secret=None, algorithms=["RS256"], jwks_url=issuer.url)
    found = reading(remote, made, made.token(pairs["RS256"].private, "RS256"))
    assert found.assertion.subject == "u-1"
    assert found.observations[-1].said.startswith("not checked")
    assert issuer.requests == []


@pytest.mark.parametrize(
    "around", ["jwt={}", "state=x&jwt={}", "https://host.example/callback?jwt={}&state=x#y"]
)
def test_a_token_may_be_copied_with_the_form_or_the_address_that_brought_it(gate, made, around):
    found = reading(gate(), made, around.format(made.token()))
    assert found.assertion.subject == "u-1"
    assert [(each.what, each.verdict) for each in found.observations] == [("signature", "ok")]


def test_all_that_a_copied_token_would_be_refused_for_is_told_without_its_values(gate, made):
    given = made.token("another-secret-of-at-least-32-bytes", aud="TOP-SECRET", iss="https://TOP-SECRET")
    found = reading(gate(), made, given, hours=1)
    assert found.assertion.subject == "u-1"
    problems = [each.what for each in found.observations if each.verdict == "problem"]
    assert problems == ["iss", "aud", "iat", "exp", "signature"]
    assert "TOP-SECRET" not in str(found.observations)


def test_a_copied_token_that_names_nobody_is_still_read(gate, made):
    found = reading(gate(), made, made.token(sub=None))
    assert found.assertion is None
    assert [each.what for each in found.observations if each.verdict == "problem"] == ["sub"]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"eyJ.TOP-SECRET", b"a.b.c.d.e"])
def test_what_is_no_token_is_told_as_that(gate, made, body):
    found = reading(gate(), made, body)
    assert found.assertion is None
    (only,) = found.observations
    assert only.verdict == "problem"
    assert "TOP-SECRET" not in only.said
