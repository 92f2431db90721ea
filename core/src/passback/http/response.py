"""An answer over HTTP, read whole, and what its status means for the connection."""

from __future__ import annotations

import base64
import codecs
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import attrs
import msgspec

from passback.errors import BatchTooLarge, RateLimited, ServerError, Unsupported
from passback.http.hiding import cleared, forms_of, without
from passback.model import JSONValue

__all__ = ["LONGEST_WAIT", "Response", "basic_auth", "secrets_in"]

# A person reads the reason; a page of HTML helps nobody.
_EXCERPT = 300
_READ = 4096
# The longest form has two characters for each of a secret's; spelled twice over, that has thirty at most.
_SPELLED = 16
# Lists, objects and commas. As many as whole pages of users have in as much as is read at all; of empty lists
# there can be ten times as many, which nobody has a turn beside, and which take half a gigabyte.
_PARTS = 1_000_000
# Several times as much as a request has that is answered with all of itself.
_LOOKED_THROUGH = 4 << 20
# Whoever asks for more is asked again after that: results are rejected when they are kept undelivered for too
# long, 30 days by default, and one absurd word mustn't lead there.
LONGEST_WAIT = timedelta(days=7)
# Seconds with a fraction, or what a proxy made of two such headers.
_NUMBER = re.compile(r"([0-9]+)(\.[0-9]*)?(\s*,.*)?", re.DOTALL)
# Nobody means a wait of decades: such a number is a moment, in seconds or milliseconds since 1970, written in
# its place.
_EPOCH = (-365 * 86_400, 5 * 365 * 86_400)
_PROVES = re.compile(r"auth|key|token|secret|cookie|signature", re.IGNORECASE)
# The marks of UTF-8 and UTF-16, and what the latter has beside each letter.
_BEFORE_TEXT = codecs.BOM_UTF8 + codecs.BOM_UTF16 + b" \t\r\n\f\v\0"
_TAGS = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)

_MEANING: Mapping[int, str] = {
    401: "it doesn't accept the credentials; check key, secret or token",
    403: "the credentials are known but not allowed to do this; check their permissions",
    404: "there is nothing at this address; check the URL",
    405: "this address doesn't take such requests; check the URL",
    410: "this address is gone for good; check the URL",
    413: "that is too large for it, or for what lies on the way",
}
# They hold no results: what is said of their size says nothing of a batch's.
_QUESTIONS = ("GET ", "HEAD ")


