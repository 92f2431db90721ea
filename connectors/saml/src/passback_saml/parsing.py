"""Bytes to XML, by the one parser that everything here uses: no DTD, no entity, no network."""

from __future__ import annotations

import re

from lxml import etree

from passback_saml.names import Element

__all__ = ["MOST_BYTES", "Unreadable", "children", "only", "parse", "parser", "text_of"]

# Responses have a few kilobytes, ten times that with many groups; what a stranger posts is held in memory.
MOST_BYTES = 512 * 1024
# Canonicalisation takes time by the square of an element's attributes, and by the product of elements and the
# namespaces around them: minutes for what fits into the bytes, and it comes before any key is tried. Ten
# namespaces, ten levels, and an element for each group of a person are what a response has.
_MOST_ATTRIBUTES = 32
_MOST_PREFIXES = 32
_MOST_TAGS = 20_000
_DEEPEST = 32
_PREFIX = re.compile(r"\bxmlns:([^\s=]+)\s*=")
_TOO_MUCH = "it has more elements, attributes or namespaces than any SAML message needs"
_BOM = b"\xef\xbb\xbf"
_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)[\"']")


class Unreadable(Exception):
    """Bytes that aren't read; the message says why, and nothing of what they say."""


def parser() -> etree.XMLParser:
    """Return a parser that only parses. It reads UTF-8, whatever the document says of itself."""
    return etree.XMLParser(
        encoding="utf-8",
        attribute_defaults=False,
        dtd_validation=False,
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
        huge_tree=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
    )


def parse(raw: bytes, most: int = MOST_BYTES, *, plain: bool = True) -> Element:
    """Return the root of the document in `raw`.

    Args:
        raw: A document in UTF-8.
        most: The most bytes that are looked at.
        plain: Whether comments and processing instructions are refused: a comment cuts the text around it in
            two (CVE-2017-11427). They are left out otherwise.

    Raises:
        Unreadable: It's too long, no XML, in another encoding, has a DTD, or isn't plain.
    """
    if len(raw) > most:
        raise Unreadable(f"it is longer than {most // 1024} KiB")
    raw = raw.removeprefix(_BOM)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Unreadable("it isn't XML in UTF-8") from None
    declared = _DECLARED.match(text)
    if declared and declared[1].upper() not in ("UTF-8", "UTF8", "US-ASCII", "ASCII"):
        raise Unreadable("it says of itself that it isn't in UTF-8")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise Unreadable("it has a DTD, which no SAML message may have")
    if text.count("<") > _MOST_TAGS or len(set(_PREFIX.findall(text))) > _MOST_PREFIXES:
        raise Unreadable(_TOO_MUCH)
    try:
        root = etree.fromstring(raw, parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("it isn't well-formed XML") from None
    return _plain(_bounded(root), plain)


def _bounded(root: Element) -> Element:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > _DEEPEST or len(element.attrib) > _MOST_ATTRIBUTES:
            raise Unreadable(_TOO_MUCH)
    return root


def _plain(root: Element, plain: bool) -> Element:  # noqa: FBT001 - passed on
    docinfo = root.getroottree().docinfo
    if docinfo.internalDTD is not None or docinfo.externalDTD is not None:
        raise Unreadable("it has a DTD, which no SAML message may have")
    if not plain:
        etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    # What stands before and after the root is in no signature, and is nothing of the message.
    around = [*root.itersiblings(), *root.itersiblings(preceding=True)]
    if plain and (around or any(not isinstance(each.tag, str) for each in root.iter())):
        raise Unreadable("it has comments or processing instructions, which can hide a part of a name")
    return root


def children(parent: Element | None, tag: str) -> list[Element]:
    """Return the children of `parent` with a qualified name, in their order."""
    return [] if parent is None else [child for child in parent if child.tag == tag]


def only(parent: Element | None, tag: str) -> Element | None:
    """Return the one child of `parent` with a qualified name; None where there's none, or several."""
    found = children(parent, tag)
    return found[0] if len(found) == 1 else None


def text_of(element: Element | None) -> str:
    """Return the whole text of an element that has no others in it; empty otherwise."""
    return "" if element is None or len(element) else element.text or ""
