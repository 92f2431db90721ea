"""samlp, a SAML 2.0 identity provider in JavaScript."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

from passback_testbed import node
from passback_testbed.browser import Browser, Page
from passback_testbed.places import HOME, PROGRAMS
from passback_testbed.server import Server

Signed: TypeAlias = Literal["assertion", "response", "both"]

_opener = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class SamlUser:
    """Somebody who signs in at the provider.

    Attributes:
        name: What they type.
        password: What they type after it.
        name_id: What the provider calls them.
        attributes: What it says about them, each a text or several.
        name_id_format: What kind of name that is.
    """

    name: str
    password: str
    name_id: str
    attributes: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    name_id_format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class SamlProvider(Server):
    """An identity provider with a login form, on loopback.

    It takes requests by HTTP-Redirect and answers by HTTP-POST. What it was told while it ran ends with its
    process; its key is made anew at every start.

    Attributes:
        users: Who can sign in.
    """

    name: ClassVar[str] = "samlp"

    def __init__(
        self,
        data: Path,
        users: Sequence[SamlUser],
        services: Mapping[str, str],
        *,
        sign: Signed = "assertion",
        days: int = 365,
        home: Path = HOME,
    ) -> None:
        """Prepare a provider.

        Args:
            data: The folder for its files.
            users: Who can sign in.
            services: Where responses go, by the entity id of each service that it knows.
            sign: What it signs.
            days: How long its certificates are valid.
            home: Where it is installed.
        """
        super().__init__(data, home=home)
        self.users = {user.name: user for user in users}
        self._settings = {
            "port": self.port,
            "users": {user.name: _described(user) for user in users},
            "services": dict(services),
            "sign": sign,
            "options": {},
            "days": days,
        }

    @property
    def url(self) -> str:
        """Where it signs people in."""
        return f"http://127.0.0.1:{self.port}/sso"

    @property
    def metadata_url(self) -> str:
        """Where it publishes its metadata."""
        return f"http://127.0.0.1:{self.port}/metadata"

    @property
    def entity_id(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}/entity"

    @property
    def metadata(self) -> str:
        """Its metadata as it is now."""
        with _opener.open(self.metadata_url, timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    def new_key(self, *, keep: bool = False) -> None:
        """Have it sign by a new key from now on; with `keep` it still publishes the last ones."""
        self._tell(f"keys{'?keep=1' * keep}", {})

    def configure(
        self,
        *,
        sign: Signed | None = None,
        services: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Change what it signs, which services it knows, or any option of samlp, from now on."""
        given = {"sign": sign, "services": services, "options": options}
        self._tell("settings", {name: value for name, value in given.items() if value is not None})

    def sign_in(self, browser: Browser, url: str, name: str) -> Page:
        """Open `url` and sign in as the user `name`; return where the browser comes to with the response."""
        (form,) = browser.open(url).forms
        page = browser.submit(form, {"user": name, "password": self.users[name].password, "do": "in"})
        (onward,) = page.forms
        return browser.submit(onward)

    def start_here(self, browser: Browser, service: str, name: str) -> Page:
        """Sign in as the user `name` with no service asking for it (IdP-initiated); return as `sign_in`."""
        return self.sign_in(browser, f"{self.url}?service={quote(service, safe='')}", name)

    def _tell(self, what: str, body: Mapping[str, Any]) -> None:
        address = f"http://127.0.0.1:{self.port}/testbed/{what}"
        asked = Request(address, data=json.dumps(body).encode(), method="POST")
        with _opener.open(asked, timeout=10):
            pass

    def _prepare(self) -> None:
        self._file.write_text(json.dumps(self._settings))

    @property
    def _file(self) -> Path:
        return self._data / "settings.json"

    def _command(self) -> list[str | Path]:
        program, _ = node.programs(self._home)
        package = self._home / self.name / "node_modules/samlp"
        return [program, PROGRAMS / "samlp.js", package, self._file]

    def _environment(self) -> dict[str, str]:
        return {}

    def _ask(self) -> int:
        with _opener.open(self.metadata_url, timeout=5) as answer:
            status: int = answer.status
            return status


def _described(user: SamlUser) -> dict[str, Any]:
    return {
        "password": user.password,
        "nameId": user.name_id,
        "nameIdFormat": user.name_id_format,
        "attributes": dict(user.attributes),
    }
