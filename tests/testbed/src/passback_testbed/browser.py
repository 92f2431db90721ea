"""As much of a browser as signs a person in: cookies, redirects and forms; no scripts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http import HTTPMethod
from http.client import HTTPResponse
from typing import TypeAlias
from urllib.parse import urldefrag, urlencode, urljoin
from urllib.request import (
    HTTPCookieProcessor,
    HTTPErrorProcessor,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

_MOST_REDIRECTS = 20
_SECONDS = 20
_FORM = "application/x-www-form-urlencoded"
_MOVED = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_PRESSED = frozenset({"submit", "button", "image", "reset", "file"})

Attributes: TypeAlias = Mapping[str, str | None]


@dataclass(frozen=True)
class Form:
    """A form of a page.

    Attributes:
        action: Where it goes, absolute.
        method: ``GET`` or ``POST``.
        fields: What it sends unless it is filled in otherwise; no button is in it.
    """

    action: str
    method: str
    fields: Mapping[str, str]


@dataclass(frozen=True)
class Page:
    """What a browser has come to.

    Attributes:
        url: Its address, without fragment.
        status: How it was answered; 0 where the browser stopped before it and sent nothing.
        text: What it says.
        headers: The answer's headers; names in any case.
        method: How it was asked for.
        sent: The fields that were posted to it, or would have been.
    """

    url: str
    status: int
    text: str = field(default="", repr=False)
    headers: Message = field(default_factory=Message, repr=False, compare=False)
    method: str = HTTPMethod.GET
    sent: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def forms(self) -> list[Form]:
        """The forms in it, from top to bottom."""
        reader = _Forms(self.url)
        reader.feed(self.text)
        reader.close()
        return reader.forms


class Browser:
    """Somebody's browser: keeps cookies, and follows redirects until they lead where it stops.

    Args:
        stops: How the addresses begin that aren't opened but handed back, with status 0: what the host under
            test would be asked.
    """

    def __init__(self, *stops: str) -> None:
        self._stops = stops
        self._opener = _opener()

    def open(self, url: str) -> Page:
        """Open an address, and return where it leads.

        Raises:
            OSError: There was no answer.
            RuntimeError: It redirects without end.
        """
        return self._go(HTTPMethod.GET, url, {})

    def submit(self, form: Form, values: Mapping[str, str] | None = None) -> Page:
        """Send a form with `values` filled in (a button that is pressed is one of them); return as `open`."""
        fields = {**form.fields, **(values or {})}
        if form.method == HTTPMethod.POST:
            return self._go(HTTPMethod.POST, form.action, fields)
        return self._go(HTTPMethod.GET, f"{form.action.partition('?')[0]}?{urlencode(fields)}", {})

    def _go(self, method: str, url: str, fields: Mapping[str, str]) -> Page:
        for _ in range(_MOST_REDIRECTS):
            url = urldefrag(url).url
            if url.startswith(self._stops):
                return Page(url, 0, method=method, sent=fields)
            page = self._ask(method, url, fields)
            target = page.headers["Location"]
            if page.status not in _MOVED or target is None:
                return page
            url = urljoin(url, target)
            if page.status not in _SAME_METHOD:
                method, fields = HTTPMethod.GET, {}
        raise RuntimeError(f"more than {_MOST_REDIRECTS} redirects, the last to {url.partition('?')[0]}")

    def _ask(self, method: str, url: str, fields: Mapping[str, str]) -> Page:
        if not url.startswith(("http://", "https://")):
            raise ValueError("a browser opens http:// and https:// only")
        body = urlencode(fields).encode() if method == HTTPMethod.POST else None
        request = Request(url, data=body, method=method)  # noqa: S310 -- just looked at
        if body is not None:
            request.add_header("Content-Type", _FORM)
        with self._opener.open(request, timeout=_SECONDS) as answer:
            text = answer.read().decode(answer.headers.get_content_charset("utf-8"), "replace")
            return Page(url, answer.status, text, answer.headers, method, fields)


class _AsItIs(HTTPErrorProcessor):
    """Leaves every answer as it is: redirects are the browser's own business, and no status is an error."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002
        return response

    https_response = http_response


def _opener() -> OpenerDirector:
    # A proxy has nothing to do with loopback, whatever the environment says.
    return build_opener(ProxyHandler({}), HTTPCookieProcessor(), _AsItIs())


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._fields: dict[str, str] | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: Attributes = dict(attrs)
        if tag == "form":
            self._open(given)
        elif self._fields is None:
            return
        elif tag == "input":
            self._input(given, self._fields)
        elif tag == "textarea":
            self._area = given.get("name")
            self._fields |= {self._area: ""} if self._area else {}
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and ("selected" in given or self._select not in self._fields):
            self._fields[self._select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = self._select = self._area = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area and self._fields is not None:
            self._fields[self._area] += data

    def _open(self, given: Attributes) -> None:
        self._fields = {}
        method = HTTPMethod.POST if (given.get("method") or "").upper() == "POST" else HTTPMethod.GET
        # An empty action is the page itself.
        self.forms.append(Form(urljoin(self._url, given.get("action") or ""), method, self._fields))

    @staticmethod
    def _input(given: Attributes, fields: dict[str, str]) -> None:
        name, kind = given.get("name"), (given.get("type") or "text").lower()
        if not name or kind in _PRESSED or "disabled" in given:
            return
        if kind in {"checkbox", "radio"}:
            if "checked" in given:
                fields[name] = given.get("value") or "on"
            return
        fields[name] = given.get("value") or ""
