"""What the core hands a connector to deliver, and the typed answers it gets back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeAlias

import attrs

from passback.errors import BatchRefused, ConnectionFailure
from passback.model.people import Account, Launch
from passback.model.result import Result

__all__ = [
    "ActivityUnknown",
    "AlreadyThere",
    "Batch",
    "CutShort",
    "Delivered",
    "Delivery",
    "NeedsLaunch",
    "Receipt",
    "Rejected",
    "TryLater",
    "UserUnknown",
]


# Plain functions, as every delivery makes a receipt and the validators of attrs take several times as long.
def _number(_: object, attribute: attrs.Attribute[int], value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(attribute.name, "a number", value)


def _maybe_number(_: object, attribute: attrs.Attribute[int | None], value: object) -> None:
    if value is not None and not isinstance(value, int):
        raise _wrong(attribute.name, "a number or None", value)


def _numbers(_: object, attribute: attrs.Attribute[tuple[int, ...]], value: object) -> None:
    if value == ():
        return
    if not isinstance(value, Iterable) or not all(isinstance(each, int) for each in value):
        raise _wrong(attribute.name, "numbers", value)


def _text(_: object, attribute: attrs.Attribute[str], value: object) -> None:
    if not isinstance(value, str):
        raise _wrong(attribute.name, "a text", value)


def _maybe_text(_: object, attribute: attrs.Attribute[str | None], value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise _wrong(attribute.name, "a text or None", value)


def _wrong(name: str, expected: str, value: object) -> TypeError:
    return TypeError(f"{name} must be {expected}, got {type(value).__name__}")


def _aware(_: object, attribute: attrs.Attribute[datetime], value: object) -> None:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _wrong(attribute.name, "a datetime with a time zone", value)


@attrs.frozen(kw_only=True)
class Delivery:
    """One result on its way to one connection.

    Attributes:
        id: The outbox's number for it; receipts carry it back.
        result: What is delivered.
        attempt: The how-manieth attempt this is, from 1.
        unsure: Whether it may have arrived at an attempt before: one that had no receipt, or `TryLater`.
        account: Which user of the system the learner is, where that is known.
        launch: The launch by which the learner opened the activity, the last that can be used.
        finished: Whether it was delivered before that the learner finished the activity, as far as results
            are kept; told where the system keeps only a status (`Sending.latest_only`).
    """

    id: int
    result: Result
    attempt: int = 1
    unsure: bool = False
    account: Account | None = None
    launch: Launch | None = None
    finished: bool = False


@attrs.frozen(kw_only=True)
class Batch:
    """Deliveries to send in as few requests as the system allows; at least one, no result twice.

    Attributes:
        deliveries: In the order in which they were accepted.
        launches: Launches of anybody that can be used, for systems whose token serves a whole portal: those
            first that the system took before, of them the newest first; then the newest of learners, then the
            oldest of all and the newest, so that no number of made-up ones hides a good one.
    """

    deliveries: tuple[Delivery, ...]
    launches: tuple[Launch, ...] = ()


@attrs.frozen
class Delivered:
    """It has arrived.

    Attributes:
        delivery: The delivery's id.
        remote_id: Its id over there, where the system gives one.
        launch: The id of the launch whose token the system took.
        refused: The ids of the launches whose tokens it refused before; they aren't offered again.
        sent: Whether it was sent; False of what this system isn't told of, which says nothing of how it does.
    """

    delivery: int
    remote_id: str | None = None
    launch: int | None = None
    refused: tuple[int, ...] = ()
    sent: bool = attrs.field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        # Nearly every delivery makes one of these, and a validator of each field takes as long as all else.
        plain = type(self.delivery) is int and (self.remote_id is None or type(self.remote_id) is str)
        if not plain or self.launch is not None or self.refused != ():
            fields = attrs.fields(Delivered)
            _number(self, fields.delivery, self.delivery)
            _maybe_text(self, fields.remote_id, self.remote_id)
            _maybe_number(self, fields.launch, self.launch)
            _numbers(self, fields.refused, self.refused)


@attrs.frozen
class AlreadyThere:
    """It had arrived before.

    Attributes:
        delivery: The delivery's id.
        remote_id: Its id over there, where the system gives one.
    """

    delivery: int = attrs.field(validator=_number)
    remote_id: str | None = attrs.field(default=None, validator=_maybe_text)


@attrs.frozen
class UserUnknown:
    """The system doesn't know this learner; the delivery waits for an account.

    Attributes:
        delivery: The delivery's id.
        reason: What was looked for, and what would help.
    """

    delivery: int = attrs.field(validator=_number)
    reason: str = attrs.field(validator=_text)


@attrs.frozen
class ActivityUnknown:
    """The system doesn't know this activity; the delivery waits for it.

    Attributes:
        delivery: The delivery's id.
        reason: What was looked for, and what would help.
    """

    delivery: int = attrs.field(validator=_number)
    reason: str = attrs.field(validator=_text)


@attrs.frozen
class NeedsLaunch:
    """It can only be sent with what a launch brings; the delivery waits for one.

    Attributes:
        delivery: The delivery's id.
        reason: Whose launch is needed.
        refused: The ids of the launches whose tokens the system refused; they aren't offered again.
    """

    delivery: int = attrs.field(validator=_number)
    reason: str = attrs.field(validator=_text)
    refused: tuple[int, ...] = attrs.field(default=(), validator=_numbers)


@attrs.frozen
class Rejected:
    """The system refuses this result for good; a person can repair and replay it.

    Attributes:
        delivery: The delivery's id.
        reason: What the system said, in words that a person can act on.
    """

    delivery: int = attrs.field(validator=_number)
    reason: str = attrs.field(validator=_text)


@attrs.frozen
class TryLater:
    """Not now; nothing is wrong with the connection.

    Attributes:
        delivery: The delivery's id.
        at: When to try again.
        reason: What the system said.
    """

    delivery: int = attrs.field(validator=_number)
    at: datetime = attrs.field(validator=_aware)
    reason: str = attrs.field(default="", validator=_text)


Receipt: TypeAlias = (
    Delivered | AlreadyThere | UserUnknown | ActivityUnknown | NeedsLaunch | Rejected | TryLater
)


class CutShort(ConnectionFailure):
    """The connection failed in the midst of a batch; raised by connectors, with what was answered before.

    What has no receipt is tried again, as after any failure.

    Attributes:
        receipts: Of those deliveries that have one.
        failure: What ended it.
        unsent: The ids of deliveries that surely weren't sent. Others without a receipt may have arrived.
    """

    def __init__(self, receipts: Sequence[Receipt], failure: Exception, unsent: Collection[int] = ()) -> None:
        if not isinstance(failure, ConnectionFailure) or isinstance(failure, BatchRefused | CutShort):
            raise TypeError(f"what ends a batch concerns the whole connection, got {type(failure).__name__}")
        self.receipts = receipts
        self.failure = failure
        self.unsent = unsent
        super().__init__(str(failure))
