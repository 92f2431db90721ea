"""From configuration to connections: which connectors are loaded, who can serve, and why not."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cached_property

from pydantic import BaseModel, SecretStr

from passback.clock import Clock
from passback.connection import Connection
from passback.contract import Connector, Extension, implemented
from passback.delivery import Attached, Backoff, LanePolicy, Routes
from passback.errors import ConnectionNotReady, ContractError
from passback.host.config import Config, ConnectionConfig, Examination
from passback.http import HTTP, AddressPolicy, Quota
from passback.plugins import LoadReport

__all__ = ["ConfiguredRoster"]


class ConfiguredRoster:
    """The connections of one configuration; connectors are imported when the first of them is asked for."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._examination = Examination(config)
        self._built: dict[str, Connection] = {}

    @property
    def connectors(self) -> LoadReport:
        """What became of every connector that is installed or configured."""
        return self._examination.connectors

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
        configured = self._configured(name)
        config = configured.sending
        sending = self.connection(name).connector.sending
        return LanePolicy(
            batch=config.batch or sending.batch,
            linger=sending.linger if config.linger is None else config.linger,
            concurrency=config.concurrency or sending.concurrency,
            latest_only=sending.latest_only,
            backoff=Backoff(first=config.first_probe, ceiling=config.longest_probe),
            organisation=configured.organisation,
        )

    def not_ready(self) -> Mapping[str, str]:
        """Return the connections that can't serve, and why."""
        return self._reasons

    def mistakes(self) -> list[ConnectionNotReady]:
        """Return everything that keeps a connection from serving, each with its place."""
        return self._examination.mistakes()

    @cached_property
    def _reasons(self) -> Mapping[str, str]:
        return self._examination.reasons()

    def fingerprints(self) -> Mapping[str, str]:
        """Return the connections that serve, each with a fingerprint of its configuration."""
        return self._fingerprints

    def fingerprint(self, name: str) -> str:
        """Return a fingerprint of the configuration of the connection called `name`, which there is."""
        return _fingerprint(self._config.draft(name).config, self._keys_of(name))

    @cached_property
    def _fingerprints(self) -> Mapping[str, str]:
        return {
            name: _fingerprint(each, self._keys_of(name))
            for name, each in self._config.connections.items()
            if name not in self._reasons
        }

    def _keys_of(self, name: str) -> Sequence[str]:
        """Return by which keys the launches of the connection called `name` are read, if it has any."""
        found = self._examination.of(name)
        able = implemented(found.connector, Connector) if found.connector else ()
        return self._keys if "read_launch" in able or found.draft.config.extensions else ()

    @cached_property
    def _keys(self) -> Sequence[str]:
        return self._config.seal_keys([])

    def routes(self) -> Routes:
        """Return which connections take the results of which activity."""
        attached: dict[tuple[str, str], list[str]] = {}
        everywhere: dict[str, list[str]] = {}
        for name, each in self._config.attachments.items():
            if each.activities == "*":
                everywhere.setdefault(each.organisation, []).append(name)
            else:
                for activity in each.activities:
                    attached.setdefault((each.organisation, activity), []).append(name)
        return Routes(attached=attached, everywhere=everywhere)

    def attachments(self) -> list[Attached]:
        """Return what the configuration attaches; ``*`` stands for every activity."""
        return [
            Attached(activity=activity, connection=name, organisation=each.organisation, configured=True)
            for name, each in self._config.attachments.items()
            for activity in each.activities
        ]

    async def aclose(self, after: Mapping[str, asyncio.Event] | None = None) -> None:
        """Close every connection that was built, each once what `after` has for it, if anything, is set."""
        built, self._built = self._built, {}
        await asyncio.gather(*(_close(each, (after or {}).get(name)) for name, each in built.items()))

    def _configured(self, name: str) -> ConnectionConfig:
        if name not in self._config.drafts:
            raise ConnectionNotReady(name, "the configuration doesn't name it")
        return self._config.drafts[name].config

    def _build(self, name: str, config: ConnectionConfig) -> Connection:
        found = self._examination.of(name)
        if found.connector is None or found.options is None or found.mistakes:
            raise ConnectionNotReady(name, found.draft.reason(found.mistakes))
        policy = AddressPolicy(allow_http=config.network.allow_http, allow=config.network.allow)
        sending = config.sending
        quota = Quota(minute=sending.per_minute, hour=sending.per_hour, day=sending.per_day)
        return Connection(
            name,
            found.connector,
            found.options,
            HTTP(policy, clock=self._clock, quota=quota),
            self._clock,
            self._extensions(config.extensions),
        )

    def _extensions(self, names: Sequence[str]) -> list[type[Extension]]:
        # The first named is asked first, so it's registered last.
        entries = [self._examination.extensions.ready(name) for name in reversed(names)]
        return [
            entry.plugin
            for entry in entries
            if entry and entry.plugin and issubclass(entry.plugin, Extension)
        ]


async def _close(connection: Connection, after: asyncio.Event | None) -> None:
    if after is not None:
        await after.wait()
    await connection.aclose()


def _fingerprint(config: ConnectionConfig, keys: Sequence[str]) -> str:
    # As Python has it: in pydantic's JSON all secrets look alike.
    content = {**config.model_dump(exclude={"options"}), "options": config.options, "keys": keys}
    document = json.dumps(content, sort_keys=True, default=_plain)
    return hashlib.blake2b(document.encode(), digest_size=16, person=b"passback").hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump()
    return str(value)
