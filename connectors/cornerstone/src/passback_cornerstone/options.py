"""What a connection to one Cornerstone portal needs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from passback import Options, ResultKind
from passback_cornerstone.addresses import host, origin
from passback_cornerstone.api_options import ApiOptions
from passback_cornerstone.courses import COURSE

__all__ = ["CallbackOptions", "CatalogueOptions", "CornerstoneOptions", "IdentityOptions"]

_CourseId = Annotated[str, StringConstraints(pattern=COURSE)]
_PORTALS = ".csod.com"
_WHOLE = (
    ResultKind.STARTED,
    ResultKind.PROGRESSED,
    ResultKind.COMPLETED,
    ResultKind.PASSED,
    ResultKind.FAILED,
)


def _without_colon(key: str) -> str:
    if ":" in key:
        raise ValueError("expected no colon: HTTP Basic ends the key there (RFC 7617 §2)")
    return key


class CallbackOptions(Options):
    """Content distribution: the provider's credentials, and what launches bring."""

    key: Annotated[str, AfterValidator(_without_colon)] = Field(
        description="The provider key that Cornerstone gave you; one for all portals."
    )
    secret: SecretStr = Field(description="Its secret.")
    suffix: str = Field(
        default="/progress",
        pattern=r"^(/[A-Za-z0-9_-]+)*$",
        description="What follows the launch's callback path.",
    )
    path: str = Field(
        default="/",
        pattern=r"^/([A-Za-z0-9_.:-]+/?)*$",
        description="What a launch's callback path must begin with.",
    )
    token_minutes: int = Field(default=120, ge=1, description="How long a launch's token lives, in minutes.")
    fresh_minutes: int = Field(
        default=30,
        ge=0,
        description="How young a token is whose refusal means that key or secret are wrong, unless another "
        "was taken since.",
    )
    extra: dict[Literal["score", "progress", "seconds"], str] = Field(
        default_factory=dict,
        description="Further keys of a record, by what goes there: `score` in points or percent, `progress` "
        "in percent, `seconds` of work.",
    )


class IdentityOptions(Options):
    """Which user somebody is who signed in."""

    attribute: str | None = Field(
        default=None, description="The assertion's attribute to take; by default its subject."
    )
    gives: Literal["external_id", "guid", "username"] = Field(
        default="external_id", description="What that is in Cornerstone."
    )


class CatalogueOptions(Options):
    """How the course list that Cornerstone pulls describes courses."""

    provider: str = Field(default="", description="Your name as the provider.")
    mobile: bool = Field(default=True, description="Whether courses open on phones.")


class CornerstoneOptions(Options):
    """Options of a connection to one portal; a pilot or stage portal is a connection of its own."""

    url: Annotated[str, AfterValidator(origin)] = Field(
        description="The portal's address.", examples=["https://acme.csod.com"]
    )
    subdomain: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,63}$",
        description="The portal's name in launches; by default what stands before .csod.com in `url`.",
    )
    hosts: tuple[Annotated[str, AfterValidator(host)], ...] = Field(
        default=(), description="Other hosts of the same portal that launches may name."
    )
    callback: CallbackOptions | None = Field(
        default=None, description="Content distribution: results by the callback that launches bring."
    )
    api: ApiOptions | None = Field(
        default=None, description="The tenant's APIs: look-ups, and completions where no token lives."
    )
    events: tuple[ResultKind, ...] = Field(
        default=_WHOLE, description="Which results are sent; by default those about the whole activity."
    )
    courses: dict[str, _CourseId] = Field(
        default_factory=dict, description="Activity id → course id, where it isn't made of the activity id."
    )
    identity: IdentityOptions = Field(
        default=IdentityOptions(), description="Which user somebody is who signed in."
    )
    catalogue: CatalogueOptions = Field(
        default=CatalogueOptions(), description="The course list that Cornerstone pulls."
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse a connection that could neither send nor look up, and courses that share an id."""
        if self.callback is None and self.api is None:
            raise ValueError(
                "callback, api: missing; give the provider's key (callback) or the tenant's client (api)"
            )
        if len(set(self.courses.values())) < len(self.courses):
            raise ValueError("courses: two activities have one course id")

    @property
    def portal_name(self) -> str | None:
        """The portal's name in launches, in lower case; None where it isn't known."""
        if self.subdomain is not None:
            return self.subdomain.lower()
        name = self.url.partition("://")[2]
        return name.removesuffix(_PORTALS) if name.endswith(_PORTALS) else None

    def portal(self, named: str) -> str | None:
        """Return the origin of the host that a launch names; None where it's none of this portal's."""
        scheme, _, own = self.url.partition("://")
        found = named.lower()
        return f"{scheme}://{found}" if found in (own, *self.hosts) else None
