"""What a CAS server says about a ticket (CAS Protocol 3.0 §2.5, appendix A), read strictly.

Everything is looked for where it belongs, as a direct child: a search through the whole answer would find a
``user`` that somebody wrote into an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Protocol
from xml.etree.ElementTree import Element, ParseError

import attrs
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from passback import SignInRefused

__all__ = ["Answer", "NotCas", "read"]

_NAMESPACE = "{http://www.yale.edu/tp/cas}"
# Hundreds of groups fit in; nothing that must be parsed before it's trusted needs more.
_MOST_BYTES = 512 * 1024
_CODE = re.compile(r"[A-Z][A-Z_]{1,39}")

_MEANING: Mapping[str, str] = {
    "INVALID_TICKET": "it doesn't know the ticket: it was used, is too old, or was never given out",
    "INVALID_TICKET_SPEC": "the ticket doesn't fit what was asked for",
    "INVALID_SERVICE": "the ticket was given out for another service",
    "UNAUTHORIZED_SERVICE": "our callback isn't registered there as a service",
    "UNAUTHORIZED_SERVICE_PROXY": "our callback isn't allowed to use proxy tickets",
    "INVALID_REQUEST": "it misses a parameter",
    "INTERNAL_ERROR": "it has a problem of its own",
}


class NotCas(Exception):
    """What was answered can't be read as CAS at all; the message says why."""


@attrs.frozen(kw_only=True)
class Answer:
    """What a server says about whoever has a ticket.

    Attributes:
        user: Their name, byte for byte.
        attributes: What else it says of them.
    """

    user: str = attrs.field(repr=False)
    attributes: Mapping[str, tuple[str, ...]] = attrs.field(repr=False)


class Refusal(SignInRefused):
    """The server answered, and not with a person.

    Attributes:
        code: Its failure code; empty where that is none.
    """

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class _Parse(Protocol):
    def __call__(self, text: bytes, *, forbid_dtd: bool) -> Element: ...


_parse: _Parse = ElementTree.fromstring


def read(body: bytes) -> Answer:
    """Return what `body` says.

    Raises:
        NotCas: It's no answer of a CAS server.
        SignInRefused: It says that the ticket is no good, or says more than one thing.
    """
    root = _document(body)
    verdicts = list(root)
    if len(verdicts) != 1:
        raise SignInRefused("the CAS server's answer holds more or less than one verdict")
    verdict = verdicts[0]
    if verdict.tag == f"{_NAMESPACE}authenticationFailure":
        raise _failure(verdict)
    if verdict.tag != f"{_NAMESPACE}authenticationSuccess":
        raise SignInRefused("the CAS server's answer holds neither success nor failure")
    if verdict.findall(f"{_NAMESPACE}proxies"):
        raise SignInRefused("the ticket came through a proxy; proxy tickets aren't accepted")
    return Answer(user=_user(verdict), attributes=_attributes(verdict))


def _document(body: bytes) -> Element:
    if len(body) > _MOST_BYTES:
        raise NotCas(f"more than {_MOST_BYTES // 1024} KiB")
    try:
        root = _parse(body, forbid_dtd=True)
    except DefusedXmlException:
        raise NotCas("XML with a document type, which CAS has none of") from None
    # Python's parser also raises these two for an encoding that it doesn't know.
    except (ParseError, ValueError, LookupError):
        raise NotCas("something that is no XML") from None
    if root.tag != f"{_NAMESPACE}serviceResponse":
        raise NotCas("XML that is no CAS service response")
    return root


def _failure(verdict: Element) -> Refusal:
    code = verdict.get("code", "")
    # Nothing but a code is quoted: the text repeats the ticket or the service.
    if not _CODE.fullmatch(code):
        return Refusal("the CAS server refused the ticket, without a code that says why")
    return Refusal(f"the CAS server refused the ticket: {code}: {_MEANING.get(code, 'see its log')}", code)


def _user(success: Element) -> str:
    users = success.findall(f"{_NAMESPACE}user")
    if len(users) != 1:
        raise SignInRefused("the CAS server's answer names more or less than one user")
    text = users[0].text or ""
    if len(users[0]) or not text.strip():
        raise SignInRefused("the CAS server's answer has a user without a name")
    return text


def _attributes(success: Element) -> Mapping[str, tuple[str, ...]]:
    groups = success.findall(f"{_NAMESPACE}attributes")
    if len(groups) > 1:
        raise SignInRefused("the CAS server's answer has attributes twice")
    children: Sequence[Element] = [each for group in groups for each in group]
    found: dict[str, list[str]] = {}
    for each in children:
        name = each.tag.removeprefix(_NAMESPACE)
        # What has parts of its own is no text, and what is of another namespace is no CAS attribute.
        if name != each.tag and not len(each):
            found.setdefault(name, []).append(each.text or "")
    return {name: tuple(values) for name, values in found.items()}
