"""A connection's ``sign_in`` table: what becomes of those whom its identity provider vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, StrictBool, field_validator

from passback.errors import InvalidAccess
from passback.host.config.table import Table
from passback.identity.linking import AttributeRule, Grants, LinkPolicy, Merge, RoleRule, Roles
from passback.model import Access, Observation, read_access

__all__ = ["AccessConfig", "GroupsConfig", "RoleConfig", "RolesConfig", "SignInConfig"]


_First: TypeAlias = Mapping[str, str | bool | tuple[str, ...]]

_MERGES = (
    "whoever runs this provider becomes anybody whose address it says it verified; leave it at never unless "
    "that is you. People who were merged stay who they are when it's changed, or when their address is"
)
_TRUSTS = "addresses there are believed without being verified; only a domain's owner knows who is who in it"
_BY_NOTHING = "nobody is recognised by it: no attribute is mapped to external_id"


def _beginning(value: str) -> str:
    if not value.startswith(("https://", "http://")) or value.count("/") < 3:  # noqa: PLR2004 - scheme, host, path
        raise ValueError("expected an address with a path, as https://app.example.com/")
    return value


def _local(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("expected a path such as /courses")
    return value


class RoleConfig(Table):
    """Whoever has this value gets that role."""

    value: str = Field(description="The attribute's value, exactly as the provider writes it.")
    role: str = Field(description="The role at the host.")


class RolesConfig(Table):
    """Which role the provider's values give; the first line that matches counts, none leaves it alone."""

    attribute: str = Field(description="The attribute's name, exactly as the provider writes it.")
    map: tuple[RoleConfig, ...] = Field(default=(), description="What gives which role, in order.")
    default: str | None = Field(
        default=None, description="The role of those who match nothing, when they first come."
    )


class GroupsConfig(Table):
    """Which groups the provider's values put people in; they leave those again whose value is gone."""

    attribute: str = Field(description="The attribute's name, exactly as the provider writes it.")
    map: dict[str, str] = Field(default_factory=dict, description="The provider's value → the host's group.")


class AccessConfig(Table):
    """What the provider says that people may learn and manage, by the names of Thought Industries."""

    first: dict[str, str | bool | tuple[str, ...]] = Field(
        default_factory=dict,
        description='What those get besides who come for the first time, as courseSlugs = ["welcome"].',
    )
    allow_revoke_all: StrictBool = Field(
        default=False, description="Whether somebody may lose everything at once, as replaced by nothing."
    )

    @field_validator("first")
    @classmethod
    def _readable(cls, given: _First) -> _First:
        try:
            _access(given)
        except InvalidAccess as error:
            raise ValueError(str(error)) from None
        return given

    def first_access(self) -> Access | None:
        """Return what those get besides who come for the first time; None for nothing."""
        return _access(self.first) if self.first else None


class SignInConfig(Table):
    """How people are signed in."""

    title: str = Field(default="", description='What stands on the button after "Sign in to".')
    serves: tuple[str, ...] = Field(
        default=(), description="The connections whose systems the same people use: their accounts follow."
    )
    attributes: dict[str, str] = Field(
        default_factory=lambda: {"email": "email", "name": "name"},
        description="Property → attribute's name, exactly as the provider writes it. email, name, username "
        "and external_id are the learner's; what else is named goes to the host.",
    )
    required: tuple[str, ...] = Field(
        default=(), description="Properties without which nobody is signed in for the first time."
    )
    roles: RolesConfig | None = Field(default=None, description="Which role the provider's values give.")
    groups: GroupsConfig | None = Field(default=None, description="Which groups they put people in.")
    access: AccessConfig | None = Field(
        default=None, description="Whether the provider's attributes say what people may learn and manage."
    )
    create: StrictBool = Field(default=True, description="Whether who comes first becomes a new learner.")
    merge: Literal["never", "deny", "proof", "verified"] = Field(
        default="never",
        description="What becomes of somebody new whose address a learner has: another learner (never), "
        "nobody (deny), that learner once they prove it (proof), that learner if everybody concerned "
        "verified the address (verified).",
    )
    by_external_id: StrictBool = Field(
        default=False, description="Whether the customer's id recognises a learner who is there already."
    )
    trusted_domains: tuple[str, ...] = Field(
        default=(),
        description="Domains of which the provider is believed, though it doesn't say that it verified them.",
    )
    return_to: tuple[Annotated[str, AfterValidator(_beginning)], ...] = Field(
        default=(), description="What addresses elsewhere may begin with to which people return."
    )
    after_sign_in: Annotated[str, AfterValidator(_local)] = Field(
        default="/", description="Where people go who didn't come from anywhere."
    )
    after_sign_out: Annotated[str, AfterValidator(_local)] = Field(
        default="/", description="Where people go who signed out."
    )

    def rules(self) -> dict[str, AttributeRule]:
        """Return property → where it comes from."""
        return {
            name: AttributeRule(source=source, required=name in self.required)
            for name, source in self.attributes.items()
        }

    def policy(self) -> LinkPolicy:
        """Return how those are decided about who come for the first time."""
        return LinkPolicy(
            create=self.create,
            merge=Merge(self.merge),
            by_external_id=self.by_external_id,
            trusted_domains=frozenset(each.lower() for each in self.trusted_domains),
        )

    def grants(self) -> Grants:
        """Return what the provider may give."""
        groups = self.groups
        return Grants(
            roles=None if self.roles is None else _roles(self.roles),
            group_attribute=groups.attribute if groups else "",
            groups=groups.map if groups else {},
            access=self.access is not None,
            allow_revoke_all=self.access is not None and self.access.allow_revoke_all,
            first_access=self.access.first_access() if self.access else None,
        )

    def doubts(self) -> list[Observation]:
        """Return what an administrator should think about twice."""
        verifies = self.merge == "verified"
        return [
            Observation(what=f"sign_in.{what}", said=said, verdict="warning")
            for what, said, doubtful in (
                ("merge", _MERGES, verifies),
                ("trusted_domains", _TRUSTS, verifies and bool(self.trusted_domains)),
                ("by_external_id", _BY_NOTHING, self.by_external_id and "external_id" not in self.attributes),
            )
            if doubtful
        ]


def _access(given: _First) -> Access:
    unknown = sorted(given.keys() - Access.attribute_names().keys())
    if unknown:
        raise InvalidAccess(unknown[0], f"expected one of {', '.join(Access.attribute_names())}")
    texts = {name: value if isinstance(value, tuple) else (str(value),) for name, value in given.items()}
    return read_access(texts)


def _roles(config: RolesConfig) -> Roles:
    rules = tuple(RoleRule(value=each.value, role=each.role) for each in config.map)
    return Roles(attribute=config.attribute, rules=rules, default=config.default)
