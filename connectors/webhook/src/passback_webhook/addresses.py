"""Addresses as administrators write them, with places to fill: ``https://api.example.com/users/{user}``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, urlencode, urljoin, urlsplit

from passback import JSONValue, WebAddress
from passback_webhook.expressions import Budget, Expression, ExpressionFailed, Names

__all__ = ["Address", "as_text", "pairs", "resolved", "with_query"]

_PLACE = re.compile(r"\{([^{}]*)\}")
_HOST = re.compile(r"([^/?#]*//)?[^/?#]*")
_PAGE = WebAddress(
    kind="page",
    example="https://api.example.com/results",
    credentials="they belong under auth",
    exact=True,
)
_PORTS = {"http": 80, "https": 443}


class Address:
    """An address in which expressions stand in braces, anywhere behind the host."""

    def __init__(self, text: str, names: Names = None) -> None:
        """Parse `text`, whose expressions will be given something with `names`.

        Raises:
            ValueError: It is no address, or one of its expressions is wrong.
        """
        _require_address(text)
        pieces = _PLACE.split(text)
        self._fixed: Sequence[str] = pieces[::2]
        self._filled = [Expression(each, names) for each in pieces[1::2]]

    def filled(self, given: JSONValue, budget: Budget) -> str:
        """Return the address with each value percent-encoded, so that none changes the address's shape.

        Raises:
            ExpressionFailed: A value is missing, or is none that a path can hold.
        """
        parts = [self._fixed[0]]
        for expression, fixed in zip(self._filled, self._fixed[1:], strict=True):
            text = as_text(expression.value(given, budget))
            if not text or text in (".", ".."):
                raise ExpressionFailed(
                    f"url: {{{expression.text}}} has no value that can stand in an address"
                )
            parts += [quote(text, safe=""), fixed]
        return "".join(parts)

    def base(self) -> str:
        """Return the address up to its first place to fill, or its query."""
        start = self._fixed[0].partition("?")[0].partition("#")[0]
        return start if len(self._fixed) == 1 else start[: start.rindex("/") + 1]


def as_text(value: JSONValue) -> str:
    """Return `value` as a form, a query or a header has it; empty for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004
    raise ExpressionFailed("a list or a table can't stand in a form, a query, a header or an address")


def pairs(table: dict[str, JSONValue]) -> list[tuple[str, str]]:
    """Return `table` as the fields of a form or query; a list gives its name several times.

    Raises:
        ExpressionFailed: It has a table, or a list of lists.
    """
    return [
        (name, as_text(each))
        for name, value in table.items()
        for each in (value if isinstance(value, list) else [value])
    ]


def with_query(url: str, fields: Sequence[tuple[str, str]]) -> str:
    """Return `url` with `fields` added to its query."""
    if not fields:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}"


def resolved(link: str, seen_at: str) -> str | None:
    """Return where `link` leads from `seen_at`; None if that is another host, port or protocol."""
    try:
        target = urljoin(seen_at, link)
        stays = _origin(target) == _origin(seen_at) and "@" not in urlsplit(target).netloc
    except ValueError:
        return None
    return target if stays else None


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _require_address(text: str) -> None:
    if "{" in _HOST.match(text)[0]:  # type: ignore[index] # it matches anything
        raise ValueError("the host is fixed: an expression can stand only behind it")
    sample = _PLACE.sub("x", text)
    if "{" in sample or "}" in sample:
        raise ValueError("it has a brace without its partner")
    _PAGE(sample)
