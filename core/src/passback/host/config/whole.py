"""The whole configuration: connections with their secrets, and those that can't serve with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import attrs
from pydantic import Field, InstanceOf, PrivateAttr, SecretStr
from pydantic.json_schema import SkipJsonSchema

from passback.contract import Observer
from passback.errors import ConfigError
from passback.host.config.alerting import AlertsConfig
from passback.host.config.drafts import Attachment, Draft
from passback.host.config.mistakes import Mistake, Place, dotted
from passback.host.config.observers import load_observers
from passback.host.config.opening import LaunchesConfig, WebConfig
from passback.host.config.place import OutboxPlace, located
from passback.host.config.secrets import Resolver
from passback.host.config.source import Mark, Source
from passback.host.config.table import Table
from passback.host.config.tables import ConnectionConfig, PluginConfig, RetentionConfig
from passback.plugins import Policy
from passback.store import DatabaseURL

__all__ = ["Config", "Origin"]


@attrs.frozen(kw_only=True)
class Origin:
    """Where a configuration comes from.

    Attributes:
        source: The file; None if it comes from Python alone.
        drafts: The file's connections.
    """

    source: Source | None = None
    drafts: Mapping[str, Draft] = attrs.field(factory=dict)


class Config(Table):
    """The whole configuration.

    From Python, `observers` may also be observers themselves.
    """

    store: OutboxPlace = Field(
        default=Path("passback.db"),
        description="The outbox: a file, relative to this one, or the URL of a PostgreSQL server.",
    )
    observers: tuple[str | SkipJsonSchema[InstanceOf[Observer]], ...] = Field(
        default=(), description="Host-wide observers, by entry-point name."
    )
    plugins: PluginConfig = Field(default=PluginConfig(), description="Which plugins may be loaded.")
    retention: RetentionConfig = Field(default=RetentionConfig(), description="How long results are kept.")
    alerts: AlertsConfig = Field(default=AlertsConfig(), description="Who is told of trouble, and when.")
    launches: LaunchesConfig = Field(
        default=LaunchesConfig(), description="How long launches from an LMS are kept."
    )
    web: WebConfig = Field(default=WebConfig(), description="Where the mountable app is.")
    given: dict[str, ConnectionConfig] = Field(
        default_factory=dict, alias="connections", repr=False, description="The connections, by name."
    )
    _origin: Origin = PrivateAttr(default_factory=Origin)
    _named: OutboxPlace | None = PrivateAttr(default=None)
    _resolved: dict[str, Draft] = PrivateAttr(default_factory=dict)
    _secret_files: dict[Path, Mark] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: object, /) -> None:
        """Take note of where it comes from, which whoever reads a file says as the validation's context."""
        if isinstance(context, Origin):
            self._origin = context

    @property
    def source(self) -> Path | None:
        """The file that it was read from; None if it comes from Python alone."""
        return self._origin.source.path if self._origin.source else None

    @property
    def source_mark(self) -> Mark | None:
        """The file's mark from when it was read; None if it comes from Python alone."""
        return self._origin.source.mark if self._origin.source else None

    @property
    def secret_files(self) -> Mapping[Path, Mark]:
        """The files whose secrets it was asked for, read or not, each with its mark from then."""
        return dict(self._secret_files)

    def error(self, mistake: Mistake) -> ConfigError:
        """Return `mistake`, which concerns no connection, as an error that names its place."""
        if self._origin.source:
            return self._origin.source.error(mistake)
        return ConfigError(mistake.problem, place=dotted(mistake.place))

    @property
    def policy(self) -> Policy:
        """Which plugins the host owner wants, but for the pins that connections add."""
        return Policy(blocked=self.plugins.block, disabled=frozenset(self.plugins.disable))

    @cached_property
    def watching(self) -> tuple[Observer, ...]:
        """The observers that can be had."""
        return tuple(load_observers(self.observers, self.policy))

    @property
    def named(self) -> OutboxPlace:
        """The store that its file names, which isn't the one in use where the file was changed since."""
        return self._named or self.store

    def staying(self, before: Config) -> Config:
        """Return this with the store of `before`: nothing moves what is kept there to another."""
        config = self.model_copy(update={"store": before.store, "place": before.place})
        config._named = self.store  # noqa: SLF001 - one of us
        return config

    @cached_property
    def place(self) -> Path | DatabaseURL | Mistake:
        """Where the outbox is, its reference resolved, or what is wrong with that."""
        return located(self.store, self._resolver)

    @property
    def outbox(self) -> Path | DatabaseURL:
        """Where the outbox is.

        Raises:
            ConfigError: That can't be told; says why.
        """
        if isinstance(self.place, Mistake):
            raise self.error(self.place)
        return self.place

    @cached_property
    def drafts(self) -> Mapping[str, Draft]:
        """Every connection as far as it can be read; references stand as they are."""
        given = {name: Draft(name=name, config=config) for name, config in self.given.items()}
        return {**self._origin.drafts, **given}

    def draft(self, name: str) -> Draft:
        """Return the connection called `name`, which there is, with its references resolved.

        Whoever asks first waits for what the references lead to: files, and observers that ask a vault.
        """
        if name not in self._resolved:
            self._resolved[name] = self.drafts[name].resolved(self._resolver())
        return self._resolved[name]

    def resolve(self) -> None:
        """Resolve the references of all connections, so that nobody waits for them later.

        It may take long: call it in a thread where other things must go on.
        """
        for name in self.drafts:
            self.draft(name)

    def seal_keys(self, mistakes: list[Mistake]) -> tuple[str, ...]:
        """Return what seals what browsers bring; what can't be had of it is added to `mistakes`."""
        found = (
            self.revealed(value, ("web", "keys", at), mistakes) for at, value in enumerate(self.web.keys)
        )
        return tuple(each for each in found if each is not None)

    def revealed(
        self, value: SecretStr | Mapping[str, str] | None, place: Place, mistakes: list[Mistake]
    ) -> str | None:
        """Return the secret that stands at `place`, or that is referred to there.

        None where there is none; what it can't be had for is added to `mistakes`.
        """
        if value is None or isinstance(value, SecretStr):
            return value.get_secret_value() if value else None
        resolver = self._resolver()
        found = resolver.resolved(value, place)
        mistakes += resolver.mistakes
        return None if found is None else str(found)

    def _resolver(self) -> Resolver:
        folder = self.source.parent if self.source else Path()
        return Resolver(folder, lambda: self.watching, self._secret_files)

    @cached_property
    def connections(self) -> Mapping[str, ConnectionConfig]:
        """The connections with nothing wrong in their own tables, their references resolved."""
        drafts = map(self.draft, self.drafts)
        return {each.name: each.config for each in drafts if not each.mistakes}

    @cached_property
    def broken(self) -> Mapping[str, str]:
        """The connections whose own tables are wrong, and why; a reference that leads nowhere is wrong."""
        drafts = map(self.draft, self.drafts)
        return {each.name: each.reason(each.mistakes) for each in drafts if each.mistakes}

    @cached_property
    def attachments(self) -> Mapping[str, Attachment]:
        """What each connection takes, also those whose other settings are wrong; no reference is resolved.

        Who only submits may not have the secrets, and a result must wait for a connection that is broken
        today. Where the activities themselves can't be read, nothing is attached until they can.
        """
        attached = {name: draft.attachment for name, draft in self.drafts.items()}
        return {name: each for name, each in attached.items() if each is not None}
