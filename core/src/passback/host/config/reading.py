"""From a file and from Python to one configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs
from pydantic import ValidationError

from passback.contract import Observer
from passback.errors import ConfigError
from passback.host.config.drafts import Draft
from passback.host.config.examining import Examination
from passback.host.config.mistakes import Mistake, explain
from passback.host.config.place import refers
from passback.host.config.source import Source
from passback.host.config.tables import ConnectionConfig
from passback.host.config.whole import Config, Origin

__all__ = ["Reading", "read_again", "read_config", "take"]


@attrs.frozen(kw_only=True)
class Reading:
    """What was read of a configuration file.

    Attributes:
        config: What can be read of it.
        mistakes: What stops the file from being used; what concerns one connection stands in `config`.
    """

    config: Config
    mistakes: tuple[ConfigError, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether the file is there and is TOML."""
        return self.config.source is not None


def read_config(
    path: Path,
    *,
    connections: Mapping[str, ConnectionConfig] | None = None,
    observers: Iterable[Observer] = (),
) -> Config:
    """Return the configuration in the TOML file at `path`.

    A connection with something wrong in its own table stands in `Config.broken`, with the reason.

    Args:
        path: The file.
        connections: More connections, by name; the paths of their secret files start at the file, too.
        observers: More observers than those that the file names.

    Raises:
        ExceptionGroup: Of `ConfigError`: something concerns the whole file; then everything is told that is
            wrong with it, its connections and their options.
    """
    reading = take(path, connections, observers)
    if reading.mistakes:
        raise _unusable(path, [*reading.mistakes, *Examination(reading.config).mistakes()])
    return reading.config


def read_again(config: Config) -> Config:
    """Return `config` as its file is now, with the same store, and connections and observers from Python.

    No reference is resolved, for a host that only accepts does this too, and one that is open waits for it.

    Raises:
        ConfigError: It wasn't read from a file.
        ExceptionGroup: Of `ConfigError`: something concerns the whole file; then everything is told that is
            wrong with it and the tables of its connections.
    """
    if config.source is None:
        raise ConfigError("this configuration wasn't read from a file, so there is none to read again")
    observers = [each for each in config.observers if not isinstance(each, str)]
    reading = take(config.source, config.given, observers, resolve=False)
    if reading.mistakes:
        drafts = reading.config.drafts.values()
        found = [error for each in drafts for error in each.errors(each.mistakes)]
        raise _unusable(config.source, [*reading.mistakes, *found])
    return reading.config.staying(config)


def _unusable(path: Path, found: list[ConfigError]) -> ExceptionGroup[ConfigError]:
    return ExceptionGroup(f"{path} can't be used", sorted(found, key=lambda error: error.line or 0))


def take(
    path: Path,
    connections: Mapping[str, ConnectionConfig] | None = None,
    observers: Iterable[Observer] = (),
    *,
    resolve: bool = True,
) -> Reading:
    """Return what can be read of the file at `path`, with `connections` and `observers` beside it.

    The outbox's place is judged too; not if it's a reference, unless it may be resolved.
    """
    try:
        source = Source.read(path)
        document = source.document()
    except ConfigError as error:
        return Reading(config=Config(), mistakes=(error,))
    tables = document.pop("connections", {})
    more = dict(connections or {})
    mistakes: list[Mistake] = []
    if not isinstance(tables, dict):
        mistakes.append(Mistake(("connections",), "expected tables such as [connections.acme]"))
        tables = {}
    mistakes += [
        Mistake(("connections", name), "a connection of this name comes from Python too; rename one of them")
        for name in more
        if name in tables
    ]
    drafts = {name: Draft.read(name, table, source) for name, table in tables.items()}
    config, wrong = _whole(document, Origin(source=source, drafts=drafts))
    config = config.model_copy(
        update={
            "store": path.parent / config.store if isinstance(config.store, Path) else config.store,
            "observers": (*config.observers, *observers),
            "given": {name: each for name, each in more.items() if name not in tables},
        }
    )
    if (resolve or not refers(config.store)) and isinstance(config.place, Mistake):
        mistakes.append(config.place)
    return Reading(config=config, mistakes=tuple(source.error(each) for each in (*wrong, *mistakes)))


def _whole(document: Mapping[str, Any], origin: Origin) -> tuple[Config, list[Mistake]]:
    """Return what is right in `document`, and what isn't."""
    try:
        return Config.model_validate(document, context=origin), []
    except ValidationError as error:
        mistakes = explain(error, Config, document)
    wrong = {each.place[0] for each in mistakes}
    right = {key: value for key, value in document.items() if key not in wrong}
    return Config.model_validate(right, context=origin), mistakes
