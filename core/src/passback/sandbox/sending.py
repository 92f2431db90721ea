"""The other side: a system that reports to us, and what it is answered."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

__all__ = ["Answer", "BadAnswer", "Sends", "post"]

_SECONDS = 30
_LARGEST = 65_536


class BadAnswer(Exception):
    """An answer isn't what the system can live with; the message says in what."""


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: The status.
        headers: The headers, names in lower case.
        body: The body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The beginning of the body, to be shown."""
        return self.body[:500].decode("utf-8", "replace")


@dataclass(frozen=True, kw_only=True)
class Sends:
    """What a system sends to us, on a command line: ``python -m passback_acme.sandbox send URL``.

    Attributes:
        description: What the command does.
        options: Adds what may be chosen.
        send: Sends to an address, with a secret key, what was chosen; gives what to show. It raises BadAnswer
            where that isn't taken, and OSError where nobody answers.
    """

    description: str
    options: Callable[[ArgumentParser], None]
    send: Callable[[str, str, Namespace], Iterable[str]]


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post `body` to `url`; follows no redirect, so that nobody else gets what proves the sender.

    Raises:
        BadAnswer: `url` is no address, or the answer is none of HTTP.
        OSError: Nobody answers.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadAnswer("expected an address such as https://host.example/passback/hooks/acme")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=_SECONDS)
    try:
        connection.request("POST", parts.path or "/", body, dict(headers))
        answer = connection.getresponse()
        found = {name.lower(): text for name, text in answer.getheaders()}
        return Answer(answer.status, found, answer.read(_LARGEST))
    except HTTPException as error:
        raise BadAnswer(f"the answer is none of HTTP: {type(error).__name__}") from None
    finally:
        connection.close()
