"""What a connection to a CAS server needs, in the words of its administrators."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from passback import Options, WebAddress

__all__ = ["CasOptions"]

_Server: TypeAlias = Annotated[
    str, AfterValidator(WebAddress(example="https://cas.example.edu/cas", credentials="CAS needs neither"))
]


class CasOptions(Options):
    """Options of a connection to one CAS server."""

    url: _Server = Field(
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
