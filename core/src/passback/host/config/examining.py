"""Whether each connection's connector, extensions and options fit, and all that doesn't."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cached_property

import attrs
from pydantic import ValidationError

from passback.contract import CONNECTORS, EXTENSIONS, Connector, Options, implemented
from passback.errors import ConfigError, ConnectionFailure, ConnectionNotReady, ContractError
from passback.foreign import contained
from passback.host.config.drafts import Draft
from passback.host.config.mistakes import Mistake, explain, suggestion
from passback.host.config.observers import report_observers
from passback.host.config.whole import Config
from passback.plugins import LoadReport, Status, load

__all__ = ["Examination", "Examined"]


@attrs.frozen(kw_only=True)
class Examined:
    """One connection beside what is installed.

    Attributes:
        draft: The connection.
        connector: Its connector; None if it isn't ready.
        options: Its options, valid; None if they aren't.
        mistakes: Everything that is wrong with it; it can serve if that is nothing.
    """

    draft: Draft
    connector: type[Connector[Options]] | None
    options: Options | None
    mistakes: tuple[Mistake, ...]


# A connector that isn't there is blamed for that alone.
_ABLE = ("submit_results", "finish_sign_in")


class Examination:
    """Looks at the connections of one configuration; plugins are imported when the first is looked at."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._examined: dict[str, Examined] = {}

    @cached_property
    def connectors(self) -> LoadReport:
        """What became of every connector that is installed or configured."""
        drafts = [each for each in self._config.drafts.values() if "connector" not in each.unread]
        pins = {each.config.connector: pin for each in drafts if (pin := each.config.distribution)}
        policy = attrs.evolve(self._config.policy, pins=pins)
        return load(CONNECTORS, [each.config.connector for each in drafts], policy)

    @cached_property
    def _probable(self) -> LoadReport:
        """What became of the connectors that were probably meant where their name or its key is misspelt."""
        meant = {self._meant(each) for each in self._config.drafts.values()}
        return load(CONNECTORS, sorted(meant - {""}), self._config.policy)

    @cached_property
    def extensions(self) -> LoadReport:
        """What became of every extension that is installed or configured."""
        named = [name for each in self._config.drafts.values() for name in each.config.extensions]
        return load(EXTENSIONS, named, self._config.policy)

    def of(self, name: str) -> Examined:
        """Return what there is to say of the connection called `name`, which the configuration has."""
        if name not in self._examined:
            self._examined[name] = self._examine(self._config.draft(name))
        return self._examined[name]

    def reasons(self) -> Mapping[str, str]:
        """Return the connections that can't serve, and why."""
        found = {name: self.of(name) for name in self._config.drafts}
        return {name: each.draft.reason(each.mistakes) for name, each in found.items() if each.mistakes}

    def mistakes(self) -> list[ConnectionNotReady]:
        """Return everything that keeps a connection from serving, each with its place."""
        found = [self.of(name) for name in self._config.drafts]
        return [error for each in found for error in each.draft.errors(each.mistakes)]

    def observers(self) -> list[ConfigError]:
        """Return which observers can't be had; that keeps no connection from serving."""
        report = report_observers(self._config.observers, self._config.policy)
        return [
            self._config.error(Mistake(("observers", at), _why_not(report, name)))
            for at, name in enumerate(self._config.observers)
            if isinstance(name, str) and report.ready(name) is None
        ]

    def _examine(self, draft: Draft) -> Examined:
        mistakes = [*draft.mistakes, *self._missing(draft)]
        connector = _ready(self.connectors, draft.config.connector)
        judge = connector or _ready(self._probable, self._meant(draft))
        mistakes += self._unfit(draft, connector)
        options: Options | None = None
        if judge is not None and "options" not in draft.unread:
            try:
                options = _validated(draft, judge.options_type)
            except _Wrong as wrong:
                unresolved = {each.place for each in draft.mistakes}
                mistakes += [each for each in wrong.mistakes if not _beneath(each, unresolved)]
        return Examined(
            draft=draft,
            connector=connector,
            options=options if connector else None,
            mistakes=tuple(mistakes),
        )

    def _unfit(self, draft: Draft, connector: type[Connector[Options]] | None) -> list[Mistake]:
        """Return what is asked of the connector that it can't, and whom it can't serve."""
        capabilities = implemented(connector, Connector) if connector else frozenset(_ABLE)
        config, mistakes = draft.config, []
        if config.sign_in is None:
            signs_in = "sign_in" in draft.unread  # and what is wrong with that is said by itself
            if "submit_results" not in capabilities and config.attached and not signs_in:
                problem = "it takes no results: write activities = [], or a table sign_in if people sign in"
                mistakes.append(Mistake(("activities",), problem))
            return mistakes
        if "finish_sign_in" not in capabilities:
            mistakes.append(Mistake(("sign_in",), f"connector {config.connector!r} signs nobody in"))
        for at, name in enumerate(config.sign_in.serves):
            served = self._config.drafts.get(name)
            if served is None:
                problem = f"there is no connection {name!r}{suggestion(name, self._config.drafts)}"
            elif served.config.organisation != config.organisation:
                problem = f"connection {name!r} is another organisation's, and nothing crosses that"
            else:
                continue
            mistakes.append(Mistake(("sign_in", "serves", at), problem))
        return mistakes

    def _meant(self, draft: Draft) -> str:
        """Return the installed connector that `draft` names, or the only one that is called like it."""
        names = {each.name for each in self.connectors.entries if each.distribution}
        said = draft.meant if "connector" in draft.unread else draft.config.connector
        close = [said] if said in names else difflib.get_close_matches(said, names, n=2)
        return close[0] if len(close) == 1 else ""

    def _missing(self, draft: Draft) -> list[Mistake]:
        mistakes = []
        connector = draft.config.connector
        if "connector" not in draft.unread and _ready(self.connectors, connector) is None:
            mistakes.append(Mistake(("connector",), _why_not(self.connectors, connector)))
        for at, name in enumerate(draft.config.extensions):
            if self.extensions.ready(name) is None:
                mistakes.append(Mistake(("extensions", at), f"extension {_why_not(self.extensions, name)}"))
        return mistakes


