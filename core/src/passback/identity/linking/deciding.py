"""The decision: which learner somebody is whom a provider vouches for.

An existing link decides before anything else, for ever. Everything here happens in one transaction.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from itertools import chain
from uuid import uuid4

import attrs
from sqlalchemy import Connection

from passback.errors import SignInRefused
from passback.identity.linking import links, people
from passback.identity.linking.links import Identity, Link
from passback.identity.linking.people import Person
from passback.identity.linking.profile import Profile
from passback.model import Assertion, Learner
from passback.store import RECOGNISING, lock, milliseconds

__all__ = ["Claim", "Decision", "LinkPolicy", "Merge", "Outcome", "decide", "prove", "require_identity"]

_LONGEST = 1024
# The properties that `Learner` has; what else is mapped goes to the host as it is.
_LEARNER = ("email", "name", "username", "external_id")


class Merge(StrEnum):
    """What a person who is there already, with the same address, means for somebody new.

    ``never``: nothing, they are two. ``deny``: the new one isn't let in. ``proof``: the new one must prove to
    be the person. ``verified``: they are the person, if everybody concerned has verified the address.
    """

    NEVER = "never"
    DENY = "deny"
    PROOF = "proof"
    VERIFIED = "verified"


class Outcome(StrEnum):
    """What became of a sign-in."""

    KNOWN = "known"
    CREATED = "created"
    MERGED = "merged"
    NEEDS_PROOF = "needs proof"


@attrs.frozen(kw_only=True)
class LinkPolicy:
    """How a connection decides about those who come for the first time.

    Attributes:
        create: Whether they become a new learner.
        merge: What the same address means.
        by_external_id: Whether the customer's id recognises a person who is there already.
        trusted_domains: Domains for which the provider is believed though it doesn't say that it verified an
            address; in lower case.
    """

    create: bool = True
    merge: Merge = Merge.NEVER
    by_external_id: bool = False
    trusted_domains: frozenset[str] = frozenset()

    @property
    def recognises(self) -> bool:
        """Whether who is there already makes a difference."""
        return self.by_external_id or self.merge is not Merge.NEVER


@attrs.frozen(kw_only=True)
class Claim:
    """Somebody whom a provider vouches for, and how their connection decides about them.

    Attributes:
        connection: The connection by which they came.
        organisation: The customer whose connection it is.
        assertion: What the provider says.
        profile: What that is by our names.
        policy: How it's decided.
    """

    connection: str
    organisation: str
    assertion: Assertion
    profile: Profile
    policy: LinkPolicy

    @property
    def identity(self) -> Identity:
        """Whom the provider vouches for."""
        said = self.assertion
        return Identity(
            connection=self.connection, issuer=said.issuer, kind=said.subject_kind, subject=said.subject
        )

    @property
    def verified(self) -> bool:
        """Whether the address is the newcomer's; that it's said not to be counts more than any trust."""
        said = self.profile.one("email")
        if self.assertion.email_verified is False:
            return False
        # It's said of `email`: where another attribute is taken for the address, that may be anything.
        if self.assertion.email_verified and said in self.assertion.attributes.get("email", ()):
            return True
        address = people.comparable(said) or ""
        return address.rpartition("@")[2] in self.policy.trusted_domains


@attrs.frozen(kw_only=True)
class Decision:
    """Which learner it is.

    Attributes:
        outcome: What became of it.
        learner: The learner as they are known now; where proof is needed, whom they must prove to be.
    """

    outcome: Outcome
    learner: Learner


def require_identity(assertion: Assertion) -> None:
    """Refuse what could be anybody.

    Raises:
        SignInRefused: Issuer or subject is empty, or longer than any identifier is; or something said is no
            text.
    """
    for name in ("issuer", "subject", "subject_kind"):
        text: str = getattr(assertion, name)
        if not text.strip() or len(text) > _LONGEST or not _is_text(text):
            raise SignInRefused(f"the {name} is empty, longer than {_LONGEST} characters, or no text")
    said = chain([assertion.session], assertion.attributes, *assertion.attributes.values())
    if not all(_is_text(text) for text in said):
        raise SignInRefused("what the provider says holds a character that no text has")


def _is_text(text: str) -> bool:
    # Neither can be kept by every store.
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)


def decide(db: Connection, claim: Claim, now: datetime) -> Decision:
    """Decide who it is, and make the link where there is none.

    Raises:
        SignInRefused: Nobody who may be let in; says why.
    """
    link = links.read(db, claim.identity.key)
    if link is None and claim.policy.recognises:
        # One person who comes by two connections at once mustn't find nobody there twice.
        lock(db, RECOGNISING)
        link = links.read(db, claim.identity.key)
    if link is not None:
        return _known(db, claim, link, now)
    if claim.profile.missing:
        raise SignInRefused("; ".join(claim.profile.missing))
    there = _there_already(db, claim)
    if there is not None and claim.policy.merge is Merge.PROOF and not _by_id(there, claim):
        return Decision(outcome=Outcome.NEEDS_PROOF, learner=there.learner)
    if there is None and not claim.policy.create:
        raise SignInRefused("nobody is known by this identity, and this connection creates nobody (create)")
    person = there or Person(organisation=claim.organisation, learner=Learner(id=uuid4().hex))
    link = links.link_for(claim.identity, claim.organisation, person.learner.id, now)
    if not links.write(db, link, "merged" if there else "linked", "sign-in"):
        # Another browser of theirs was quicker, or another identity took the person.
        return decide(db, claim, now)
    outcome = Outcome.MERGED if there else Outcome.CREATED
    return Decision(outcome=outcome, learner=_refresh(db, person, claim, now))


def prove(db: Connection, organisation: str, identity: Identity, learner: str, now: datetime) -> Decision:
    """Link `identity` with `learner`, who has proved to be the same person.

    Raises:
        SignInRefused: It's linked meanwhile, the learner has another identity there, or is closed.
    """
    person = people.find(db, organisation, learner)
    if person is None or person.closed:
        raise SignInRefused("the person who is to be linked isn't there any longer, or is closed")
    if not links.write(db, links.link_for(identity, organisation, learner, now), "merged", "proof"):
        raise SignInRefused("this identity, or the person at this connection, is linked meanwhile")
    return Decision(outcome=Outcome.MERGED, learner=person.learner)


def _known(db: Connection, claim: Claim, link: Link, now: datetime) -> Decision:
    if not link.live:
        raise SignInRefused("the link of this identity has ended; an administrator can relink it")
    if link.organisation != claim.organisation:
        raise SignInRefused("this identity belongs to another organisation, whose connection it was")
    person = people.find(db, claim.organisation, link.learner)
    if person is None:
        person = Person(organisation=claim.organisation, learner=Learner(id=link.learner))
    if person.closed:
        raise SignInRefused("the person's account is closed")
    links.change(db, link.key, {"used": milliseconds(now)})
    return Decision(outcome=Outcome.KNOWN, learner=_refresh(db, person, claim, now))


def _there_already(db: Connection, claim: Claim) -> Person | None:
    """Return the person whom the newcomer is, or would be; None if they are new."""
    policy, profile = claim.policy, claim.profile
    if policy.by_external_id:
        same = people.with_external_id(db, claim.organisation, profile.one("external_id"))
        if same:
            return _only(db, claim, same, "customer's id")
    same = people.with_email(db, claim.organisation, profile.one("email"))
    if not same or policy.merge is Merge.NEVER:
        return None
    if policy.merge is Merge.DENY:
        raise SignInRefused("somebody with this address is there already, and this connection denies that")
    if policy.merge is Merge.VERIFIED and not (claim.verified and all(each.email_proven for each in same)):
        return None
    return _only(db, claim, same, "address")


def _only(db: Connection, claim: Claim, same: list[Person], by: str) -> Person:
    if len(same) > 1:
        raise SignInRefused(f"several people have this {by}; an administrator must say who it is")
    (person,) = same
    if person.closed:
        raise SignInRefused("the person's account is closed")
    if person.privileged and not (claim.policy.merge is Merge.PROOF and by == "address"):
        raise SignInRefused(
            f"nobody becomes a privileged person by their {by}; an administrator must link them"
        )
    if links.taken(db, claim.connection, person.organisation, person.learner.id):
        raise SignInRefused(f"the person with this {by} signs in by another identity of this connection")
    return person


def _by_id(person: Person, claim: Claim) -> bool:
    said = claim.profile.one("external_id")
    return claim.policy.by_external_id and said is not None and said == person.learner.external_id


def _refresh(db: Connection, person: Person, claim: Claim, now: datetime) -> Learner:
    """Keep what the provider says of a person now; what it doesn't say stays as it was."""
    before = person.learner
    said = {name: value for name in _LEARNER if (value := claim.profile.one(name))}
    if before.external_id and person.external_id_proven and not claim.policy.by_external_id:
        said.pop("external_id", None)
    learner = attrs.evolve(before, **said)
    # Only who merges by addresses has judged that this provider verifies them.
    proves = "email" in said and claim.policy.merge is Merge.VERIFIED and claim.verified
    same = people.comparable(before.email) == people.comparable(learner.email)
    # Who has an id by a connection that recognises nobody by it must not be taken for somebody elsewhere.
    recognised = "external_id" in said and claim.policy.by_external_id
    same_id = before.external_id == learner.external_id
    now_known = attrs.evolve(
        person,
        learner=learner,
        email_proven=proves or (person.email_proven and same),
        external_id_proven=recognised or (person.external_id_proven and same_id),
    )
    people.know(db, now_known, now)
    return learner
