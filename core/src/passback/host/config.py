"""The configuration: what the file says, checked as a whole, secrets resolved.

A mistake in one connection's table concerns that connection; any other concerns the file.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from passback.errors import ConfigError, ConnectionNotReady

__all__ = ["Config", "ConnectionConfig", "explain", "read_config"]

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_CONNECTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")


def _email(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("expected an e-mail address")
    return value


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class NetworkConfig(_Table):
    """What a connection may reach beyond ``https`` on the public internet."""

    allow_http: bool = Field(default=False, description="Whether http:// may be used.")
    allow: tuple[str, ...] = Field(
        default=(), description="Private networks that may be reached, as 10.0.0.0/8."
    )


class SendingConfig(_Table):
    """How a connection is served; what isn't given is the connector's own choice."""

    batch: int | None = Field(default=None, ge=1, le=10_000, description="The most results in one request.")
    linger: float | None = Field(
        default=None, ge=0, le=60, description="Seconds to wait for a batch to fill."
    )
    first_probe: float = Field(
        default=1.0, gt=0, le=900, description="Seconds until the first probe in an outage."
    )
    longest_probe: float = Field(
        default=900.0, gt=0, le=900, description="The most seconds between two probes."
    )


class ConnectionConfig(_Table):
    """One connection."""

    connector: str = Field(description="The kind of system: the name under which its connector is offered.")
    contact: Annotated[str, AfterValidator(_email)] = Field(
        description="Who is told when it breaks and heals."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="What its connector needs.")
    activities: tuple[str, ...] | Literal["*"] = Field(
        default="*", description="The ids of the activities attached to it; * for all."
    )
    distribution: str | None = Field(
        default=None, description="The only distribution that may offer the connector."
    )
    extensions: tuple[str, ...] = Field(default=(), description="Extensions, asked before the connector.")
    network: NetworkConfig = NetworkConfig()
    sending: SendingConfig = SendingConfig()


class PluginConfig(_Table):
    """Which plugins may be loaded."""

    block: dict[str, str] = Field(
        default_factory=dict, description="Plugin or distribution → why it's blocked."
    )
    disable: tuple[str, ...] = Field(default=(), description="Plugins that are off.")


class Config(_Table):
    """The whole configuration."""

    store: Path = Field(default=Path("passback.db"), description="The outbox file, relative to this file.")
    observers: tuple[str, ...] = Field(default=(), description="Host-wide observers.")
    plugins: PluginConfig = PluginConfig()
    connections: dict[str, ConnectionConfig] = Field(default_factory=dict)
    _broken: dict[str, str] = PrivateAttr(default_factory=dict)
    _attached: dict[str, tuple[str, ...] | Literal["*"]] = PrivateAttr(default_factory=dict)

    @property
    def broken(self) -> Mapping[str, str]:
        """The connections whose own tables are wrong, and why."""
        return self._broken

    @property
    def attached(self) -> Mapping[str, tuple[str, ...] | Literal["*"]]:
        """Each connection's activities, also of those whose other settings are wrong.

        Who only submits may not have the secrets, and a result must wait for a connection that is broken
        today. Where the activities themselves can't be read, nothing is attached until they can.
        """
        return {name: each.activities for name, each in self.connections.items()} | self._attached


def read_config(path: Path) -> Config:
    """Return the configuration in the TOML file at `path`.

    A connection whose own table is wrong stands in `Config.broken`, with the reason.

    Raises:
        ExceptionGroup: Of `ConfigError`: everything that concerns the file.
    """
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ExceptionGroup(
            "no configuration", [ConfigError(f"{path}: {error.strerror or error}")]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExceptionGroup("no configuration", [ConfigError(f"{path} is no TOML: {error}")]) from None
    return build_config(document, path)


def build_config(document: Mapping[str, Any], path: Path) -> Config:
    """Return the configuration that `document` says, `path` being where its relative paths start."""
    tables = document.get("connections", {})
    tables = tables if isinstance(tables, dict) else {}
    problems: list[ConfigError] = []
    connections, broken = {}, {}
    for name, table in tables.items():
        try:
            connections[name] = _connection(name, table, path.parent)
        except ConnectionNotReady as error:
            broken[name] = error.reason
    rest = {key: value for key, value in document.items() if key != "connections"}
    if not isinstance(document.get("connections", {}), dict):
        problems.append(ConfigError(f"{path}: connections: expected tables such as [connections.acme]"))
    config = Config()
    try:
        config = Config.model_validate(rest)
    except ValidationError as error:
        problems += [ConfigError(f"{path}: {line}") for line in explain(error, Config)]
    if problems:
        raise ExceptionGroup(f"{path} can't be used", problems)
    store = path.parent / config.store
    config = config.model_copy(update={"connections": connections, "store": store})
    config._broken.update(broken)  # noqa: SLF001 - known only here, and nobody else's to set
    config._attached.update(_attached({name: tables[name] for name in broken}))  # noqa: SLF001
    return config


def _attached(tables: Mapping[str, object]) -> dict[str, tuple[str, ...] | Literal["*"]]:
    attached: dict[str, tuple[str, ...] | Literal["*"]] = {}
    for name, table in tables.items():
        given = table.get("activities", "*") if isinstance(table, dict) else None
        if given == "*":
            attached[name] = "*"
        elif isinstance(given, list) and all(isinstance(each, str) for each in given):
            attached[name] = tuple(given)
    return attached


def _connection(name: str, table: object, folder: Path) -> ConnectionConfig:
    if not _CONNECTION_NAME.fullmatch(name):
        raise ConnectionNotReady(
            name, "expected a name of at most 63 letters, digits, dots, dashes, underscores"
        )
    try:
        config = ConnectionConfig.model_validate(table)
    except ValidationError as error:
        raise ConnectionNotReady(name, "; ".join(explain(error, ConnectionConfig))) from None
    problems: list[str] = []
    options = {key: _resolved(key, value, folder, problems) for key, value in config.options.items()}
    if problems:
        raise ConnectionNotReady(name, "; ".join(problems))
    return config.model_copy(update={"options": options})


def _resolved(place: str, value: object, folder: Path, problems: list[str]) -> object:
    """Return `value` with references to secrets replaced by what they refer to."""
    match value:
        case {"env": str(variable), **others} if not others:
            found = os.environ.get(variable)
            if found is None:
                problems.append(f"options.{place}: the environment variable {variable} isn't set")
            return None if found is None else found.strip()
        case {"file": str(file), **others} if not others:
            try:
                return (folder / file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                said = getattr(error, "strerror", None) or "it is no text"
                problems.append(f"options.{place}: the file {file} can't be read: {said}")
                return None
        case dict():
            return {key: _resolved(f"{place}.{key}", each, folder, problems) for key, each in value.items()}
        case list():
            return [_resolved(f"{place}.{at}", each, folder, problems) for at, each in enumerate(value)]
        case _:
            return value


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return what `error` says, one line for each mistake, with a suggestion where a name is close."""
    return [_explained(detail, model) for detail in error.errors(include_url=False, include_input=False)]


