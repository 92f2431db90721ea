"""Which deliveries are meant: what commands list, replay and export by."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import attrs
from sqlalchemy import ColumnElement, select

from passback.delivery.outbox.learners import of_learner, of_learner_anywhere
from passback.store import LARGEST, State, milliseconds, schema

__all__ = ["Selection"]

_d = schema.delivery.c
_r = schema.result.c


def _aware(_: object, attribute: attrs.Attribute[datetime | None], value: object) -> None:
    if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
        raise TypeError(f"{attribute.name} must be a datetime with a time zone, got {value!r}")


def _state(_: object, attribute: attrs.Attribute[State | None], value: object) -> None:
    if value is not None and not isinstance(value, State):
        raise TypeError(f"{attribute.name} must be a State such as State.REJECTED, got {value!r}")


@attrs.frozen(kw_only=True)
class Selection:
    """Which deliveries, or results, are meant; what isn't given doesn't narrow, and none are none.

    Attributes:
        deliveries: These numbers.
        results: Of these results.
        connection: Of this connection.
        state: In this state.
        organisation: Of this organisation.
        learner: Of this learner.
        activity: Of this activity.
        since: Accepted at this time or later.
        until: Accepted before this time.

    Raises:
        TypeError: `state` is no `State`, or a time has no time zone.
    """

    deliveries: Collection[int] | None = None
    results: Collection[str] | None = None
    connection: str | None = None
    state: State | None = attrs.field(default=None, validator=_state)
    organisation: str | None = None
    learner: str | None = None
    activity: str | None = None
    since: datetime | None = attrs.field(default=None, validator=_aware)
    until: datetime | None = attrs.field(default=None, validator=_aware)

    def of_deliveries(self) -> list[ColumnElement[bool]]:
        """Return the conditions on a delivery that choose them."""
        conditions = self._on_delivery()
        if on_result := self._on_result():
            conditions.append(_d.result.in_(select(_r.seq).where(*on_result)))
        return conditions

    def of_results(self) -> list[ColumnElement[bool]]:
        """Return the conditions on a result that choose those that have such a delivery."""
        conditions = self._on_result()
        if on_delivery := self._on_delivery():
            conditions.append(_r.seq.in_(select(_d.result).where(*on_delivery)))
        return conditions

    def _on_delivery(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.deliveries is not None:
            # None has a larger one, and a database refuses to be asked for it.
            conditions.append(_d.seq.in_([each for each in self.deliveries if abs(each) <= LARGEST]))
        if self.connection is not None:
            conditions.append(_d.connection == self.connection)
        if self.state is not None:
            conditions.append(_d.state == self.state)
        return conditions

    def _on_result(self) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if self.results is not None:
            conditions.append(_r.id.in_(self.results))
        if self.learner is not None and self.organisation is not None:
            conditions.extend(of_learner(self.organisation, self.learner))
        elif self.learner is not None:
            conditions.extend(of_learner_anywhere(self.learner))
        elif self.organisation is not None:
            conditions.append(_r.organisation == self.organisation)
        if self.activity is not None:
            conditions.append(_r.activity == self.activity)
        if self.since is not None:
            conditions.append(_r.accepted >= milliseconds(self.since))
        if self.until is not None:
            conditions.append(_r.accepted < milliseconds(self.until))
        return conditions
