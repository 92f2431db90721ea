"""Signing in: what an identity provider says, and a browser's way there and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import attrs

from passback.model.incoming import Incoming

__all__ = [
    "Assertion",
    "Departure",
    "Observation",
    "Sample",
    "SampleReading",
    "ServiceMetadata",
    "SignInPlace",
    "SignInReturn",
    "SignInStart",
    "SignOutStart",
]


@attrs.frozen(kw_only=True)
class Assertion:
    """A verified statement by an identity provider, whatever its protocol.

    Attributes:
        issuer: Who says so.
        subject: Whom it is about, byte for byte as the issuer writes it.
        subject_kind: What kind of name the subject is, as ``oidc:sub``, ``saml:persistent``,
            ``saml:attr:employeeNumber``: a link holds for one kind, so another attribute as identifier never
            makes it match somebody else.
        attributes: What else it says; names are case-sensitive.
        email_verified: Whether the issuer says that the e-mail address is the person's; None where it says
            nothing about that.
        incomplete: Attributes that the issuer left out because they are too many (group overage): nothing
            may be concluded from their absence.
        once: What can be used only once, as an assertion's id; empty where the protocol sees to that. The
            core remembers it until `expires`.
        expires: Until when the statement could be presented again; needed with `once`.
        session: What the provider wants back at sign-out, as an ID token; isn't shown.
    """

    issuer: str
    subject: str
    subject_kind: str = "subject"
    attributes: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    email_verified: bool | None = None
    incomplete: frozenset[str] = frozenset()
    once: str = attrs.field(default="", repr=False)
    expires: datetime | None = None
    session: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class SignInPlace:
    """Where an identity provider meets us: a connection's own addresses.

    Attributes:
        callback: Where it sends the browser back to: redirect URI, assertion consumer service, service.
        metadata: Where it reads who we are; the default of our name for it (SAML's entity id).
        signed_out: Where it sends the browser after sign-out.
    """

    callback: str
    metadata: str
    signed_out: str


@attrs.frozen(kw_only=True)
class SignInStart:
    """Ask a connector to send a browser to its identity provider.

    Attributes:
        place: Our addresses.
        state: What the provider must give back unchanged, as ``state`` or ``RelayState``; the core finds the
            browser by it.
        hint: Who wants to sign in, where that's known already; a name or an address.
    """

    place: SignInPlace
    state: str = attrs.field(repr=False)
    hint: str | None = None


@attrs.frozen(kw_only=True)
class Departure:
    """Where a browser goes on.

    Attributes:
        url: The address; may hold what isn't for others, so it isn't shown.
        fields: What to post to it by a form; empty where the browser is redirected. Isn't shown.
        kept: What the connector needs when the browser is back (nonce, verifier, request id); the core keeps
            it sealed, for this browser, once. Isn't shown.
    """

    url: str = attrs.field(repr=False)
    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    kept: Mapping[str, str] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class SignInReturn:
    """A browser came to the callback: hostile until the connector has verified it.

    Attributes:
        place: Our addresses.
        incoming: What it brought.
        state: The state that it brought and that was given to this browser; empty where `kept` is None.
        kept: What `Departure.kept` held; None where nobody here sent the browser away (an identity provider
            began it). A protocol or a connection that doesn't allow that must refuse.
    """

    place: SignInPlace
    incoming: Incoming
    state: str = attrs.field(default="", repr=False)
    kept: Mapping[str, str] | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class SignOutStart:
    """Ask a connector to sign a person out at the identity provider.

    Attributes:
        place: Our addresses.
        assertion: What the person signed in with.
    """

    place: SignInPlace
    assertion: Assertion


@attrs.frozen(kw_only=True)
class ServiceMetadata:
    """Who we are, in the words of a protocol: what an administrator gives the identity provider.

    Attributes:
        body: The document.
        media_type: What it is.
    """

    body: bytes
    media_type: str


@attrs.frozen(kw_only=True)
class Observation:
    """One thing that was seen at an identity provider, or that we would send it.

    Attributes:
        what: What was looked at, as ``signing certificate``.
        said: What it is, in words that a person can act on; no secret.
        verdict: ``ok``, ``warning`` (works today) or ``problem`` (nobody can sign in).
    """

    what: str
    said: str
    verdict: Literal["ok", "warning", "problem"] = "ok"


@attrs.frozen(kw_only=True)
class Sample:
    """A provider's answer that an administrator has copied from somewhere: a response, a token.

    Attributes:
        body: The bytes; isn't shown.
        at: What time it's to be judged by.
        place: Where the provider should have sent it; None where the configuration doesn't say.
    """

    body: bytes = attrs.field(repr=False)
    at: datetime
    place: SignInPlace | None = None


@attrs.frozen(kw_only=True)
class SampleReading:
    """What a connector makes of a sample. Nobody is signed in by it, so it needn't be valid.

    Attributes:
        assertion: What it would say, if it were accepted; None where it can't be read.
        observations: What would be refused, and why; names only, never values.
    """

    assertion: Assertion | None = attrs.field(default=None, repr=False)
    observations: tuple[Observation, ...] = ()
