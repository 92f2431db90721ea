"""Tokens made by PyJWT, an issuer that publishes keys, and connections that trust it."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from starlette.responses import Response

from passback import (
    HTTP,
    AddressPolicy,
    Connection,
    Incoming,
    SignInPlace,
    SignInReturn,
    SignInStart,
    SystemClock,
    Timeouts,
)
from passback.sandbox import Stage, serve
from passback_jwt import JwtConnector, JwtOptions

ADDRESSES = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
PLACE = SignInPlace(
    callback="https://host.example/sso/portal/callback",
    metadata="https://host.example/sso/portal/metadata",
    signed_out="https://host.example/bye",
)
ISSUER = "https://portal.example"
SECRET = "a-secret-of-at-least-32-bytes-it-is"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Stopped(SystemClock):
    """A clock that a test sets."""

    def __init__(self):
        self.at = NOW

    def now(self):
        return self.at


class Pair:
    """A key pair, as its owner has it and as others see it."""

    def __init__(self, private, algorithm):
        self.private = private
        self.algorithm = algorithm
        self.pem = (
            private.public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        )
        self.private_pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def jwk(self, **more):
        known = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
        algorithm = known.get(self.algorithm, jwt.algorithms.OKPAlgorithm)
        return algorithm.to_jwk(self.private.public_key(), as_dict=True) | more


class Issuer(Stage):
    """Publishes `keys`."""

    title = "issuer"

    def __init__(self):
        self.keys = []
        self.body = None
        super().__init__(self._answer)

    async def _answer(self, scope, receive, send):
        body = json.dumps({"keys": self.keys}) if self.body is None else self.body
        await Response(body, media_type="application/json")(scope, receive, send)

    def guide(self, url):
        return url


def claims(**changes):
    at = int(NOW.timestamp())
    said = {"iss": ISSUER, "sub": "u-1", "iat": at, "exp": at + 60} | changes
    return {name: value for name, value in said.items() if value is not None}


def token(key=SECRET, algorithm="HS256", headers=None, **changes):
    """Return a token; a claim that is None is left out."""
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


class Gate:
    """A connection that trusts somebody's tokens, at a time that stands still.

    Attributes:
        clock: Its time.
        connection: The connection.
    """

    def __init__(self, **options):
        given = {"issuer": ISSUER, "algorithms": ["HS256"], "secret": SECRET} | options
        given = {name: value for name, value in given.items() if value is not None}
        self.clock = Stopped()
        self._http = HTTP(ADDRESSES, Timeouts(connect=2, read=5, total=20))
        self.connection = Connection(
            "portal", JwtConnector, JwtOptions.model_validate(given), self._http, self.clock
        )

    def ask(self, question):
        async def asked():
            try:
                return await question(self.connection)
            finally:
                # A loop's connections don't outlive it.
                await self._http.aclose()

        return asyncio.run(asked())

    def later(self, **passed):
        self.clock.at += timedelta(**passed)

    def take(self, *tokens, **given):
        """Come back with tokens in the query."""
        return self.come(query=tuple(("jwt", each) for each in tokens), **given)

    def post(self, *fields, kind="application/x-www-form-urlencoded", **given):
        """Come back with a form."""
        return self.come(
            method="POST", headers={"content-type": kind}, body=urlencode(fields).encode(), **given
        )

    def come(self, *, method="GET", began=False, **given):
        incoming = Incoming(method=method, received=self.clock.now(), **given)
        kept = {} if began else None
        back = SignInReturn(place=PLACE, incoming=incoming, state="s" if began else "", kept=kept)
        return self.ask(lambda it: it.finish_sign_in(back))

    def start(self, state="s-1"):
        return self.ask(lambda it: it.start_sign_in(SignInStart(place=PLACE, state=state)))


@pytest.fixture(scope="session")
def gate():
    """Make a connection."""
    return Gate


@pytest.fixture(scope="session")
def made():
    """What tests make tokens of."""
    return SimpleNamespace(
        token=token, claims=claims, issuer=ISSUER, secret=SECRET, now=NOW, place=PLACE, pair=Pair
    )


@pytest.fixture(scope="session")
def pairs():
    """A key pair of each kind."""
    return {
        "RS256": Pair(rsa.generate_private_key(65537, 2048), "RS256"),
        "ES256": Pair(ec.generate_private_key(ec.SECP256R1()), "ES256"),
        "EdDSA": Pair(ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    }


@pytest.fixture
def issuer():
    """An issuer that publishes what the test says; its `url` is where."""
    played = Issuer()
    with serve(played) as url:
        played.url = f"{url}/jwks"
        yield played
