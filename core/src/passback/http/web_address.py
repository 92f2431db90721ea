"""Addresses that people type and that other systems give: what one must be before anything goes there.

Where an address leads is another matter, and looked at when it is connected to (`AddressPolicy`).
"""

from __future__ import annotations

import re
from typing import Literal
from urllib.parse import SplitResult, urlsplit, urlunsplit

import attrs

__all__ = ["WebAddress", "is_web_address"]

# ASCII alone, since some letters look like others or become a slash. No backslash: browsers read it as one.
_VISIBLE = re.compile(r"[\x21-\x5b\x5d-\x7e]+")
_LONGEST_TYPED, _LONGEST_GIVEN = 2048, 4096


@attrs.frozen(kw_only=True)
class WebAddress:
    """What an address that an administrator types must be.

    It is called with what was typed, as pydantic does:
    ``url: Annotated[str, AfterValidator(WebAddress(example="https://api.example.com/v2"))]``.

    Attributes:
        example: One as it should be, for the message.
        kind: What may stand behind the host: nothing but a slash (``origin``), the path below which requests
            go (``base``), or any path and a query (``page``). None has a fragment, which isn't sent.
        credentials: Where user name and password belong, for the message: ``they are key and secret``.
        exact: Whether it stays as it was typed in every character, as an issuer must. Else blanks around it
            are taken off, and, unless it's a page, the slashes at its end.
    """

    example: str = "https://api.example.com"
    kind: Literal["origin", "base", "page"] = "base"
    credentials: str = ""
    exact: bool = False

    def __call__(self, typed: str) -> str:
        """Return the address that was typed.

        Raises:
            ValueError: It's none that could be asked or opened; repeats nothing of it, for a password may
                stand in it.
        """
        text = typed if self.exact else typed.strip()
        parts = self._split(text)
        if not _VISIBLE.fullmatch(text) or len(text) > _LONGEST_TYPED:
            raise ValueError(
                f"{self._expected()}; as browsers copy it: ASCII, without blanks and backslashes, at most "
                f"{_LONGEST_TYPED} characters"
            )
        if "#" in text or ("?" in text and self.kind != "page"):
            unwanted = "#" if self.kind == "page" else "? and #"
            raise ValueError(f"expected an address without {unwanted}, such as {self.example}")
        if self.kind == "origin" and parts.path.strip("/"):
            raise ValueError(f"{self._expected()}, with nothing behind the host")
        if self.exact or self.kind == "page":
            return text
        return urlunsplit((parts.scheme, parts.netloc.removesuffix(":"), parts.path.rstrip("/"), "", ""))

    def _expected(self) -> str:
        return f"expected an address such as {self.example}"

    def _split(self, text: str) -> SplitResult:
        # Each message of urlsplit quotes the address, and whatever password is in it.
        try:
            parts = urlsplit(text)
        except ValueError:
            raise ValueError(self._expected()) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(self._expected())
        if "@" in parts.netloc:
            belong = f"; {self.credentials}" if self.credentials else ""
            raise ValueError(f"leave user name and password out of the address{belong}")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError(f"{self._expected()}; its port is no number up to 65535") from None
        return parts


def is_web_address(text: str, *, allow_http: bool = False) -> bool:
    """Return whether a browser may be sent to `text`, which another system gave.

    It may if it's absolute, by ``https``, of at most 4096 visible ASCII characters without a backslash, and
    has neither user name nor password.

    Args:
        text: The address.
        allow_http: Whether ``http`` is good enough, mostly because the system itself is asked by it.
    """
    if not _VISIBLE.fullmatch(text) or len(text) > _LONGEST_GIVEN:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    schemes = ("http", "https") if allow_http else ("https",)
    return parts.scheme in schemes and bool(parts.hostname) and "@" not in parts.netloc
