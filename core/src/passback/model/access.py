"""What a person may learn and manage, as Thought Industries takes it from whoever signs them in.

Source: wire facts §6.3. Its names are case-sensitive, and two of its switches revoke everything at once: what
is absent, what is empty and what is given are three things here, and nothing is revoked by an oversight.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

import attrs

from passback.errors import InvalidAccess
from passback.model.result import JSONValue

__all__ = ["NAMED", "SEVERAL", "TRUTH", "UNSET", "Access", "Unset"]

SEVERAL, TRUTH = "several texts", "true or false"

_LONGEST_REF = 32
_LONGEST = 1024
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return self.value


UNSET: Final = Unset.UNSET
"""Nothing is said about it, so it stays as it is; an empty text or tuple says that there is none."""

Text: TypeAlias = str | Literal[Unset.UNSET]
Several: TypeAlias = tuple[str, ...] | Literal[Unset.UNSET]
Truth: TypeAlias = bool | Literal[Unset.UNSET]


def _text(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not UNSET and (not isinstance(value, str) or not value.strip() or len(value) > _LONGEST):
        raise InvalidAccess(sent_name(attribute.name), f"expected a text of 1 to {_LONGEST} characters")


def _ref(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not UNSET and (not isinstance(value, str) or len(value) > _LONGEST_REF):
        raise InvalidAccess(
            sent_name(attribute.name), f"expected a text of at most {_LONGEST_REF} characters; it isn't cut"
        )


def _several(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is UNSET:
        return
    if not isinstance(value, tuple) or not all(isinstance(each, str) and each.strip() for each in value):
        raise InvalidAccess(sent_name(attribute.name), "expected several texts, none of them empty")
    if len(set(value)) < len(value) or any(len(each) > _LONGEST for each in value):
        raise InvalidAccess(
            sent_name(attribute.name), f"expected each once, in at most {_LONGEST} characters"
        )


def _truth(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not UNSET and not isinstance(value, bool):
        raise InvalidAccess(sent_name(attribute.name), "expected true or false")


def _slugged(value: Text) -> Text:
    # What people see is the role's name; what is sent has dashes for its spaces.
    return "-".join(value.lower().split()) if isinstance(value, str) else value


def _role(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not UNSET and (not isinstance(value, str) or not _SLUG.fullmatch(value)):
        raise InvalidAccess(attribute.name, "expected a role's slug, such as course-manager")


def sent_name(field: str) -> str:
    """Return the name under which a field is sent."""
    first, *rest = field.split("_")
    return first + "".join(each.capitalize() for each in rest)


@attrs.frozen(kw_only=True)
class Access:
    """What somebody may learn and manage. Nothing is said where a field is `UNSET`.

    Attributes:
        course_slugs: Courses that they get.
        bundle_slugs: Bundles that they get.
        learning_path_slugs: Learning paths that they get.
        client_id: The client whose licences these are; at most one of the three names it.
        client_slug: The same, by its slug.
        client_sku: The same, by its SKU.
        student_license_ids: Licences that they learn by.
        student_license_skus: The same by SKUs, which a client must go with.
        manager_license_ids: Licences that they manage.
        manager_license_skus: The same by SKUs, which a client must go with.
        replace_course_access: Whether they lose every course that isn't in `course_slugs`; otherwise courses
            are only added.
        replace_license_access: The same for licences.
        ref1: A text of the customer's own, of at most 32 characters; so up to `ref10`.
        role: Their role's slug: lower case, with dashes; made of the role's name.
        allow_revoke_all: Whether they may lose everything at once, because something is replaced by nothing.

    Raises:
        InvalidAccess: A field can't be so, or fields don't go together.
    """

    course_slugs: Several = attrs.field(default=UNSET, validator=_several)
    bundle_slugs: Several = attrs.field(default=UNSET, validator=_several)
    learning_path_slugs: Several = attrs.field(default=UNSET, validator=_several)
    client_id: Text = attrs.field(default=UNSET, validator=_text)
    client_slug: Text = attrs.field(default=UNSET, validator=_text)
    client_sku: Text = attrs.field(default=UNSET, validator=_text)
    student_license_ids: Several = attrs.field(default=UNSET, validator=_several)
    student_license_skus: Several = attrs.field(default=UNSET, validator=_several)
    manager_license_ids: Several = attrs.field(default=UNSET, validator=_several)
    manager_license_skus: Several = attrs.field(default=UNSET, validator=_several)
    replace_course_access: Truth = attrs.field(default=UNSET, validator=_truth)
    replace_license_access: Truth = attrs.field(default=UNSET, validator=_truth)
    ref1: Text = attrs.field(default=UNSET, validator=_ref)
    ref2: Text = attrs.field(default=UNSET, validator=_ref)
    ref3: Text = attrs.field(default=UNSET, validator=_ref)
    ref4: Text = attrs.field(default=UNSET, validator=_ref)
    ref5: Text = attrs.field(default=UNSET, validator=_ref)
    ref6: Text = attrs.field(default=UNSET, validator=_ref)
    ref7: Text = attrs.field(default=UNSET, validator=_ref)
    ref8: Text = attrs.field(default=UNSET, validator=_ref)
    ref9: Text = attrs.field(default=UNSET, validator=_ref)
    ref10: Text = attrs.field(default=UNSET, validator=_ref)
    role: Text = attrs.field(default=UNSET, converter=_slugged, validator=_role)
    allow_revoke_all: bool = False

    def __attrs_post_init__(self) -> None:
        clients = [each for each in (self.client_id, self.client_slug, self.client_sku) if each is not UNSET]
        if len(clients) > 1:
            raise InvalidAccess("clientId", "give one of clientId, clientSlug and clientSku")
        for name in ("student_license_skus", "manager_license_skus"):
            if _any(getattr(self, name)) and not clients:
                raise InvalidAccess(sent_name(name), "needs one of clientId, clientSlug and clientSku")
        if self.replace_course_access is True:
            self._require_courses()
        if self.replace_license_access is True and not self.allow_revoke_all and not self._names_licenses():
            raise InvalidAccess(
                "replaceLicenseAccess",
                "would revoke every licence, because none is given; allow_revoke_all says that this is meant",
            )

    def _require_courses(self) -> None:
        if _any(self.bundle_slugs):
            raise InvalidAccess(
                "replaceCourseAccess", "doesn't go with bundleSlugs, whose courses it would take away"
            )
        if not self.allow_revoke_all and not _any(self.course_slugs):
            raise InvalidAccess(
                "replaceCourseAccess",
                "would revoke every course, because none is in courseSlugs; allow_revoke_all says that this "
                "is meant",
            )

    def _names_licenses(self) -> bool:
        return any(
            _any(each)
            for each in (
                self.student_license_ids,
                self.student_license_skus,
                self.manager_license_ids,
                self.manager_license_skus,
            )
        )

    def render_claims(self) -> dict[str, JSONValue]:
        """Return this as claims of a token; what is `UNSET` is left out, and what is empty is empty."""
        said = {name: getattr(self, field) for name, (field, _) in NAMED.items()}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
            if value is not UNSET
        }

    @staticmethod
    def attribute_names() -> dict[str, str]:
        """Return what each attribute holds, by the exact name under which an identity provider must send it.

        That is for the identity provider of a customer who signs people in to Thought Industries itself, by
        SAML, OpenID Connect or CAS.
        """
        return {name: kind for name, (_, kind) in NAMED.items()}


def _kind(field: attrs.Attribute[Any]) -> str:
    if field.validator is _several:
        return SEVERAL
    if field.validator is _truth:
        return TRUTH
    if field.validator is _ref:
        return f"a text of at most {_LONGEST_REF} characters"
    return "a slug, such as course-manager" if field.validator is _role else "a text"


# By the name that is sent: the field, and what it holds.
NAMED: Final = {
    sent_name(field.name): (field.name, _kind(field))
    for field in attrs.fields(Access)
    if field.name != "allow_revoke_all"
}


def _any(several: Several) -> bool:
    return several is not UNSET and bool(several)
