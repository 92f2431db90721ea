"""Writing TOML: plain values, and the tables that hold them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

from passback.host.config import dotted, reference

__all__ = ["table_lines", "toml_value"]


def toml_value(value: object) -> str:
    """Return `value` as TOML writes it in one line; a key without a value is left out."""
    if isinstance(value, Mapping):
        pairs = (
            f"{dotted((str(key),))} = {toml_value(each)}" for key, each in value.items() if each is not None
        )
        return "{ " + ", ".join(pairs) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml_value(each) for each in value) + "]"
    if isinstance(value, bool | str):
        # JSON's escapes are TOML's; but JSON leaves DEL as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int | float):
        return repr(value)
    return toml_value(str(value))


def table_lines(table: Mapping[str, object], *place: str) -> Iterator[str]:
    """Yield the lines of `table`, which stands at `place`, and of the tables in it."""
    tables = {
        key: value for key, value in table.items() if isinstance(value, Mapping) and not reference(value)
    }
    values = {key: value for key, value in table.items() if key not in tables and value is not None}
    if place and (values or not tables):
        yield f"[{dotted(place)}]"
    for key, value in values.items():
        yield f"{dotted((key,))} = {toml_value(value)}"
    if values:
        yield ""
    for key, value in tables.items():
        if value:
            yield from table_lines(value, *place, key)
