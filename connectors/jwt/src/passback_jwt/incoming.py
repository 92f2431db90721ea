"""The token that a browser brings, in the query or in a form."""

from __future__ import annotations

from urllib.parse import parse_qsl

from passback import Incoming, SignInRefused

__all__ = ["brought", "copied"]

_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 256 * 1024
_MOST_FIELDS = 100


def brought(incoming: Incoming, parameter: str) -> str:
    """Return the one token in `incoming`.

    Raises:
        SignInRefused: There is none, or more than one.
    """
    found = [value for name, value in (*incoming.query, *_form(incoming)) if name == parameter]
    if len(found) != 1:
        number = "several tokens" if found else "no token"
        raise SignInRefused(f"the browser brought {number} in {parameter!r}; one is expected")
    return found[0]


def copied(body: bytes, parameter: str) -> str:
    """Return the token in what an administrator copied: itself, the form, or the whole address."""
    text = body.decode("utf-8", "replace").strip()
    query = text.partition("?")[2] or text
    found = dict(parse_qsl(query.partition("#")[0])) if f"{parameter}=" in query else {}
    return found.get(parameter, text)


def _form(incoming: Incoming) -> list[tuple[str, str]]:
    kind = incoming.headers.get("content-type", "").partition(";")[0].strip().lower()
    if incoming.method != "POST" or kind != _FORM:
        return []
    if len(incoming.body) > _MOST_BYTES:
        raise SignInRefused(f"the form is longer than {_MOST_BYTES // 1024} KiB")
    try:
        return parse_qsl(
            incoming.body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise SignInRefused("the form can't be read") from None
