"""The connector keeps what Passback asks of every connector."""

import base64
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.signer import XMLSigner
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passback import Departure, Incoming
from passback.testing import Conformance
from passback_saml import SamlConnector

IDP = "https://idp.example.com/entity"
KEY = ec.generate_private_key(ec.SECP256R1())
_PREFIXES = (
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
)


def _certificate() -> x509.Certificate:
    name, now = x509.Name([]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1))
    return made.not_valid_after(now + timedelta(days=99)).sign(KEY, hashes.SHA256())


CERTIFICATE = _certificate()
METADATA = f"""<EntityDescriptor entityID="{IDP}" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor>
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>{
    base64.b64encode(CERTIFICATE.public_bytes(Encoding.DER)).decode()
}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="http://idp.example.com/sso"/>
</IDPSSODescriptor></EntityDescriptor>"""


class Provider:
    """As much of an identity provider as publishes its metadata, and signs one person in."""

    base = ""

    def __init__(self) -> None:
        self.app = Starlette(routes=[Route("/metadata", self.metadata)])

    async def metadata(self, _: Request) -> Response:
        return Response(METADATA, media_type="application/samlmetadata+xml")

    def sign_in(self, departure: Departure) -> Incoming:
        """Sign Ada in, and send her browser back."""
        query = parse_qs(urlsplit(departure.url).query)
        request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), wbits=-15))
        response = self.response(
            request.get("ID"), request.get("AssertionConsumerServiceURL"), "".join(request.itertext())
        )
        form = {"SAMLResponse": base64.b64encode(response).decode(), "RelayState": query["RelayState"][0]}
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(form).encode()
        return Incoming(method="POST", headers=headers, body=body, received=datetime.now(UTC))

    def response(self, request: str, callback: str, audience: str) -> bytes:
        now = datetime.now(UTC)
        at, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (now, now + timedelta(minutes=5)))
        said = etree.fromstring(
            f'<samlp:Response {_PREFIXES} ID="_r" Version="2.0" IssueInstant="{at}" InResponseTo="{request}">'
            "<samlp:Status>"
            '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
            f'<saml:Assertion ID="_a{now:%f}" Version="2.0" IssueInstant="{at}">'
            f"<saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID>ada</saml:NameID>"
            '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f'<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient="{callback}"'
            f' InResponseTo="{request}"/></saml:SubjectConfirmation></saml:Subject>'
            f"<saml:Conditions><saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience>"
            f'</saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{at}"/>'
            "</saml:Assertion></samlp:Response>"
        )
        signer = XMLSigner(signature_algorithm="ecdsa-sha256")
        return etree.tostring(signer.sign(said, key=KEY, reference_uri="#_r", id_attribute="ID"))


class TestSaml(Conformance[Provider]):
    connector = SamlConnector

    def sandbox(self) -> Provider:
        return Provider()

    def options(self, sandbox: Provider, url: str) -> Mapping[str, object]:
        pin = CERTIFICATE.fingerprint(hashes.SHA256()).hex()
        return {"idp_entity_id": IDP, "metadata_url": f"{url}/metadata", "fingerprints": [pin]}

    def sign_in(self, sandbox: Provider, departure: Departure) -> Incoming:
        return sandbox.sign_in(departure)
