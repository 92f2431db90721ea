"""What a connection to a CAS server needs, in the words of its administrators."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Field

from passback import Options

__all__ = ["CasOptions"]

_EXPECTED = "expected an address such as https://cas.example.edu/cas"


def _normalized(text: str) -> str:
    try:
        parts = urlsplit(text.strip())
        _ = parts.port
    except ValueError:  # whose message quotes the address, and whatever password is in it
        raise ValueError(_EXPECTED) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text.strip()):
        raise ValueError(_EXPECTED)
    if "@" in parts.netloc:
        raise ValueError("leave user name and password out of the address; CAS needs neither")
    if parts.query or parts.fragment:
        raise ValueError("expected an address without ? and #")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


class CasOptions(Options):
    """Options of a connection to one CAS server."""

    url: Annotated[str, AfterValidator(_normalized)] = Field(
        description="The server's address: what stands before `/login`. It is the issuer of what the server "
        "says, so everybody's link hangs on it."
    )
    protocol: Literal[2, 3] = Field(
        default=3,
        description="The protocol's version: with 3, tickets are validated at `/p3/serviceValidate`, which "
        "gives attributes; with 2, at `/serviceValidate`.",
    )
    subject: str = Field(
        default="user",
        pattern=r"^(user|attribute:[^\s:<>&]{1,200})$",
        description="What a person is recognised by for ever: `user`, or `attribute:` and the name of an "
        "attribute that never changes; upper and lower case count.",
    )
    renew: bool = Field(
        default=False,
        description="Whether a person has to enter their password even if the server knows them already.",
    )

    @property
    def attribute(self) -> str | None:
        """The attribute that people are recognised by; None where it's the user."""
        _, _, name = self.subject.partition(":")
        return name or None
