"""What we send: a request to sign somebody in (SAML core §3.4), and who we are (metadata §2.4.4)."""

from __future__ import annotations

import base64
import secrets
import zlib
from datetime import datetime
from urllib.parse import urlencode

from lxml import etree

from passback import ServiceMetadata
from passback_saml.names import (
    ASSERTION_NS,
    METADATA_NS,
    PERSISTENT,
    POST_BINDING,
    PROTOCOL_NS,
    TRANSIENT,
    UNSPECIFIED,
    md,
    saml,
    samlp,
)
from passback_saml.options import SamlOptions
from passback_saml.times import written

__all__ = ["authn_request", "new_id", "redirect", "service_metadata"]

# Core §1.3.4 asks for 128 random bits at least, and an ID may not begin with a digit.
_ID_BYTES = 20
_RAW_DEFLATE = -15
_TYPE = "application/samlmetadata+xml"
_NAME_FORMATS = (PERSISTENT, UNSPECIFIED)


def new_id() -> str:
    """Return a new ID for a request."""
    return f"_{secrets.token_hex(_ID_BYTES)}"


def authn_request(request_id: str, sso_url: str, callback: str, entity_id: str, at: datetime) -> bytes:
    """Return a request to sign somebody in; it isn't signed.

    Args:
        request_id: Its ID, which the response repeats.
        sso_url: Where it goes.
        callback: Where the response is to go.
        entity_id: Our own.
        at: Now.
    """
    request = etree.Element(samlp("AuthnRequest"), nsmap={"samlp": PROTOCOL_NS, "saml": ASSERTION_NS})
    request.set("ID", request_id)
    request.set("Version", "2.0")
    request.set("IssueInstant", written(at))
    request.set("Destination", sso_url)
    request.set("ProtocolBinding", POST_BINDING)
    request.set("AssertionConsumerServiceURL", callback)
    etree.SubElement(request, saml("Issuer")).text = entity_id
    # Without it some providers sign nobody in whom they haven't named to us before.
    etree.SubElement(request, samlp("NameIDPolicy")).set("AllowCreate", "true")
    return etree.tostring(request)


def redirect(sso_url: str, request: bytes, state: str) -> str:
    """Return the address by which a browser carries a request (bindings §3.4.4.1, DEFLATE)."""
    packer = zlib.compressobj(wbits=_RAW_DEFLATE)
    packed = packer.compress(request) + packer.flush()
    query = urlencode({"SAMLRequest": base64.b64encode(packed).decode(), "RelayState": state})
    return f"{sso_url}{'&' if '?' in sso_url else '?'}{query}"


def service_metadata(options: SamlOptions, entity_id: str, callback: str) -> ServiceMetadata:
    """Return our metadata: who we are, and where responses go."""
    entity = etree.Element(md("EntityDescriptor"), nsmap={"md": METADATA_NS}, entityID=entity_id)
    role = etree.SubElement(entity, md("SPSSODescriptor"))
    role.set("AuthnRequestsSigned", "false")
    role.set("WantAssertionsSigned", "false" if options.signed == "response" else "true")
    role.set("protocolSupportEnumeration", PROTOCOL_NS)
    others = () if options.subject == "nameid" else (TRANSIENT,)
    for name in (*_NAME_FORMATS, *others):
        etree.SubElement(role, md("NameIDFormat")).text = name
    consumer = etree.SubElement(role, md("AssertionConsumerService"))
    consumer.set("Binding", POST_BINDING)
    consumer.set("Location", callback)
    consumer.set("index", "0")
    consumer.set("isDefault", "true")
    body = etree.tostring(entity, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return ServiceMetadata(body=body, media_type=_TYPE)
