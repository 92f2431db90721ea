"""The options with which commands choose deliveries and results."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Concatenate, ParamSpec, TypeVar

import typer

from passback.cli.output import fail
from passback.delivery import Selection
from passback.host import Passback
from passback.store import State

__all__ = ["IdsArgument", "choosing", "require_there"]

P = ParamSpec("P")
T = TypeVar("T")


class _StateWord(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    WAITING = "waiting"
    REJECTED = "rejected"


# Also as `--json` and the lists for people write it.
_FORMATS = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S UTC",
]
IdsArgument = Annotated[list[int] | None, typer.Argument(help="The numbers of deliveries.")]


def choosing(command: Callable[Concatenate[Selection, P], T]) -> Callable[..., T]:
    """Give `command` the options that choose deliveries, and what they choose as its first argument."""

    @functools.wraps(command)
    def chosen(**given: object) -> T:
        options = {name: given.pop(name) for name in _OPTIONS}
        return command(_selection(**options), **given)  # type: ignore[arg-type,call-arg] # as typer read them

    own = inspect.signature(command, eval_str=True).parameters.values()
    before = [each for each in own if each.kind is each.POSITIONAL_OR_KEYWORD][1:]
    after = [each for each in own if each.kind is each.KEYWORD_ONLY]
    parameters = [*_OPTIONS.values(), *before, *after]
    ordered = [each.replace(kind=each.KEYWORD_ONLY) for each in parameters]
    chosen.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined] # what typer reads
    chosen.__annotations__ = {each.name: each.annotation for each in ordered}
    return chosen


async def require_there(host: Passback, selection: Selection) -> None:
    """End the command with a message where `selection` names a delivery or connection that doesn't exist.

    A connection that isn't configured any longer is there as long as something of it is kept.
    """
    ids = selection.deliveries or ()
    there = await host.deliveries(Selection(deliveries=ids), len(ids)) if ids else []
    unknown = sorted({*ids} - {each.id for each in there})
    if unknown:
        fail(*(f"there is no delivery {each}" for each in unknown))
    name = selection.connection
    if name is None or name in host.connection_names:
        return
    if not await host.deliveries(Selection(connection=name), 1):
        have = ", ".join(host.connection_names) or "none"
        fail(f"there is no connection {name}, and nothing is kept for one; the configuration has {have}")


def _selection(
    *,
    result: Annotated[list[str] | None, typer.Option(help="Of this result; may be repeated.")] = None,
    connection: Annotated[str | None, typer.Option(help="Of this connection.")] = None,
    state: Annotated[_StateWord | None, typer.Option(help="In this state.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Of this organisation.")] = None,
    learner: Annotated[str | None, typer.Option(help="Of the learner with this id.")] = None,
    activity: Annotated[str | None, typer.Option(help="Of the activity with this id.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=_FORMATS, help="Accepted then or later; UTC by default.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(formats=_FORMATS, help="Accepted before then.")] = None,
) -> Selection:
    return Selection(
        results=result or None,
        connection=connection,
        state=State[state.name] if state else None,
        organisation=organisation,
        learner=learner,
        activity=activity,
        since=_aware(since),
        until=_aware(until),
    )


_OPTIONS = inspect.signature(_selection, eval_str=True).parameters


def _aware(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
