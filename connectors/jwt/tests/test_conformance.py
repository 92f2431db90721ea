"""The connector keeps what Passback asks of every connector, for an issuer that publishes its keys."""

import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from passback import Departure, Incoming
from passback.sandbox import Stage
from passback.testing import Conformance
from passback_jwt import JwtConnector

KEY = ed25519.Ed25519PrivateKey.generate()
JWKS = {"keys": [jwt.algorithms.OKPAlgorithm.to_jwk(KEY.public_key(), as_dict=True)]}


class Issuer(Stage):
    """Publishes its key."""

    title = "issuer"

    def __init__(self) -> None:
        super().__init__(Starlette(routes=[Route("/jwks", self._keys)]))

    def guide(self, url: str) -> str:
        return url

    def _keys(self, _: Request) -> JSONResponse:
        return JSONResponse(JWKS)


class TestJwt(Conformance[Issuer]):
    connector = JwtConnector

    def sandbox(self) -> Issuer:
        return Issuer()

    def options(self, sandbox: Issuer, url: str) -> Mapping[str, object]:
        return {
            "issuer": "https://portal.example",
            "algorithms": ["EdDSA"],
            "jwks_url": f"{url}/jwks",
            "sign_in_url": f"{url}/start",
            "mint_url": f"{url}/jwt",
            "mint_issuer": "us",
            "mint_secret": "conformance-secret-of-at-least-32-bytes",
        }

    def sign_in(self, sandbox: Issuer, departure: Departure) -> Incoming:
        at = int(time.time())
        said = {"iss": "https://portal.example", "sub": "u-1", "iat": at, "exp": at + 60}
        token = jwt.encode(said | {"jti": secrets.token_hex(8)}, KEY, algorithm="EdDSA")
        (back,) = parse_qs(urlsplit(departure.url).query)["return_to"]
        query = (*parse_qsl(urlsplit(back).query), ("jwt", token))
        return Incoming(method="GET", query=query, received=datetime.now(UTC))
