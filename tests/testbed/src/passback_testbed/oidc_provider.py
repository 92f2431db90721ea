"""oidc-provider, a certified OpenID provider in JavaScript."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal
from urllib.request import ProxyHandler, Request, build_opener

from passback_testbed import node
from passback_testbed.browser import Browser, Page
from passback_testbed.places import HOME, PROGRAMS
from passback_testbed.server import Server

_opener = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class OidcUser:
    """Somebody who signs in at the provider.

    Attributes:
        name: What they type.
        password: What they type after it.
        claims: What the provider says about them; `sub` is needed.
    """

    name: str
    password: str
    claims: Mapping[str, Any]


class OidcProvider(Server):
    """An OpenID provider with a login form, on loopback.

    It insists on PKCE, names itself in the answer (RFC 9207), offers sign-out, signs ID tokens by RS256,
    ES256 or EdDSA as a client's ``id_token_signed_response_alg`` says, and asks nobody for consent. What it
    remembers ends with its process.

    Attributes:
        users: Who can sign in.
    """

    name: ClassVar[str] = "oidc-provider"

    def __init__(
        self,
        data: Path,
        users: Sequence[OidcUser],
        clients: Sequence[Mapping[str, Any]],
        *,
        claims_in: Literal["id_token", "userinfo"] = "userinfo",
        home: Path = HOME,
    ) -> None:
        """Prepare a provider.

        Args:
            data: The folder for its files.
            users: Who can sign in.
            clients: Who may send people, in the words of OpenID Connect's dynamic registration.
            claims_in: Where it says what a scope asks for, besides `sub`.
            home: Where it is installed.
        """
        super().__init__(data, home=home)
        self.users = {user.name: user for user in users}
        self._settings = {
            "port": self.port,
            "users": {u.name: {"password": u.password, "claims": dict(u.claims)} for u in users},
            "clients": [dict(client) for client in clients],
            "claimsIn": claims_in,
        }

    @property
    def url(self) -> str:
        """Its issuer."""
        return f"http://127.0.0.1:{self.port}"

    def new_keys(self, *, keep: bool = False) -> None:
        """Have it sign with new keys from now on; with `keep` it still publishes the last ones."""
        asked = Request(f"{self.url}/testbed/keys{'?keep=1' * keep}", data=b"", method="POST")  # noqa: S310
        with _opener.open(asked, timeout=10):
            pass

    def sign_in(self, browser: Browser, url: str, name: str) -> Page:
        """Open `url` and sign in as the user `name`; return where the browser comes to then."""
        (form,) = browser.open(url).forms
        return browser.submit(form, {"user": name, "password": self.users[name].password, "do": "in"})

    def _prepare(self) -> None:
        self._file.write_text(json.dumps(self._settings))

    @property
    def _file(self) -> Path:
        return self._data / "settings.json"

    def _command(self) -> list[str | Path]:
        program, _ = node.programs(self._home)
        package = self._home / self.name / "node_modules/oidc-provider"
        return [program, PROGRAMS / "oidc_provider.js", package, self._file]

    def _environment(self) -> dict[str, str]:
        return {}

    def _ask(self) -> int:
        with _opener.open(f"{self.url}/.well-known/openid-configuration", timeout=5) as answer:
            status: int = answer.status
            return status