def basic_auth(username: str, password: str) -> str:
    """Return the value of an ``Authorization`` header for HTTP Basic (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode("ascii")


def secrets_in(headers: Mapping[str, str]) -> frozenset[str]:
    """Return the texts in request `headers` that must never be shown, in each form they may be quoted."""
    found: set[str] = set()
    for name, value in headers.items():
        if not _PROVES.search(name):
            continue
        scheme, _, rest = value.partition(" ")
        found |= {value, rest}
        if scheme.lower() == "basic":
            with suppress(ValueError):
                pair = base64.b64decode(rest).decode("utf-8", "replace")
                found |= {pair, pair.partition(":")[2]}
    return frozenset(found)


@attrs.frozen(kw_only=True)
class Response:
    """An answer over HTTP.

    Attributes:
        status: Its status code.
        headers: Its headers, names in lower case.
        body: Its content, decompressed.
        asked: What was asked: method and path, without query.
        received: When it came.
        secrets: What the request proved itself with; some servers quote it back.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    asked: str
    received: datetime
    secrets: frozenset[str] = attrs.field(default=frozenset(), repr=False)

    def hiding(self, texts: Iterable[str]) -> Response:
        """Return this answer, in which none of `texts` is shown either: secrets that no header carried."""
        return attrs.evolve(self, secrets=self.secrets.union(texts))

    @property
    def is_page(self) -> bool:
        """Whether it's a page for people, as a proxy or a sign-in has, whatever type it says it is of."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body.lstrip(_BEFORE_TEXT).startswith(b"<")

    def json(self) -> JSONValue:
        """Return the body as JSON.

        Raises:
            ServerError: It is none: a proxy's page, a login form, a cut answer. Or it has a million parts.
        """
        if len(self.body) > _PARTS and sum(map(self.body.count, (b"[", b"{", b","))) > _PARTS:
            raise ServerError(
                f"{self.asked} answered {self.status} with JSON of more than {_PARTS:,} parts; "
                "that was not read",
                status=self.status,
            )
        try:
            # Whoever writes text on Windows may begin it with a mark, which is no part of it (RFC 8259 §8.1).
            document: JSONValue = msgspec.json.decode(self.body.removeprefix(codecs.BOM_UTF8))
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            kind = self.headers.get("content-type", "no content type").partition(";")[0]
            raise ServerError(
                f"{self.asked} answered {self.status} with something that is no JSON ({kind}); "
                "is this the right address?",
                status=self.status,
            ) from None
        return document

    def excerpt(self) -> str:
        """Return the start of the body as one line of text, for messages to people."""
        forms = forms_of(self.secrets)
        # What begins within what is read is read to its end.
        text = self.body[: _READ + _SPELLED * max(map(len, forms), default=0)].decode("utf-8", "replace")
        text = without(text, forms)[:_READ]
        plain = "".join(char for char in _TAGS.sub("", text) if char.isprintable() and not char.isspace())
        if without(plain, forms) != plain:
            return "something that quotes the credentials"
        text = _TAGS.sub(" ", text)
        line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"

    def without_secrets(self, document: JSONValue) -> JSONValue:
        """Return `document`, made of this answer, in which no text shows what the request proved itself with.

        For what is made into something else before people see it, where a secret can't be found any more.

        Raises:
            ServerError: There is more than can be looked through.
        """
        if len(self.body) > _LOOKED_THROUGH:
            raise ServerError(
                f"{self.asked} answered {self.status} with more than {_LOOKED_THROUGH >> 20} MiB; "
                "that was not read",
                status=self.status,
            )
        return cleared(document, forms_of(self.secrets))

    def retry_at(self) -> datetime | None:
        """Return when ``Retry-After`` allows another try (RFC 9110 §10.2.3), None where it doesn't say."""
        value = self.headers.get("retry-after", "").strip()
        if not value:
            return None
        if number := _NUMBER.fullmatch(value):
            at = self._moment(int(number[1][:15]))
        else:
            try:
                at = parsedate_to_datetime(value)
            except (ValueError, OverflowError):
                return None
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
        return min(max(at, self.received), self.received + LONGEST_WAIT)

    def _moment(self, number: int) -> datetime:
        for seconds in (number, number / 1000):
            ahead = seconds - self.received.timestamp()
            if _EPOCH[0] <= ahead <= _EPOCH[1]:
                return self.received + timedelta(seconds=ahead)
        return self.received + timedelta(seconds=min(number, LONGEST_WAIT.total_seconds()))

    def require(self, *statuses: int) -> None:
        """Return if the status is one of `statuses`; raise what any other means for the connection.

        Raises:
            RateLimited: 429, or 503 with ``Retry-After``.
            BatchTooLarge: 413, but to a question: GET or HEAD.
            Unsupported: 501.
            ServerError: Anything else.
        """
        if self.status in statuses:
            return
        until = self.retry_at()
        if self.status == 429:  # noqa: PLR2004 - the status is the name
            raise RateLimited(f"{self.asked} answered 429: it asks to slow down", until=until)
        if self.status == 503 and until:  # noqa: PLR2004
            raise RateLimited(f"{self.asked} answered 503: it asks to come later", until=until, down=True)
        if self.status == 413 and not self.asked.startswith(_QUESTIONS):  # noqa: PLR2004
            raise BatchTooLarge(f"{self.asked} answered 413: too large")
        if self.status == 501:  # noqa: PLR2004
            raise Unsupported(f"{self.asked} answered 501: it can't do this", status=501)
        raise ServerError(f"{self.asked} answered {self.status}: {self._meaning()}", status=self.status)

    def _meaning(self) -> str:
        if 300 <= self.status < 400:  # noqa: PLR2004
            return "it redirects, and credentials are not sent elsewhere; enter the address it points to"
        meaning = _MEANING.get(self.status, "")
        said = self.excerpt()
        return " — it said: ".join(part for part in (meaning, said) if part) or "without a word why"
