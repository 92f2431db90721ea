"""The rules for a message."""

import json
import math
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from passback_webhook.sandbox.behaviour import Behaviour
from passback_webhook.sandbox.refusal import Refused

_KINDS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def parsed(body: bytes, query: bytes, kind: str, behaviour: Behaviour) -> object:
    """Read what a request carries, in the style that is expected.

    Raises:
        Refused: It's none of that style.
    """
    if behaviour.style == "json":
        _require_kind(kind, "application/json")
        try:
            return json.loads(
                body.decode(),
                parse_constant=_no_constant,
                parse_float=_finite,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError) as error:
            raise Refused(400, "malformed", f"the body is no JSON: {error}") from error
    if behaviour.style == "form":
        _require_kind(kind, "application/x-www-form-urlencoded")
    text = (body if behaviour.style == "form" else query).decode("ascii")
    return _once(parse_qsl(text, keep_blank_values=True, strict_parsing=True) if text else [])


def require_fields(message: object, behaviour: Behaviour) -> dict[str, object]:
    """Check one message: exactly the fields that are expected, each of its kind.

    Raises:
        Refused: A field is missing, unknown, or of another kind.
    """
    if not isinstance(message, dict):
        raise Refused(422, "invalid", "a message is an object")
    if unknown := sorted(set(message) - set(behaviour.fields)):
        raise Refused(422, "invalid", f"{unknown[0]}: is not known")
    for name, kind in behaviour.fields.items():
        _require(name, message.get(name), kind, as_text=behaviour.style != "json")
    return message


def _require(name: str, value: object, kind: str, *, as_text: bool) -> None:
    optional = kind.endswith("?")
    if value is None or (as_text and value == ""):
        if not optional:
            raise Refused(422, "invalid", f"{name}: is required")
        return
    if as_text:
        return
    expected = _KINDS[kind.removesuffix("?")]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise Refused(422, "invalid", f"{name}: is no {kind.removesuffix('?')}")


def _require_kind(given: str, expected: str) -> None:
    if given.partition(";")[0].strip().lower() != expected:
        raise Refused(415, "media_type", f"expected {expected}")


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise Refused(422, "invalid", f"{name}: is given twice")
        found[name] = value
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large a number")
    return number
