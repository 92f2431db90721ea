"""The connector before a provider that is made up, and before a real one."""

import asyncio
import base64
import hmac
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey, OKPKey, RSAKey
from starlette.requests import Request
from starlette.responses import Response

from passback import (
    HTTP,
    AddressPolicy,
    Connection,
    Incoming,
    SignInPlace,
    SignInReturn,
    SignInStart,
    Timeouts,
)
from passback.sandbox import serve
from passback_oidc import OidcConnector, OidcOptions

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)
PLACE = SignInPlace(
    callback="https://host.example/passback/sso/acme/callback",
    metadata="https://host.example/passback/sso/acme/metadata",
    signed_out="https://host.example/passback/sso/acme/signed-out",
)
STATE = "a-state-that-the-core-made"
SECRET = "s3cr3t of our + client"
CODE = "SplxlOBeZQQYbYS6WxSbIA"
ACCESS = "access-token-of-ada"


class Times:
    """A clock that stands until it's moved."""

    def __init__(self):
        self.at = AT

    def now(self):
        return self.at

    def pass_by(self, **much):
        self.at += timedelta(**much)


@pytest.fixture
def clock():
    return Times()


@pytest.fixture(scope="session")
def place():
    return PLACE


@pytest.fixture
def query_of():
    """Return the query of an address; each name must stand in it once."""
    return parameters


@pytest.fixture(scope="session")
def desk_type():
    """A connection to a provider, for tests that have one of their own."""
    return Desk


@pytest.fixture(scope="session")
def keys():
    return Keys


@pytest.fixture
def sign():
    """Make ID tokens as a provider or an attacker does."""
    return signed


class Keys:
    """A provider's key pairs; made once, as that takes time."""

    rsa = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
    next_rsa = RSAKey.generate_key(2048, {"kid": "next", "use": "sig"})
    attacker = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
    ec = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
    ed = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature(data, key, algorithm):
    """Sign as RFC 7518 and RFC 8037 say: an attacker isn't held back by a library, so neither is a test."""
    if isinstance(key, bytes):
        return hmac.digest(key, data, f"sha{algorithm[2:]}")
    private = key.private_key
    if algorithm.startswith("Ed"):
        return private.sign(data)
    digest = SHA256()
    if algorithm == "ES256":
        r, s = decode_dss_signature(private.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(32) + s.to_bytes(32)
    pss = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
    return private.sign(data, pss if algorithm == "PS256" else padding.PKCS1v15(), digest)


def signed(claims, key=Keys.rsa, algorithm="RS256", **header):
    """Return an ID token of `claims`, or of the text that they are; unsigned without a key."""
    given = {"alg": algorithm, "kid": getattr(key, "kid", "rsa"), **header}
    given = {name: value for name, value in given.items() if value is not None}
    text = claims if isinstance(claims, str) else json.dumps(claims)
    data = f"{b64(json.dumps(given).encode())}.{b64(text.encode())}"
    return f"{data}.{b64(signature(data.encode(), key, algorithm)) if key is not None else ''}"


class FakeProvider:
    """An OpenID provider that is as strict as the standard, and signs what a test tells it to."""

    base = ""

    def __init__(self, clock):
        self.clock = clock
        self.url = ""
        self.path = ""
        self.asked = Counter()
        self.reset()

    def reset(self):
        self.asked.clear()
        self.requests, self.used = [], set()
        self.published = [Keys.rsa, Keys.ec, Keys.ed]
        self.claims = {}
        self.token = None
        self.answers = {}
        self.discovery = {}
        self.userinfo = None
        self.challenge = None
        self.key_members = {}

    @property
    def issuer(self):
        return f"{self.url}{self.path}"

    def document(self):
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/auth?brand=acme",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo" if self.userinfo is not None else None,
            "end_session_endpoint": f"{self.url}/logout",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.discovery,
        }
        return {name: value for name, value in said.items() if value is not None}

    def id_token(self, **claims):
        at = int(self.clock.now().timestamp())
        said = {
            "iss": self.issuer,
            "sub": "u-1",
            "aud": "us",
            "exp": at + 300,
            "iat": at,
            **self.claims,
            **claims,
        }
        return {name: value for name, value in said.items() if value is not None}

    async def app(self, scope, receive, send):
        request = Request(scope, receive)
        path = request.url.path
        body = await request.body()
        self.asked[path] += 1
        self.requests.append((path, dict(request.headers), body))
        answer = self.answers.get(path) or self.answer(path, request, body)
        if not isinstance(answer, Response):
            status, said = answer
            text = said if isinstance(said, bytes) else json.dumps(said).encode()
            answer = Response(text, status, media_type="application/json")
        await answer(scope, receive, send)

    def answer(self, path, request, body):
        if path.endswith("/.well-known/openid-configuration"):
            return 200, self.document()
        if path == "/jwks":
            public = [{**key.as_dict(private=False), **self.key_members} for key in self.published]
            return 200, {"keys": public}
        if path == "/token":
            return self.exchanged(dict(parse_qsl(body.decode())))
        if path == "/userinfo":
            known = request.headers.get("authorization") == f"Bearer {ACCESS}"
            return (200, self.userinfo) if known else (401, {"error": "invalid_token"})
        return 404, {}

    def exchanged(self, fields):
        if fields.get("code") != CODE or CODE in self.used or fields["redirect_uri"] != PLACE.callback:
            return 400, {"error": "invalid_grant", "error_description": f"{SECRET} {fields.get('code')}"}
        self.used.add(CODE)
        token = self.token if self.token is not None else signed(self.id_token())
        return 200, {"id_token": token, "access_token": ACCESS, "token_type": "Bearer"}


