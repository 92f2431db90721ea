"""An identity provider that signs by signxml, in process, and a connection that believes it."""

import asyncio
import base64
import contextlib
import functools
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner

from passback import (
    HTTP,
    AddressPolicy,
    Connection,
    Incoming,
    Sample,
    SignInPlace,
    SignInReturn,
    SignInStart,
    Timeouts,
)
from passback_saml import SamlConnector, SamlOptions

AT = datetime(2026, 11, 2, 8, 30, 0, tzinfo=UTC)
IDP = "https://idp.example.com/entity"
CALLBACK = "https://host.example/sso/acme/callback"
LOOPBACK = AddressPolicy(allow_http=True, allow=("127.0.0.0/8",))
METADATA = "https://host.example/sso/acme/metadata"
PLACE = SignInPlace(callback=CALLBACK, metadata=METADATA, signed_out="https://host.example/out")
REQUEST = "_0123456789abcdef0123456789abcdef01234567"
NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
SAML_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


class Clock:
    """A clock that stands still until it's set."""

    def __init__(self, at=AT):
        self.at = at

    def now(self):
        return self.at

    async def wait(self, *_):
        raise AssertionError("nothing here waits")


@attrs.frozen
class Keys:
    """A private key, and the certificate that goes with it."""

    private: object
    certificate: x509.Certificate

    @property
    def pem(self):
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def base64(self):
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()

    @property
    def fingerprint(self):
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def certified(private, starts=AT - timedelta(days=365), ends=AT + timedelta(days=365)):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    made = made.serial_number(7).not_valid_before(starts).not_valid_after(ends)
    return Keys(private, made.sign(private, hashes.SHA256()))


@functools.cache
def rsa_key(name, bits=2048):
    """Return the key that goes by `name`."""
    assert name
    return rsa.generate_private_key(65537, bits)


@functools.cache
def keys(kind="rsa"):
    made = {
        "rsa": lambda: certified(rsa_key("first")),
        "other": lambda: certified(rsa_key("second")),
        "short": lambda: certified(rsa_key("short", 1024)),
        "ec": lambda: certified(ec.generate_private_key(ec.SECP256R1())),
        "odd": lambda: certified(ec.generate_private_key(ec.SECP256K1())),
        "expired": lambda: certified(rsa_key("first"), AT - timedelta(days=30), AT - timedelta(days=1)),
        "future": lambda: certified(rsa_key("first"), AT + timedelta(days=1), AT + timedelta(days=30)),
        "ending": lambda: certified(rsa_key("first"), AT - timedelta(days=30), AT + timedelta(days=12)),
    }
    return made[kind]()


def moment(minutes):
    return (AT + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name, *values, more=""):
    inner = "".join(f"<saml:AttributeValue>{each}</saml:AttributeValue>" for each in values)
    return f'<saml:Attribute Name="{name}" {more}>{inner}</saml:Attribute>'


def unsigned(name_id="u-1", attributes=(("email", "ada@example.org"), ("role", "a", "b")), issuer=IDP):
    """Return a good response that nobody has signed, as a tree that a test may change."""
    inner = "".join(attribute(name, *values) for name, *values in attributes)
    return etree.fromstring(
        f'<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_r1" Version="2.0"'
        f' IssueInstant="{moment(0)}" Destination="{CALLBACK}" InResponseTo="{REQUEST}">'
        f"<saml:Issuer>{issuer}</saml:Issuer>"
        '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f'<saml:Assertion ID="_a1" Version="2.0" IssueInstant="{moment(0)}">'
        f"<saml:Issuer>{issuer}</saml:Issuer>"
        f'<saml:Subject><saml:NameID Format="{SAML_FORMAT}">{name_id}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
        f'<saml:SubjectConfirmationData NotOnOrAfter="{moment(5)}" Recipient="{CALLBACK}"'
        f' InResponseTo="{REQUEST}"/></saml:SubjectConfirmation></saml:Subject>'
        f'<saml:Conditions NotBefore="{moment(-5)}" NotOnOrAfter="{moment(10)}">'
        f"<saml:AudienceRestriction><saml:Audience>{METADATA}</saml:Audience></saml:AudienceRestriction>"
        f'</saml:Conditions><saml:AuthnStatement AuthnInstant="{moment(0)}" SessionIndex="s-1">'
        "<saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
        f"<saml:AttributeStatement>{inner}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
    )


def element(text):
    """Return the element that `text` is, with the namespaces of SAML declared."""
    names = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NS.items())
    return etree.fromstring(f"<x {names}>{text}</x>")[0]


def at(root, path):
    """Return the one element of `root` at a path."""
    (found,) = root.findall(path, NS)
    return found


def signed(root, owner="_a1", by="rsa", *, method=None, digest="sha256", canonical=EXCLUSIVE, **more):
    """Return `root` with a signature in the element whose ID is `owner`, after its Issuer."""
    used = by if isinstance(by, Keys) else keys(by)
    root = etree.fromstring(etree.tostring(root))
    (element,) = root.xpath(f"//*[@ID='{owner}']")
    element.insert(1, etree.Element(f"{{{NS['ds']}}}Signature", Id="placeholder"))
    rsa_used = isinstance(used.private, rsa.RSAPrivateKey)
    signer = XMLSigner(
        SignatureConstructionMethod.enveloped,
        method or ("rsa-sha256" if rsa_used else "ecdsa-sha256"),
        digest,
        canonical,
    )
    given = {"key": used.private, "cert": [used.certificate], "reference_uri": f"#{owner}"} | more
    return signer.sign(root, id_attribute="ID", **given)


