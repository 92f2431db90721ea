"""The options with which commands choose deliveries and results."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from passback.delivery import Selection
from passback.store import State

__all__ = [
    "ActivityOption",
    "ConnectionOption",
    "IdsArgument",
    "LearnerOption",
    "OrganisationOption",
    "ResultOption",
    "SinceOption",
    "StateOption",
    "UntilOption",
    "chosen",
]


class _StateWord(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    WAITING = "waiting"
    REJECTED = "rejected"


_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
IdsArgument = Annotated[list[int] | None, typer.Argument(help="The numbers of deliveries.")]
ResultOption = Annotated[list[str] | None, typer.Option(help="Of this result; may be repeated.")]
ConnectionOption = Annotated[str | None, typer.Option(help="Of this connection.")]
StateOption = Annotated[_StateWord | None, typer.Option(help="In this state.")]
OrganisationOption = Annotated[str | None, typer.Option(help="Of this organisation.")]
LearnerOption = Annotated[str | None, typer.Option(help="Of the learner with this id.")]
ActivityOption = Annotated[str | None, typer.Option(help="Of the activity with this id.")]
SinceOption = Annotated[
    datetime | None, typer.Option(formats=_FORMATS, help="Accepted then or later; UTC by default.")
]
UntilOption = Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Accepted before then.")]


def chosen(
    *,
    ids: list[int] | None = None,
    result: list[str] | None = None,
    connection: str | None = None,
    state: _StateWord | None = None,
    organisation: str | None = None,
    learner: str | None = None,
    activity: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Selection:
    """Return what the options choose."""
    return Selection(
        deliveries=ids or None,
        results=result or None,
        connection=connection,
        state=State[state.name] if state else None,
        organisation=organisation,
        learner=learner,
        activity=activity,
        since=_aware(since),
        until=_aware(until),
    )


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