def _ready(report: LoadReport, name: str) -> type[Connector[Options]] | None:
    entry = report.ready(name)
    if entry is None or entry.plugin is None or not issubclass(entry.plugin, Connector):
        return None
    return entry.plugin


class _Wrong(Exception):  # it never leaves this module
    """Options don't fit."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        super().__init__("options don't fit")
        self.mistakes = list(mistakes)


def _validated(draft: Draft, model: type[Options]) -> Options:
    given = draft.config.options
    if isinstance(given, model):
        return given
    try:
        # A connector's model runs its own code.
        with contained(f"{model.__qualname__} of connector {draft.config.connector!r}"):
            if isinstance(given, Options):
                given = given.model_dump(by_alias=True, exclude_unset=True)
            try:
                return model.model_validate(given)
            except ValidationError as error:
                found = explain(error, model, given)
    except ContractError as error:
        found = [Mistake((), str(error))]
    except ConnectionFailure as error:
        found = [Mistake((), f"{model.__qualname__} raised {type(error).__name__}")]
    raise _Wrong(each.beneath("options") for each in found)


def _beneath(mistake: Mistake, places: set[tuple[str | int, ...]]) -> bool:
    return any(mistake.place[:length] in places for length in range(1, len(mistake.place) + 1))


def _why_not(report: LoadReport, name: str) -> str:
    reason = report.why_not(name)
    entries = [each for each in report.entries if each.name == name]
    if entries and all(each.status is Status.MISSING for each in entries):
        reason += suggestion(name, {each.name for each in report.entries if each.distribution})
    return reason
