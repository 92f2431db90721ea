"""The public API as plain text: a line for each name, parameter and field.

``python tests/support/api.py > core/api.txt`` writes what the next release is compared with.
"""

import enum
import inspect
import sys
from collections.abc import Iterator

import attrs
from pydantic import BaseModel

import passback

NOTHING = "…"


def api() -> list[str]:
    """Return the lines of everything that `passback` exports."""
    lines = [line for name in passback.__all__ for line in _of(f"passback.{name}", getattr(passback, name))]
    return sorted(lines)


def breaks(before: list[str], now: list[str]) -> list[str]:
    """Return what of `before` isn't so any longer."""
    return sorted(set(before) - set(now))


def _of(name: str, held: object) -> Iterator[str]:
    if isinstance(held, type):
        yield f"{name}: class({', '.join(base.__name__ for base in held.__mro__[1:-1])})"
        yield from _fields(name, held)
        for member, value in vars(held).items():
            if not member.startswith("_"):
                yield from _member(f"{name}.{member}", value)
    elif callable(held):
        yield from _signature(name, held)
    else:
        yield f"{name}: {type(held).__name__}"


def _fields(name: str, held: type) -> Iterator[str]:
    if attrs.has(held):
        for field in attrs.fields(held):
            how = "keyword" if field.kw_only else "position"
            default = "required" if field.default is attrs.NOTHING else "optional"
            yield f"{name}({field.name}: {field.type}): {how}, {default}"
    elif issubclass(held, BaseModel):
        for field_name, field in held.model_fields.items():
            default = "required" if field.is_required() else "optional"
            yield f"{name}({field_name}): {default}"
    elif issubclass(held, enum.Enum):
        for member in held:
            yield f"{name}.{member.name} = {member.value!r}"


def _member(name: str, value: object) -> Iterator[str]:
    if isinstance(value, staticmethod | classmethod):
        yield from _signature(name, value.__func__)
    elif isinstance(value, property):
        yield f"{name}: property"
    elif inspect.isfunction(value):
        yield from _signature(name, value)


def _signature(name: str, held: object) -> Iterator[str]:
    kind = "async " if inspect.iscoroutinefunction(held) else ""
    yield f"{kind}{name}() -> {inspect.signature(held).return_annotation}"
    for parameter in inspect.signature(held).parameters.values():
        default = "required" if parameter.default is parameter.empty else "optional"
        yield f"{name}({parameter.name}: {parameter.annotation}): {parameter.kind.description}, {default}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(api()) + "\n")
