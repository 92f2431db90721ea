"""What a provider publishes: believed only where it fits, kept for an hour (sso.md §1.3, J14)."""

import asyncio

import pytest
from joserfc.errors import SecurityWarning
from joserfc.jwk import RSAKey
from starlette.responses import RedirectResponse

from passback import HTTP, CannotConnect, Connection, RateLimited, ServerError, SignInRefused
from passback_oidc import OidcConnector, OidcOptions
from passback_oidc.metadata import _address
from passback_oidc.tokens import read_token

WELL_KNOWN = "/.well-known/openid-configuration"


@pytest.mark.parametrize("issuer", ["{url}/", "{url}.evil.example", "https://evil.example", None, ["{url}"]])
def test_j14_a_document_of_another_issuer_is_refused(fake, provider, issuer):
    desk = fake()
    provider.discovery["issuer"] = issuer.format(url=provider.url) if isinstance(issuer, str) else issuer
    with pytest.raises(ServerError, match="names another issuer"):
        desk.start()


def test_an_issuer_with_a_path_and_a_slash_is_asked_without_the_slash(fake, provider):
    """Discovery §4."""
    provider.path = "/realms/acme/"
    assert fake().sign_in().issuer == f"{provider.url}/realms/acme/"
    assert provider.asked[f"/realms/acme{WELL_KNOWN}"] == 1


def test_j14_plain_http_isnt_asked_unless_it_is_allowed(provider, clock):
    options = OidcOptions(client_id="us", client_auth="none", issuer=provider.url)
    connection = Connection("acme", OidcConnector, options, HTTP(), clock)
    with pytest.raises(CannotConnect, match="not encrypted"):
        asyncio.run(connection.check())
    assert not provider.asked


@pytest.mark.parametrize("path", [WELL_KNOWN, "/jwks", "/token", "/userinfo"])
def test_j14_a_redirect_isnt_followed(fake, provider, path):
    provider.userinfo = {"sub": "u-1"}
    provider.answers[path] = RedirectResponse(f"{provider.url}/elsewhere")
    with pytest.raises(ServerError, match="redirects"):
        fake().sign_in()
    assert not provider.asked["/elsewhere"]


@pytest.mark.parametrize("path", [WELL_KNOWN, "/jwks", "/token", "/userinfo"])
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b" " * (512 * 1024 + 1), "more than 512 KiB"),
        (b"<html>secret</html>", "no JSON object"),
        (b"[]", "no JSON object"),
        (b'{"a":1,"a":1}', "no JSON object"),
        (b"", "no JSON object"),
        (b"\xff{}", "no JSON object"),
    ],
)
def test_j14_what_is_no_object_of_a_sensible_size_is_refused(fake, provider, path, body, said):
    provider.userinfo = {"sub": "u-1"}
    provider.answers[path] = (200, body)
    with pytest.raises(ServerError, match=said) as caught:
        fake().sign_in()
    assert "<html>" not in str(caught.value)


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "given", [None, 7, "", "/auth", "javascript:alert(1)", "https://u:p@x.example/", "https://a b"]
)
def test_an_endpoint_is_an_address(fake, provider, name, given):
    provider.discovery[name] = given
    with pytest.raises(ServerError, match=f"no {name} that can be used"):
        fake().start()


def test_an_encrypted_provider_has_only_encrypted_endpoints():
    """A browser would carry the code in the clear; our own session couldn't see that."""
    with pytest.raises(ServerError, match="no authorization_endpoint"):
        _address({"authorization_endpoint": "http://login.example.com"}, "authorization_endpoint", "https")


@pytest.mark.parametrize(("status", "error"), [(500, ServerError), (404, ServerError), (429, RateLimited)])
@pytest.mark.parametrize("path", [WELL_KNOWN, "/jwks", "/token", "/userinfo"])
def test_a_provider_that_fails_is_no_refusal(fake, provider, path, status, error):
    provider.userinfo = {"sub": "u-1"}
    provider.answers[path] = (status, {})
    with pytest.raises(error):
        fake().sign_in()


def test_a_provider_that_isnt_there_cant_be_asked(fake):
    with pytest.raises(CannotConnect):
        fake(issuer="http://127.0.0.1:1").start()


def test_documents_and_keys_are_kept_for_an_hour(fake, provider, clock):
    desk = fake()
    for minutes, asked in ((0, 1), (59, 1), (2, 2)):
        clock.pass_by(minutes=minutes)
        provider.used.clear()
        provider.claims.clear()
        assert desk.sign_in().subject == "u-1"
        assert (provider.asked[WELL_KNOWN], provider.asked["/jwks"]) == (asked, asked)


