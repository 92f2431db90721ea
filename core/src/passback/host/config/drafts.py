"""A connection as far as it can be read: what is right of it counts even where the rest is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any, Literal

import attrs
from pydantic import ValidationError

from passback.contract import Options
from passback.errors import ConnectionNotReady
from passback.host.config.mistakes import Mistake, Place, dotted, explain, resembling
from passback.host.config.secrets import Resolver
from passback.host.config.source import Source
from passback.host.config.tables import ConnectionConfig

__all__ = ["NAME", "Attachment", "Draft", "name_problem"]

# What a connection may be called.
NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
# They stand where what is required can't be read, so that the rest can; they are never used.
_STAND_INS = {"connector": "", "contact": "nobody@example.com"}


def name_problem(name: str) -> str | None:
    """Return what is wrong with `name` as a connection's; None if nothing is."""
    if re.fullmatch(NAME, name):
        return None
    return "expected a name of at most 63 letters, digits, dots, dashes, underscores, a letter or digit first"


@attrs.frozen(kw_only=True)
class Attachment:
    """Whose results a connection takes, and of which activities.

    Attributes:
        organisation: The customer.
        activities: The activities' ids; ``*`` for all.
    """

    organisation: str
    activities: tuple[str, ...] | Literal["*"]


@attrs.frozen(kw_only=True)
class Draft:
    """One connection, and what is wrong with it.

    Attributes:
        name: Its name.
        config: What can be read of it; references stand in its options until it's `resolved`.
        unread: The fields of `config` that couldn't be read, and are made up.
        meant: What stands where ``connector`` was probably meant; empty if nothing does.
        mistakes: What is wrong; places are counted from its own table.
        references: The places of the options that a reference filled.
        source: The file that it stands in; None where it comes from Python.
    """

    name: str
    config: ConnectionConfig
    unread: frozenset[str] = frozenset()
    meant: str = ""
    mistakes: tuple[Mistake, ...] = ()
    references: frozenset[Place] = frozenset()
    source: Source | None = None

    @classmethod
    def read(cls, name: str, table: object, source: Source) -> Draft:
        """Return the connection that `table` describes."""
        if not isinstance(table, dict):
            no_table = Mistake((), "expected a table such as [connections.acme]")
            unread = frozenset(ConnectionConfig.model_fields)
            return cls(name=name, config=_rest({}), unread=unread, mistakes=(no_table,), source=source)
        try:
            config = ConnectionConfig.model_validate(table)
        except ValidationError as error:
            mistakes = tuple(explain(error, ConnectionConfig, table))
            wrong = frozenset(str(each.place[0]) for each in mistakes if each.place)
            config = _rest({key: value for key, value in table.items() if key not in wrong})
            return cls(
                name=name,
                config=config,
                unread=wrong,
                meant=_meant(table, wrong),
                mistakes=mistakes,
                source=source,
            )
        return cls(name=name, config=config, source=source)

    def resolved(self, resolver: Resolver) -> Draft:
        """Return this draft with its name judged, and its references replaced by what they refer to."""
        wrong = list(self.mistakes)
        if problem := name_problem(self.name):
            wrong.append(Mistake((), problem))
        given = self.config.options
        options = given if isinstance(given, Options) else resolver.resolved(given, ("options",))
        return attrs.evolve(
            self,
            config=self.config.model_copy(update={"options": options}),
            mistakes=(*wrong, *resolver.mistakes),
            references=frozenset(resolver.places),
        )

    @property
    def attachment(self) -> Attachment | None:
        """What it takes; None where that can't be read."""
        if self.unread & {"activities", "organisation"}:
            return None
        return Attachment(organisation=self.config.organisation, activities=self.config.attached)

    def reason(self, mistakes: Iterable[Mistake]) -> str:
        """Return `mistakes`, made in this connection, as one line."""
        told = [f"line {line}: {each}" if line else str(each) for line, each in self._located(mistakes)]
        return "; ".join(told)

    def errors(self, mistakes: Iterable[Mistake]) -> list[ConnectionNotReady]:
        """Return `mistakes`, made in this connection, as errors: each with its file, line and place."""
        return [
            ConnectionNotReady(
                self.name,
                each.problem,
                file=self.source.path if self.source else None,
                line=line,
                place=dotted(("connections", self.name, *each.place)),
            )
            for line, each in self._located(mistakes)
        ]

    def _located(self, mistakes: Iterable[Mistake]) -> list[tuple[int | None, Mistake]]:
        """Return `mistakes`, each with its line, in the order of the lines."""
        if self.source is None:
            return [(None, each) for each in mistakes]
        line = self.source.line
        found = [(line(each.beneath("connections", self.name)), each) for each in mistakes]
        return [*sorted(found, key=itemgetter(0))]


def _meant(table: Mapping[str, Any], wrong: Iterable[str]) -> str:
    known = set(ConnectionConfig.model_fields)
    said = [table[key] for key in wrong if key in table and resembling(key, known) == "connector"]
    return next((each for each in said if isinstance(each, str)), "")


def _rest(right: Mapping[str, Any]) -> ConnectionConfig:
    return ConnectionConfig.model_validate({**_STAND_INS, **right})
