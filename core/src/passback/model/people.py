"""Who is who: users of an LMS, and what a connector is asked and answers about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from passback.model.result import Learner

__all__ = ["Assertion", "IdentityProposal", "IdentityRequest", "Launch", "LaunchQuery", "User", "UserQuery"]


@attrs.frozen(kw_only=True)
class User:
    """A person's record in one LMS, as a look-up returns it.

    Attributes:
        id: The LMS's own id; what results are addressed to.
        email: Their address there.
        username: Their login name there.
        external_id: The customer's id for them (employee number, SSO subject).
        name: As the LMS shows it.
        active: Whether the LMS lets them in.
    """

    id: str
    email: str | None = None
    username: str | None = None
    external_id: str | None = None
    name: str | None = None
    active: bool = True


@attrs.frozen(kw_only=True)
class UserQuery:
    """Which users to look up; with nothing given, all of them.

    Attributes:
        email: Only users with this address.
        username: Only users with this login name.
        external_id: Only users with this customer id.
    """

    email: str | None = None
    username: str | None = None
    external_id: str | None = None


@attrs.frozen(kw_only=True)
class Assertion:
    """A verified statement by an identity provider, whatever its protocol.

    Attributes:
        issuer: Who says so.
        subject: Whom it is about, byte for byte as the issuer writes it.
        attributes: What else it says; names are case-sensitive.
    """

    issuer: str
    subject: str
    attributes: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class IdentityRequest:
    """Ask a connector which user of its LMS somebody is.

    Attributes:
        learner: The person, as the host knows them.
        assertion: What an identity provider said, where somebody signed in.
    """

    learner: Learner
    assertion: Assertion | None = None


@attrs.frozen(kw_only=True)
class IdentityProposal:
    """A connector's answer: this user, because of that.

    Attributes:
        user_id: The user's id in the LMS.
        matched_by: What they were recognised by (``email``, ``external_id``, …).
    """

    user_id: str
    matched_by: str


@attrs.frozen(kw_only=True)
class LaunchQuery:
    """The query with which an LMS opened the content: hostile until validated.

    Attributes:
        pairs: Names and values in their order, repeats kept.
    """

    pairs: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str | None:
        """Return the first value of `name`, or None."""
        return next((value for key, value in self.pairs if key == name), None)


@attrs.frozen(kw_only=True)
class Launch:
    """What an LMS handed over when it opened the content, validated, kept for the answer.

    Attributes:
        user_id: The user's id in the LMS.
        parameters: What the answer needs; may hold secrets, so it isn't shown.
        expires: Until when it can be used; None where the system doesn't say.
    """

    user_id: str
    parameters: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    expires: datetime | None = None