def _explained(detail: ErrorDetails, model: type[BaseModel]) -> str:
    place = ".".join(str(part) for part in detail["loc"]) or "the whole"
    if detail["type"] == "extra_forbidden":
        return f"{place}: unknown{_suggestion(detail['loc'], model)}"
    if detail["type"] == "missing":
        return f"{place}: missing{_described(detail['loc'], model)}"
    message = detail["msg"].removeprefix("Value error, ")
    return f"{place}: {message[:1].lower()}{message[1:]}"


def _suggestion(loc: Sequence[int | str], model: type[BaseModel]) -> str:
    names = _fields(loc[:-1], model)
    close = difflib.get_close_matches(str(loc[-1]), names, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; expected one of {', '.join(sorted(names))}"


def _described(loc: Sequence[int | str], model: type[BaseModel]) -> str:
    for name, field in _owner(loc[:-1], model).model_fields.items():
        if name == loc[-1] and field.description:
            return f" ({field.description})"
    return ""


def _fields(loc: Sequence[int | str], model: type[BaseModel]) -> Iterable[str]:
    return _owner(loc, model).model_fields.keys()


def _owner(loc: Sequence[int | str], model: type[BaseModel]) -> type[BaseModel]:
    for part in loc:
        field = model.model_fields.get(str(part))
        if (
            field is not None
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            model = field.annotation
    return model
