"""Writing a connection into a configuration file: what stood there stays, comments and all."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from passback.cli.replacing import replacing
from passback.cli.toml import table_lines
from passback.errors import ConfigError
from passback.host.config import config_schema

__all__ = ["connection_names", "require_room", "write_connection", "write_secret"]


def connection_names(path: Path) -> frozenset[str]:
    """Return the connections that the file at `path` has; none if there is no file.

    Raises:
        ConfigError: It can't be read, or is no TOML.
    """
    connections = _document(path, _content(path)).get("connections", {})
    if not isinstance(connections, dict):
        raise ConfigError("connections: expected tables such as [connections.acme]", file=path)
    return frozenset(connections)


def require_room(path: Path) -> None:
    """Make sure that a connection can be added to the file at `path`, before it's known which.

    Raises:
        ConfigError: It can't be written, or can't be added to.
    """
    content = _content(path)
    unused = max(connection_names(path), default="") + "-"
    _extended(path, content, unused, {"connector": ""})
    try:
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        raise _unwritable(path, error) from None


def write_connection(path: Path, name: str, table: Mapping[str, object]) -> None:
    """Add the connection called `name` to the file at `path`, which is made if there is none.

    A new file names its schema, which is written beside it.

    Raises:
        ConfigError: It can't be written, or has a connection of that name, or can't be added to.
    """
    content = _content(path)
    if name in connection_names(path):
        raise ConfigError(f"it has a connection {name!r} already", file=path)
    text = _extended(path, content, name, table)
    try:
        if content is None:
            _schema(path).write_text(json.dumps(config_schema(), indent=2) + "\n", "utf-8")
        _put(path, text)
    except OSError as error:
        raise _unwritable(path, error) from None


def _extended(path: Path, content: str | None, name: str, table: Mapping[str, object]) -> str:
    before = _document(path, content)
    lines = "\n".join(table_lines(table, "connections", name)).rstrip() + "\n"
    start = content if content is not None else f"#:schema ./{_schema(path).name}\n"
    newline = "\r\n" if "\r\n" in start else "\n"
    gap = "" if start.endswith("\n") or not start else newline
    text = start + gap + (newline if start else "") + lines.replace("\n", newline)
    after = {**before, "connections": {**before.get("connections", {}), name: dict(table)}}
    if _document(path, text, "a table can't be added to it by appending") != after:
        raise ConfigError("the connection can't be added by appending; write it by hand", file=path)
    return text


def _schema(path: Path) -> Path:
    return path.with_suffix(".schema.json")


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"it can't be written: {error.strerror or error}", file=path)


def write_secret(path: Path, secret: str) -> None:
    """Write `secret` to a new file that only its owner can read.

    Raises:
        ConfigError: It can't be written, or is there already.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secret + "\n")
    except FileExistsError:
        raise ConfigError("it's there already, and a secret is never overwritten", file=path) from None
    except OSError as error:
        raise _unwritable(path, error) from None


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(error.strerror or "it can't be read", file=path) from None
    except UnicodeDecodeError:
        raise ConfigError("this is no TOML: a file in UTF-8 was expected", file=path) from None


def _document(path: Path, content: str | None, problem: str = "this is no TOML") -> dict[str, Any]:
    try:
        return tomllib.loads((content or "").removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{problem}: {error}", file=path) from None


def _put(path: Path, text: str) -> None:
    path = path.resolve()
    if not path.exists():
        with path.open("xb") as file:
            file.write(text.encode())
        return
    # At once: a running host reads the file whenever it changes.
    with replacing(path) as file:
        file.write(text)
