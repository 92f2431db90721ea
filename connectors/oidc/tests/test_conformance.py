"""The connector keeps what Passback asks of every connector."""

import base64
import hashlib
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from passback import Departure, Incoming, basic_auth
from passback.testing import Conformance
from passback_oidc import OidcConnector

SECRET = "of-ours-and-theirs"
KEY = RSAKey.generate_key(2048, {"kid": "key", "use": "sig"})


class Provider:
    """As much of an OpenID provider as signs one person in, through codes that are good once."""

    base = ""
    issuer = ""

    def __init__(self) -> None:
        self.codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.document),
                Route("/jwks", self.keys),
                Route("/token", self.token, methods=["POST"]),
                Route("/userinfo", self.userinfo),
            ]
        )

    def sign_in(self, departure: Departure) -> Incoming:
        """Sign Ada in, and send her browser back."""
        asked = dict(parse_qsl(urlsplit(departure.url).query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        query = (("state", asked["state"]), ("code", code), ("iss", self.issuer))
        return Incoming(method="GET", query=query, received=datetime.now(UTC))

    async def document(self, _: Request) -> JSONResponse:
        ways = {"authorization": "auth", "token": "token", "userinfo": "userinfo"}
        endpoints = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in ways.items()}
        return JSONResponse({"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **endpoints})

    async def keys(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [KEY.as_dict(private=False)]})

    async def token(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != basic_auth("us", SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = dict(parse_qsl((await request.body()).decode()))
        asked = self.codes.pop(form["code"], {"code_challenge": ""})
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "ada", "aud": "us", "iat": now, "exp": now + 300}
        signed = jwt.encode({"alg": "RS256", "kid": "key"}, claims | {"nonce": asked["nonce"]}, KEY)
        return JSONResponse({"id_token": signed, "access_token": "of-ada", "token_type": "Bearer"})

    async def userinfo(self, request: Request) -> JSONResponse:
        if request.headers.get("authorization") != "Bearer of-ada":
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({"sub": "ada", "email": "ada@example.org"})


class TestOidc(Conformance[Provider]):
    connector = OidcConnector

    def sandbox(self) -> Provider:
        return Provider()

    def options(self, sandbox: Provider, url: str) -> Mapping[str, object]:
        sandbox.issuer = url
        return {"issuer": url, "client_id": "us", "client_secret": SECRET}

    def sign_in(self, sandbox: Provider, departure: Departure) -> Incoming:
        return sandbox.sign_in(departure)