def posted(xml, **more):
    """Return what a browser posts that was given `xml`."""
    raw = xml if isinstance(xml, bytes) else etree.tostring(xml)
    given = {
        "method": "POST",
        "headers": {"content-type": "application/x-www-form-urlencoded"},
        "body": urlencode({"SAMLResponse": base64.b64encode(raw).decode(), "RelayState": "s"}).encode(),
        "received": AT,
    }
    return Incoming(**given | more)


class Site:
    """One connection to the provider."""

    def __init__(self, clock, **options):
        given = {
            "idp_entity_id": IDP,
            "sso_url": "https://idp.example.com/sso",
            "certificates": [keys().pem],
        }
        given = {name: value for name, value in (given | options).items() if value is not None}
        self.http = HTTP(LOOPBACK, Timeouts(), clock)
        self.clock = clock
        self.connection = Connection(
            "acme", SamlConnector, SamlOptions.model_validate(given), self.http, clock
        )

    def ask(self, question):
        async def asked():
            try:
                return await question(self.connection)
            finally:
                await self.http.aclose()

        return asyncio.run(asked())

    def start(self, state="state-1", **more):
        request = SignInStart(place=PLACE, state=state, **more)
        return self.ask(lambda connection: connection.start_sign_in(request))

    def finish(self, xml, kept=REQUEST):
        """Hand in what a browser brings: XML, a tree, or a whole request."""
        incoming = xml if isinstance(xml, Incoming) else posted(xml)
        back = SignInReturn(
            place=PLACE, incoming=incoming, state="state-1", kept=None if kept is None else {"request": kept}
        )
        return self.ask(lambda connection: connection.finish_sign_in(back))

    def sample(self, xml, moment=AT, place=None):
        raw = xml if isinstance(xml, bytes) else etree.tostring(xml)
        return self.connection.read_sample(Sample(body=raw, at=moment, place=place))

    def inspect(self, place=PLACE):
        return self.ask(lambda connection: connection.inspect_provider(place))

    def check(self):
        return self.ask(lambda connection: connection.check())


class Page:
    """A page of a web server, as a test wants it answered."""

    def __init__(self):
        self.body, self.status, self.headers, self.asked, self.wait = "", 200, {}, 0, None


@pytest.fixture
def web():
    """Serve one page; its address is `url`."""
    page = Page()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            page.asked += 1
            if page.wait is not None:
                page.wait.wait()
            # Who asked may have gone meanwhile.
            with contextlib.suppress(OSError):
                self.answer(page.body if isinstance(page.body, bytes) else page.body.encode())

        def answer(self, body):
            self.send_response_only(page.status)
            for name, value in {"Date": "Mon, 02 Nov 2026 08:30:00 GMT", **page.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        page.url = f"http://127.0.0.1:{server.server_port}/metadata"
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        yield page
        server.shutdown()
        thread.join()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def site(clock):
    """Make connections; by default one to a provider whose certificate stands in the options."""
    return functools.partial(Site, clock)


class Idp:
    """What the provider can do."""

    unsigned = staticmethod(unsigned)
    signed = staticmethod(signed)
    posted = staticmethod(posted)
    keys = staticmethod(keys)
    certified = staticmethod(certified)
    moment = staticmethod(moment)
    attribute = staticmethod(attribute)
    at = staticmethod(at)
    element = staticmethod(element)
    NS, AT, IDP, CALLBACK, METADATA, REQUEST, PLACE = NS, AT, IDP, CALLBACK, METADATA, REQUEST, PLACE

    @staticmethod
    def fingerprint(text):
        """Return the fingerprint of a certificate in base64."""
        return x509.load_der_x509_certificate(base64.b64decode(text)).fingerprint(hashes.SHA256()).hex()

    @staticmethod
    def public_pem(keys):
        """Return the public key of `keys`."""
        return (
            keys.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        )

    @staticmethod
    def pkcs1():
        """Return padding and hash of the usual signature by RSA."""
        return padding.PKCS1v15(), hashes.SHA256()

    @staticmethod
    def good(**more):
        """Return a response whose assertion is signed."""
        return signed(unsigned(**more))

    @staticmethod
    def metadata(*used, sso="https://idp.example.com/sso", entity=IDP, role="", before="", until=""):
        """Return the provider's metadata with the certificates of the keys `used`."""
        texts = "".join(
            '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n'
            f"{keys(each).base64}\n</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for each in used
        )
        until = f'validUntil="{until}"' if until else ""
        return (
            f'<?xml version="1.0"?><!-- ours --><md:EntityDescriptor entityID="{entity}" {until}'
            f' xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="{NS["ds"]}">'
            f'<md:IDPSSODescriptor {role} protocolSupportEnumeration="{NS["samlp"]}">{texts}{before}'
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"'
            ' Location="https://idp.example.com/post"/>'
            '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
            f' Location="{sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
        )


@pytest.fixture(scope="session")
def idp():
    return Idp
