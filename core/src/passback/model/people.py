"""Who is who: users of an LMS, and what a connector is asked and answers about them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import attrs

from passback.model.access import Access
from passback.model.result import Activity, Learner
from passback.model.signing_in import Assertion

__all__ = [
    "Account",
    "IdentityProposal",
    "IdentityRequest",
    "Launch",
    "LaunchQuery",
    "SignIn",
    "SignInRequest",
    "User",
    "UserQuery",
]


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
        id: Only the user with this id in the LMS.
    """

    email: str | None = None
    username: str | None = None
    external_id: str | None = None
    id: str | None = None


@attrs.frozen(kw_only=True)
class Account:
    """The stored bond between a learner and the user of one system that they are.

    Attributes:
        user_id: The user's id in the system.
        matched_by: What they were recognised by: ``external_id``, ``id``, ``username``, ``email``,
            ``launch``, ``identity`` or ``person``; ``anonymous`` for an id that was made up, because the
            system tells nobody who its users are.
        checked: When that was looked up last.
    """

    user_id: str
    matched_by: str
    checked: datetime

    @property
    def anonymous(self) -> bool:
        """Whether the id was made up, and is nobody's over there."""
        return self.matched_by == "anonymous"


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
        user_id: What the LMS knows them by: where `matched_by` is ``external_id``, ``username`` or ``email``,
            that; otherwise the LMS's own id.
        matched_by: What they were recognised by. The core looks them up by it, where the system can be asked.
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
        user_id: The user's id in the LMS; None where the query doesn't say.
        parameters: What the answer needs, by the connector's own names; may hold secrets, so it isn't shown.
        passthrough: The whole query in its order, repeats kept, where the system wants it back; isn't shown.
        expires: Until when it can be used; None where the system doesn't say.
        id: The core's number for it, once it's recorded; receipts carry it back.
    """

    user_id: str | None = None
    parameters: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    passthrough: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    expires: datetime | None = None
    id: int = 0


@attrs.frozen(kw_only=True)
class SignInRequest:
    """Ask a connector to sign one of our learners in to its system.

    Attributes:
        learner: Who.
        account: Which user of the system they are, where that is known.
        activity: What is to be opened there; None for its first page.
        return_to: Where the system itself wants the browser to go on over there, as it sent it here: hostile.
        access: What they may learn and manage there; None where nothing is said about it.
    """

    learner: Learner
    account: Account | None = None
    activity: Activity | None = None
    return_to: str = ""
    access: Access | None = None


@attrs.frozen(kw_only=True)
class SignIn:
    """Where to send a browser so that it's signed in over there: a credential, for one person, once.

    Attributes:
        url: The address; isn't shown.
        fields: What to post to it by a form; empty where the browser is redirected. Isn't shown.
        expires: Until when it works; None where the system doesn't say.
    """

    url: str = attrs.field(repr=False)
    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    expires: datetime | None = None
