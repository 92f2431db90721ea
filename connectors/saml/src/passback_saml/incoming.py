"""The response in what a browser posts to us (SAML bindings §3.5), or in what an administrator copied."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qsl, unquote_to_bytes

from passback import Incoming, SignInRefused
from passback_saml.parsing import MOST_BYTES

__all__ = ["response_in", "sample_in"]

_FORM = "application/x-www-form-urlencoded"
_FIELD = "SAMLResponse"
# Base64 is a third longer, and a browser writes three characters for each + / and =.
_MOST_BODY = 2 * MOST_BYTES
# SAMLResponse and RelayState; some providers add one or two of their own.
_MOST_FIELDS = 20
_NO_BASE64 = f"the {_FIELD} isn't base64"
_NO_SAMPLE = f"expected XML in UTF-8, the base64 of that, or a form with {_FIELD}; is it the right file?"
_ELSEWHERE = {
    "SAMLart": "the artifact binding isn't supported; have the provider use HTTP-POST",
    "SAMLRequest": "what came is a request, not a response; single logout isn't supported",
}


def response_in(incoming: Incoming) -> bytes:
    """Return the response, as XML.

    Raises:
        SignInRefused: There's none that came by HTTP-POST.
    """
    if incoming.method != "POST":
        raise SignInRefused("a SAML response comes by POST; have the provider use the HTTP-POST binding")
    if any(name in (_FIELD, *_ELSEWHERE) for name, _ in incoming.query):
        raise SignInRefused("a SAML message came in the address; have the provider use the HTTP-POST binding")
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise SignInRefused("what was posted is no form")
    return _in_form(incoming.body)


def sample_in(body: bytes) -> bytes:
    """Return the response in a sample: XML, base64 of it, or the form that a browser posted.

    Raises:
        SignInRefused: There's none in it.
    """
    bare = body.removeprefix(b"\xef\xbb\xbf").strip()
    if bare.startswith(b"<"):
        return bare
    if f"{_FIELD}=".encode() in bare[:MOST_BYTES]:
        return _in_form(bare)
    decoded = _decoded(unquote_to_bytes(bare) if b"%" in bare else bare, _NO_SAMPLE)
    if not decoded:
        raise SignInRefused(_NO_SAMPLE)
    return decoded


def _in_form(body: bytes) -> bytes:
    if len(body) > _MOST_BODY:
        raise SignInRefused(f"what was posted is longer than {_MOST_BODY // 1024} KiB")
    try:
        fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise SignInRefused("what was posted is no form that can be read") from None
    for name, problem in _ELSEWHERE.items():
        if any(name == each for each, _ in fields):
            raise SignInRefused(problem)
    found = [value for name, value in fields if name == _FIELD]
    if len(found) != 1:
        raise SignInRefused(f"expected one {_FIELD} in the form, found {len(found)}")
    return _decoded(found[0].encode())


def _decoded(text: bytes, problem: str = _NO_BASE64) -> bytes:
    if len(text) > _MOST_BODY:
        raise SignInRefused(f"it is longer than {MOST_BYTES // 1024} KiB")
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignInRefused(problem) from None
