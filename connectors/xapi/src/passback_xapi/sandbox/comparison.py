"""Whether two statements say the same, whatever a store may set or write in another form."""

import json
import re

from passback_xapi.sandbox import formats

_SET_BY_THE_STORE = frozenset({"id", "authority", "stored", "version"})
_BEYOND_HUNDREDTHS = re.compile(r"(\.\d\d)\d+(?=S$)")
_CASE_FREE = frozenset({"mbox_sha1sum", "language"})
_MAYBE_UUID = frozenset({"id", "registration"})
_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")


def same(sent: dict[str, object], kept: dict[str, object], *, filled: bool) -> bool:
    """Tell whether a statement sent says what the one kept under its id says.

    Args:
        sent: The statement as it was sent.
        kept: The statement as it is kept.
        filled: Whether the store gave the kept one its timestamp.
    """
    ignored = _SET_BY_THE_STORE | ({"timestamp"} if filled and "timestamp" not in sent else frozenset())
    left, right = ({name: s[name] for name in s.keys() - ignored} for s in (sent, kept))
    return _line(_essence(left)) == _line(_essence(right))


def identity(actor: object) -> str | None:
    """Return what identifies an agent or a group; None for an anonymous group."""
    if not isinstance(actor, dict):
        return None
    for name in _IDENTIFIERS:
        if name in actor:
            return _line({name: _member(name, actor[name])})
    return None


def _essence(value: object) -> object:
    if isinstance(value, dict):
        return {name: _member(name, member) for name, member in value.items() if name != "definition"}
    if isinstance(value, list):
        return [_essence(entry) for entry in value]
    return _number(value)


def _member(name: str, value: object) -> object:
    if name == "extensions":
        return _exact(value)
    if isinstance(value, str):
        return _wording(name, value)
    if isinstance(value, dict) and name == "verb":
        return {"id": value.get("id")}
    if isinstance(value, dict) and name == "contextActivities":
        return {key: _essence(entry if isinstance(entry, list) else [entry]) for key, entry in value.items()}
    if isinstance(value, list) and name == "member":
        return sorted((_essence(entry) for entry in value), key=_line)
    return _essence(value)


def _wording(name: str, value: str) -> str:
    if name == "timestamp":
        moment = formats.instant(value)
        return formats.written(moment) if moment else value
    if name == "duration":
        return _BEYOND_HUNDREDTHS.sub(r"\1", value)
    if name == "mbox":
        address, at, host = value.rpartition("@")
        return f"mailto:{address[len('mailto:') :]}{at}{host.lower()}"
    case_free = name in _CASE_FREE or (name in _MAYBE_UUID and formats.is_uuid(value))
    return value.lower() if case_free else value


def _exact(value: object) -> object:
    if isinstance(value, dict):
        return {name: _exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_exact(entry) for entry in value]
    return _number(value)


def _number(value: object) -> object:
    # 9 and 9.0 are one JSON number; their lines must be one too.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _line(value: object) -> str:
    return json.dumps(value, sort_keys=True)
