"""django-cas-server, a CAS server in Python."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.request import ProxyHandler, build_opener

from passback_testbed.browser import Browser, Page
from passback_testbed.places import HOME, PROGRAMS
from passback_testbed.server import Server

_opener = build_opener(ProxyHandler({}))


@dataclass(frozen=True)
class CasUser:
    """Somebody who signs in at the server.

    Attributes:
        name: What they type.
        password: What they type after it.
        attributes: What the server says about them; a list for several values.
    """

    name: str
    password: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class CasServer(Server):
    """A CAS server with a login form, on loopback: versions 1 to 3 of the protocol.

    Attributes:
        users: Who can sign in.
    """

    name: ClassVar[str] = "django-cas-server"

    def __init__(
        self,
        data: Path,
        users: Sequence[CasUser],
        services: Sequence[str],
        *,
        ticket_seconds: int = 60,
        home: Path = HOME,
    ) -> None:
        """Prepare a server.

        Args:
            data: The folder for its files.
            users: Who can sign in.
            services: How the addresses begin that it gives tickets for.
            ticket_seconds: How long a ticket can be validated.
            home: Where it is installed.
        """
        super().__init__(data, home=home)
        self.users = {user.name: user for user in users}
        self._settings = {
            "database": str(self._data / "cas.sqlite3"),
            "users": {u.name: {"password": u.password, "attributes": dict(u.attributes)} for u in users},
            "services": [f"^{re.escape(service)}" for service in services],
            "ticketSeconds": ticket_seconds,
        }

    @property
    def url(self) -> str:
        """Its address: what stands before `/login`."""
        return f"http://127.0.0.1:{self.port}/cas"

    def sign_in(self, browser: Browser, url: str, name: str, password: str | None = None) -> Page:
        """Open `url` and sign in as the user `name`; return where the browser comes to then."""
        form = browser.open(url).forms[-1]
        known = self.users[name].password if password is None else password
        return browser.submit(form, {"username": name, "password": known})

    def _prepare(self) -> None:
        self._file.write_text(json.dumps(self._settings))

    @property
    def _file(self) -> Path:
        return self._data / "settings.json"

    def _command(self) -> list[str | Path]:
        python = self._home / self.name / "bin" / "python"
        listen = f"--listen=127.0.0.1:{self.port}"
        return [python, "-m", "waitress", listen, "django_cas_server:application"]

    def _environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(PROGRAMS), "TESTBED_SETTINGS": str(self._file)}

    def _ask(self) -> int:
        with _opener.open(f"{self.url}/login", timeout=5) as answer:
            status: int = answer.status
            return status
