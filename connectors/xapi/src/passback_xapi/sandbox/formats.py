"""The textual formats that xAPI borrows from other standards."""

import re
from datetime import UTC, datetime

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f\s<>\"{}|\\^`]+")
_MAILTO = re.compile(r"mailto:[^\s@<>\"]+@[^\s@<>\"]+", re.IGNORECASE)
_SHA1 = re.compile(r"[0-9a-f]{40}", re.IGNORECASE)
_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d[Tt][0-2]\d:[0-5]\d:[0-5]\d(?:\.\d+)?(?:[Zz]|[+-][0-2]\d:[0-5]\d)", re.ASCII
)
_DURATION = re.compile(
    r"P(?:\d+W|(?=[\dT])(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?)",
    re.ASCII,
)
_LANGUAGE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?|x(?:-[a-z0-9]{1,8})+",
    re.ASCII | re.IGNORECASE,
)


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID in its usual form."""
    return _UUID.fullmatch(text) is not None


def is_iri(text: str) -> bool:
    """Tell whether a text is an absolute IRI: a scheme, a colon and more."""
    return _IRI.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """Tell whether a text is an absolute URI: an IRI in ASCII."""
    return text.isascii() and is_iri(text)


def is_mailto(text: str) -> bool:
    """Tell whether a text is the mailto IRI of one address."""
    return _MAILTO.fullmatch(text) is not None


def is_sha1(text: str) -> bool:
    """Tell whether a text is a SHA-1 digest in hexadecimal."""
    return _SHA1.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """Tell whether a text is a well-formed RFC 5646 language tag."""
    return _LANGUAGE.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """Tell whether a text is an ISO 8601 duration in one of its two simple forms."""
    return _DURATION.fullmatch(text) is not None


def instant(text: str) -> datetime | None:
    """Read an RFC 3339 timestamp, in UTC; None when it is none.

    The offset -00:00 is refused: ISO 8601 knows no such zone.
    """
    if _TIMESTAMP.fullmatch(text) is None or text.endswith("-00:00"):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def written(moment: datetime) -> str:
    """Write an instant as the sandbox stamps it."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