class Desk:
    """A connection to a provider, and what passes between them."""

    def __init__(self, url, clock, **options):
        given = {"client_id": "us", "client_secret": SECRET, "issuer": url, **options}
        given["provider"] = given.pop("provider_preset", None)
        given = {name: value for name, value in given.items() if value is not None}
        self.http = HTTP(ADDRESSES, Timeouts(connect=2, read=5, total=20), clock)
        self.connection = Connection(
            "acme", OidcConnector, OidcOptions.model_validate(given), self.http, clock
        )

    def ask(self, question):
        async def asked():
            try:
                return await question(self.connection)
            finally:
                await self.http.aclose()

        return asyncio.run(asked())

    def start(self, **more):
        start = SignInStart(**{"place": PLACE, "state": STATE, **more})
        return self.ask(lambda connection: connection.start_sign_in(start))

    def finish(self, query, kept, *, state=STATE, method="GET", place=PLACE):
        query = tuple(query.items()) if isinstance(query, dict) else tuple(query)
        incoming = Incoming(method=method, query=query, received=AT)
        given = SignInReturn(place=place, incoming=incoming, state=state, kept=kept)
        return self.ask(lambda connection: connection.finish_sign_in(given))


class Fake(Desk):
    """A connection to the provider that is made up."""

    def __init__(self, provider, clock, **options):
        self.provider = provider
        self.clock = clock
        super().__init__(provider.issuer, clock, **options)

    def sign_in(self, answer=None, *, nonce=True, **changes):
        """Sign in with what the provider says by `token` or `claims`."""
        departure = self.start()
        self.departed = departure
        if nonce:
            self.provider.claims.setdefault("nonce", departure.kept["nonce"])
        query = {"state": STATE, "code": CODE} | (answer or {})
        return self.finish(query, departure.kept, **changes)


@pytest.fixture(scope="session")
def fake_on_its_port():
    provider = FakeProvider(None)
    with serve(provider) as url:
        provider.url = url
        yield provider


@pytest.fixture
def provider(fake_on_its_port, clock):
    fake_on_its_port.clock = clock
    fake_on_its_port.path = ""
    fake_on_its_port.reset()
    return fake_on_its_port


@pytest.fixture
def fake(provider, clock):
    """Make connections to the provider that is made up."""

    def make(**options):
        return Fake(provider, clock, **options)

    return make


def parameters(url):
    """Return the query of an address; each name must stand in it once."""
    found = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}