def test_j7_an_unknown_key_makes_the_keys_be_loaded_once_more(fake, provider, keys, sign):
    desk = fake()
    assert desk.sign_in().subject == "u-1"
    provider.used.clear()
    provider.published = [keys.next_rsa]
    provider.token = sign(provider.id_token(nonce=desk.departed.kept["nonce"]), keys.next_rsa)
    assert desk.finish(
        {"state": "a-state-that-the-core-made", "code": "SplxlOBeZQQYbYS6WxSbIA"}, desk.departed.kept
    )
    assert provider.asked["/jwks"] == 2


def test_j7_at_most_once_a_minute(fake, provider, keys, sign, clock):
    desk = fake()
    assert desk.sign_in().subject == "u-1"

    def loaded():
        provider.used.clear()
        provider.token = sign(provider.id_token(), keys.attacker, kid="made-up")
        with pytest.raises(SignInRefused, match="signature"):
            desk.sign_in()
        return provider.asked["/jwks"]

    assert [loaded() for _ in range(5)] == [2] * 5
    clock.pass_by(seconds=59)
    assert loaded() == 2
    clock.pass_by(seconds=2)
    assert loaded() == 3


def test_a_key_that_is_gone_signs_nobody_in(fake, provider, keys, clock):
    desk = fake()
    assert desk.sign_in().subject == "u-1"
    provider.published = [keys.next_rsa]
    provider.used.clear()
    clock.pass_by(hours=1)
    provider.claims.clear()
    with pytest.raises(SignInRefused, match="signature"):
        desk.sign_in()


class Changing:
    """Keys that are others each time they're published."""

    def __init__(self, *times):
        self.times = iter(times)

    def __iter__(self):
        return iter(next(self.times))


def test_several_who_come_at_once_ask_once(fake, provider, keys, sign):
    """Also after a change of keys: who waits for another's reload takes its keys."""
    desk = fake()
    ring = desk.connection.connector._keys
    provider.published = Changing([keys.rsa], [keys.next_rsa])
    token = read_token(sign(provider.id_token(), keys.next_rsa))

    async def at_once(_):
        return await asyncio.gather(*(ring.verify(token, f"{provider.url}/jwks") for _ in range(20)))

    assert {key.id for key in desk.ask(at_once)} == {"next"}
    assert provider.asked["/jwks"] == 2


def test_a_key_that_is_too_short_signs_nobody_in(fake, provider, sign):
    with pytest.warns(SecurityWarning, match="2048"):
        short = RSAKey.generate_key(1024, {"kid": "short", "use": "sig"})
    provider.published = [short]
    desk = fake()
    started = desk.start()
    desk.start = lambda: started
    provider.token = sign(provider.id_token(nonce=started.kept["nonce"]), short)
    with pytest.raises(SignInRefused, match="signature"):
        desk.sign_in()


UNUSABLE = [
    {},
    {"kty": "oct", "k": "c2VjcmV0"},
    {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa"},
    {"kty": "RSA", "n": "!", "e": "AQAB"},
    {"kty": "RSA", "n": 7, "e": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
    {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"},
    {"kty": ["RSA"]},
    "rsa",
    None,
]


def test_keys_that_cant_be_used_are_passed_over(fake, provider, keys):
    listed = [*UNUSABLE, keys.rsa.as_dict(private=False)]
    provider.answers["/jwks"] = (200, {"keys": listed})
    assert fake().sign_in().subject == "u-1"


def test_a_key_for_encryption_signs_nothing(fake, provider):
    provider.key_members = {"use": "enc"}
    with pytest.raises(SignInRefused, match="signature"):
        fake().sign_in()


def test_a_key_for_another_algorithm_signs_nothing(fake, provider):
    provider.key_members = {"alg": "RS512"}
    with pytest.raises(SignInRefused, match="signature"):
        fake().sign_in()


@pytest.mark.parametrize("listed", [None, {}, "x"])
def test_a_set_of_keys_is_a_list(fake, provider, listed):
    provider.answers["/jwks"] = (200, {"keys": listed})
    with pytest.raises(ServerError, match="list of keys"):
        fake().sign_in()


def test_a_check_wants_a_key(fake, provider):
    provider.answers["/jwks"] = (200, {"keys": UNUSABLE})
    desk = fake()
    with pytest.raises(ServerError, match="publishes no key"):
        desk.ask(lambda connection: connection.check())


def test_a_check_reads_what_is_published_now(fake, provider):
    desk = fake()
    desk.start()
    desk.ask(lambda connection: connection.check())
    assert provider.asked[WELL_KNOWN] == 2
