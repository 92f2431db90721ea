"""From configuration to connections: which connectors are loaded, who can serve, and why not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property

from pydantic import BaseModel, SecretStr, ValidationError

from passback.clock import Clock
from passback.connection import Connection
from passback.contract import CONNECTORS, EXTENSIONS, Connector, Extension, Options
from passback.delivery import Backoff, LanePolicy
from passback.errors import ConnectionNotReady, ContractError
from passback.foreign import contained
from passback.host.config import Config, ConnectionConfig, explain
from passback.http import HTTP, AddressPolicy
from passback.plugins import LoadReport, Policy, load

__all__ = ["ConfiguredRoster"]


class ConfiguredRoster:
    """The connections of one configuration; connectors are imported when the first of them is asked for."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._built: dict[str, Connection] = {}

    @cached_property
    def connectors(self) -> LoadReport:
        """What became of every connector that is installed or configured."""
        return load(CONNECTORS, [each.connector for each in self._config.connections.values()], self._policy)

    @cached_property
    def extensions(self) -> LoadReport:
        """What became of every extension that is installed or configured."""
        named = [name for each in self._config.connections.values() for name in each.extensions]
        return load(EXTENSIONS, named, self._policy)

    def connection(self, name: str) -> Connection:
        """Return the connection called `name`, built when first asked for.

        Raises:
            ConnectionNotReady: It can't serve; says why.
        """
        if name not in self._built:
            try:
                self._built[name] = self._build(name, self._configured(name))
            except ContractError as error:
                raise ConnectionNotReady(name, str(error).removeprefix(f"connection {name!r}: ")) from error
        return self._built[name]

    def policy(self, name: str) -> LanePolicy:
        """Return how the connection called `name` is served."""
        config = self._configured(name).sending
        sending = self.connection(name).connector.sending
        return LanePolicy(
            batch=config.batch or sending.batch,
            linger=sending.linger if config.linger is None else config.linger,
            backoff=Backoff(first=config.first_probe, ceiling=config.longest_probe),
        )

    def not_ready(self) -> Mapping[str, str]:
        """Return the connections that can't serve, and why."""
        return self._reasons

    @cached_property
    def _reasons(self) -> Mapping[str, str]:
        reasons = dict(self._config.broken)
        for name in self._config.connections:
            try:
                self._check(name, self._configured(name))
            except ConnectionNotReady as error:
                reasons[name] = error.reason
        return reasons

    def fingerprints(self) -> Mapping[str, str]:
        """Return the connections that serve, each with a fingerprint of its configuration."""
        return {
            name: _fingerprint(each)
            for name, each in self._config.connections.items()
            if name not in self._reasons
        }

    def routes(self) -> tuple[Mapping[str, list[str]], list[str]]:
        """Return activity id → connections, and the connections that take every activity."""
        attached: dict[str, list[str]] = {}
        everywhere: list[str] = []
        for name, activities in self._config.attached.items():
            if activities == "*":
                everywhere.append(name)
            else:
                for activity in activities:
                    attached.setdefault(activity, []).append(name)
        return attached, everywhere

    async def aclose(self) -> None:
        """Close every connection that was built."""
        while self._built:
            await self._built.popitem()[1].aclose()

    @property
    def _policy(self) -> Policy:
        pins = {
            each.connector: each.distribution
            for each in self._config.connections.values()
            if each.distribution
        }
        plugins = self._config.plugins
        return Policy(pins=pins, blocked=plugins.block, disabled=frozenset(plugins.disable))

    def _configured(self, name: str) -> ConnectionConfig:
        if name in self._config.broken:
            raise ConnectionNotReady(name, self._config.broken[name])
        if name not in self._config.connections:
            raise ConnectionNotReady(name, "the configuration doesn't name it")
        return self._config.connections[name]

    def _check(self, name: str, config: ConnectionConfig) -> tuple[type[Connector[Options]], Options]:
        entry = self.connectors.ready(config.connector)
        if entry is None or entry.plugin is None or not issubclass(entry.plugin, Connector):
            raise ConnectionNotReady(name, f"connector {self.connectors.why_not(config.connector)}")
        for extension in config.extensions:
            if self.extensions.ready(extension) is None:
                raise ConnectionNotReady(name, f"extension {self.extensions.why_not(extension)}")
        model = entry.plugin.options_type
        try:
            with contained(f"{model.__qualname__} of connector {config.connector!r}"):
                try:
                    options = model.model_validate(config.options)
                except ValidationError as error:
                    reason = "; ".join(f"options.{line}" for line in explain(error, model))
                    raise ContractError(reason) from None
        except ContractError as error:
            raise ConnectionNotReady(name, str(error)) from None
        try:
            AddressPolicy(allow=config.network.allow)
        except ValueError as error:
            raise ConnectionNotReady(name, f"network.allow: {error}") from None
        return entry.plugin, options

    def _build(self, name: str, config: ConnectionConfig) -> Connection:
        connector, options = self._check(name, config)
        policy = AddressPolicy(allow_http=config.network.allow_http, allow=config.network.allow)
        return Connection(
            name,
            connector,
            options,
            HTTP(policy, clock=self._clock),
            self._clock,
            self._extensions(config.extensions),
        )

    def _extensions(self, names: Sequence[str]) -> list[type[Extension]]:
        # The first named is asked first, so it's registered last.
        entries = [self.extensions.ready(name) for name in reversed(names)]
        return [
            entry.plugin
            for entry in entries
            if entry and entry.plugin and issubclass(entry.plugin, Extension)
        ]


def _fingerprint(config: ConnectionConfig) -> str:
    document = json.dumps(config.model_dump(mode="json"), sort_keys=True, default=_plain)
    return hashlib.blake2b(document.encode(), digest_size=16, person=b"passback").hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump()
    return str(value)
