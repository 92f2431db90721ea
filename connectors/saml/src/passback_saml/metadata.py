"""What a provider's metadata says (SAML metadata §2.3.2, §2.4)."""

from __future__ import annotations

from datetime import datetime

import attrs

from passback import WebAddress
from passback_saml.certificates import Certificate, distinct, read_certificate
from passback_saml.names import PROTOCOL_NS, REDIRECT_BINDING, Element, ds, md
from passback_saml.parsing import Unreadable, children, parse, text_of
from passback_saml.times import parse_time

__all__ = ["NoMetadata", "Published", "read_metadata"]

# A provider's own has some ten kilobytes; a federation's has hundreds of providers, and doesn't belong here.
_MOST_BYTES = 2 * 1024 * 1024
_TRUE = ("true", "1")


class NoMetadata(Exception):
    """What can't be used as a provider's metadata; the message says why."""


@attrs.frozen(kw_only=True)
class Published:
    """What a provider says of itself.

    Attributes:
        entity_id: Its name.
        sso_url: Where it takes requests by HTTP-Redirect; None where it takes none so.
        certificates: Those of the keys that it may sign with.
        unread: How many certificates couldn't be read.
        formats: The formats of NameID that it offers.
        wants_signed: Whether it wants our requests signed.
        until: Until when this may be used.
    """

    entity_id: str
    sso_url: str | None
    certificates: tuple[Certificate, ...] = ()
    unread: int = 0
    formats: tuple[str, ...] = ()
    wants_signed: bool = False
    until: datetime | None = None


def read_metadata(raw: bytes, entity_id: str | None, *, encrypted: bool = False) -> Published:
    """Return what the metadata in `raw` says of the provider `entity_id`, or of the only one in it.

    Args:
        raw: The metadata.
        entity_id: Whose is wanted.
        encrypted: Whether it came by https: it mustn't send anybody to where there is none then.

    Raises:
        NoMetadata: It can't be read, or says nothing of that provider.
    """
    try:
        root = parse(raw, _MOST_BYTES, plain=False)
    except Unreadable as error:
        raise NoMetadata(str(error)) from None
    if root.tag not in (md("EntityDescriptor"), md("EntitiesDescriptor")):
        raise NoMetadata("it is no SAML 2.0 metadata")
    roles = [
        (entity, role)
        for entity in root.iter(md("EntityDescriptor"))
        for role in children(entity, md("IDPSSODescriptor"))
        if PROTOCOL_NS in (role.get("protocolSupportEnumeration") or "").split()
        and entity_id in (None, entity.get("entityID"))
    ]
    if len(roles) != 1:
        which = "any" if entity_id is None else "idp_entity_id"
        found = "says nothing of" if not roles else f"has {len(roles)} descriptions of"
        raise NoMetadata(f"it {found} {which} SAML 2.0 identity provider; check idp_entity_id")
    published = _published(*roles[0])
    if encrypted and (published.sso_url or "").startswith("http:"):
        raise NoMetadata("its SingleSignOnService isn't encrypted (https)")
    return published


def _published(entity: Element, role: Element) -> Published:
    name = entity.get("entityID")
    if not name:
        raise NoMetadata("its provider has no entityID")
    services = [
        each.get("Location") or ""
        for each in children(role, md("SingleSignOnService"))
        if each.get("Binding") == REDIRECT_BINDING
    ]
    certificates, unread = _certificates(role)
    return Published(
        entity_id=name,
        sso_url=_address(services[0]) if services else None,
        certificates=distinct(certificates),
        unread=unread,
        formats=tuple(text_of(each).strip() for each in children(role, md("NameIDFormat"))),
        wants_signed=role.get("WantAuthnRequestsSigned") in _TRUE,
        until=_until(role),
    )


def _address(location: str) -> str:
    try:
        return WebAddress(kind="page")(location)
    except ValueError:
        raise NoMetadata("its SingleSignOnService has no address that a browser can be sent to") from None


def _certificates(role: Element) -> tuple[list[Certificate], int]:
    texts = [
        text_of(each)
        for descriptor in children(role, md("KeyDescriptor"))
        if descriptor.get("use") in (None, "signing")
        for each in descriptor.iter(ds("X509Certificate"))
    ]
    found = []
    for text in texts:
        try:
            found.append(read_certificate(text))
        except ValueError:
            continue
    return found, len(texts) - len(found)


def _until(role: Element) -> datetime | None:
    # It holds for everything below; the earliest counts. What isn't a time is none that we could keep to.
    named = [parse_time(each.get("validUntil")) for each in (role, *role.iterancestors())]
    return min((each for each in named if each is not None), default=None)
