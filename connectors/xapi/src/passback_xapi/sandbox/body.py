"""The JSON of a request, read as strictly as it can be."""

import json
import math
from collections.abc import Iterable

from passback_xapi.sandbox.refusal import Invalid


def parsed(content: bytes) -> object:
    """Read UTF-8 JSON.

    Raises:
        Invalid: It is no JSON, names a member twice, or holds a number that JSON cannot.
    """
    try:
        found: object = json.loads(
            content.decode(),
            object_pairs_hook=_members,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise Invalid("", "the body is not UTF-8") from error
    except RecursionError as error:
        raise Invalid("", "the body is nested too deep") from error
    except Invalid:
        raise
    except ValueError as error:
        raise Invalid("", f"the body is no JSON: {error}") from error
    return found


def _members(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise Invalid(name, "is given twice in one object")
        found[name] = value
    return found


def _refuse_constant(name: str) -> object:
    raise Invalid("", f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Invalid("", f"{text} is too large a number")
    return number
