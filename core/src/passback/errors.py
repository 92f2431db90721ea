"""Everything that Passback raises, as one tree.

::

    PassbackError
    ├── InvalidResult               a result that can't be accepted: names the field and the fix
    ├── InvalidAccess               what is said of somebody's access can't be: names the attribute
    ├── SignInRefused               what a browser brought back from an identity provider proves nothing
    ├── LaunchRefused               what opened the content is no launch that can be used
    ├── ConfigError                 the configuration can't be used: names the place and the fix
    │   └── ConnectionNotReady      one connection of it can't serve: plugin missing, option wrong, …
    ├── ContractError               a connector breaks the contract: wrong kind of hook, wrong receipts
    ├── OutboxError                 the store can't do what was asked
    │   ├── ContentConflict         a result id that is known with other content
    │   ├── OutboxGone              its file was removed or replaced while it was in use
    │   ├── OutboxInUse             another process already delivers from this outbox
    │   ├── OutboxNotRewritten      what was erased may still stand in its file
    │   └── OutboxTooNew            a newer Passback wrote this outbox
    └── ConnectionFailure           raised by connectors: concerns the whole connection, not one result
        ├── CannotConnect           not reached: refused, no such name, TLS, cut, no answer in time
        ├── ServerError             reached, but it refuses or answers nonsense: usually credentials or URL
        ├── RateLimited             asked to slow down; carries until when
        ├── Unsupported             the connector, or the system (501), can't do that: a missing capability
        ├── BatchRefused            this batch as a whole was refused; the core sends its halves
        │   └── BatchTooLarge       … because of its size; the core sends smaller ones from now on
        └── CutShort                another of these in the midst of a batch; in `passback.model`

A message says what happened, to which connection, and what a person can do. It never holds a secret,
a token or a query string.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

__all__ = [
    "BatchRefused",
    "BatchTooLarge",
    "CannotConnect",
    "ConfigError",
    "ConnectionFailure",
    "ConnectionNotReady",
    "ContentConflict",
    "ContractError",
    "InvalidAccess",
    "InvalidResult",
    "LaunchRefused",
    "OutboxError",
    "OutboxGone",
    "OutboxInUse",
    "OutboxNotRewritten",
    "OutboxTooNew",
    "PassbackError",
    "RateLimited",
    "ServerError",
    "SignInRefused",
    "Unsupported",
]


class PassbackError(Exception):
    """The root: catch it to catch everything that Passback raises on purpose."""


class InvalidResult(PassbackError):
    """A result can't be accepted.

    Attributes:
        field: The field at fault, dotted (``score.raw``); empty when the whole text can't be read.
        problem: What is wrong with it, and what was expected.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}" if field else problem)


class InvalidAccess(PassbackError):
    """What is said of somebody's access can't be used.

    Attributes:
        attribute: The attribute at fault, as it's sent (``studentLicenseSkus``).
        problem: What is wrong with it, and what was expected; no value of it.
    """

    def __init__(self, attribute: str, problem: str) -> None:
        self.attribute = attribute
        self.problem = problem
        super().__init__(f"{attribute}: {problem}")


class LaunchRefused(PassbackError):
    """What opened the content is no launch that can be used; the message names nothing of its query."""


class SignInRefused(PassbackError):
    """Nobody is signed in: what a browser brought back proves nothing, or may not be used here.

    The message is for the administrator: it names what was wrong, and no value of what came.
    """


class ConfigError(PassbackError):
    """The configuration can't be used.

    Attributes:
        problem: What is wrong, and what was expected.
        file: The file at fault; None where there is none.
        line: The line at fault, counted from 1; None where that can't be told.
        place: The key at fault, dotted (``connections.acme.contact``); empty when it's none in particular.
    """

    def __init__(
        self, problem: str, *, file: Path | None = None, line: int | None = None, place: str = ""
    ) -> None:
        self.problem = problem
        self.file = file
        self.line = line
        self.place = place
        where = ":".join(str(each) for each in (file, line) if each is not None)
        super().__init__(": ".join(part for part in (where, place, problem) if part))


class ConnectionNotReady(ConfigError):
    """One configured connection can't serve.

    Attributes:
        connection: Its name in the configuration.
        reason: What is missing or wrong.
    """

    def __init__(
        self,
        connection: str,
        reason: str,
        *,
        file: Path | None = None,
        line: int | None = None,
        place: str = "",
    ) -> None:
        self.connection = connection
        self.reason = reason
        problem = reason if place else f"connection {connection!r}: {reason}"
        super().__init__(problem, file=file, line=line, place=place)


class ContractError(PassbackError):
    """A connector breaks the contract; the message names it and says how."""


class OutboxError(PassbackError):
    """The outbox can't do what was asked."""


class ContentConflict(OutboxError):
    """A result's id is known already, with other content.

    Attributes:
        result_id: The id that both share.
        fields: The fields that differ, as far as they are known.
    """

    def __init__(self, result_id: str, fields: Iterable[str] = ()) -> None:
        self.result_id = result_id
        self.fields = tuple(fields)
        differs = f" (it differs in {', '.join(self.fields)})" if self.fields else ""
        super().__init__(
            f"result {result_id!r} was accepted before with other content{differs}; "
            "a result never changes: give a changed fact an id of its own"
        )


class OutboxGone(OutboxError):
    """The outbox's file was removed or replaced while this process used it."""


class OutboxInUse(OutboxError):
    """Another process delivers from this outbox already."""


class OutboxNotRewritten(OutboxError):
    """What was removed is gone from the outbox, but its file couldn't be written anew without it."""


class OutboxTooNew(OutboxError):
    """The outbox was written by a newer Passback than this one."""


class ConnectionFailure(PassbackError):
    """What a connector raises when the whole connection is concerned; nothing of the batch is lost."""


class CannotConnect(ConnectionFailure):
    """The system wasn't reached: refused, no such host, TLS, reset, or no answer in time."""


class ServerError(ConnectionFailure):
    """The system was reached but refuses or answers nonsense.

    Attributes:
        status: The HTTP status, where one was seen.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class RateLimited(ConnectionFailure):
    """The system asks to slow down.

    Attributes:
        until: When it may be asked again, with a time zone; None where it doesn't say.
        down: Whether it's out of order for a while (503), rather than asked too much.
    """

    def __init__(self, message: str, *, until: datetime | None = None, down: bool = False) -> None:
        if until is not None and getattr(until, "tzinfo", None) is None:
            raise TypeError(f"until must be a datetime with a time zone, got {type(until).__name__}")
        self.until = until
        self.down = down
        super().__init__(message)


class Unsupported(ConnectionFailure):
    """The connector or the system behind it can't do this at all.

    Results wait for another configuration where the connector says so. Where an answer does, they're tried
    again as in any outage: it may be of something on the way.

    Attributes:
        status: 501 where the system itself said so; None where the connector has no such thing.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class BatchRefused(ConnectionFailure):
    """The system refused this batch as a whole without saying for which result.

    The core sends its halves, and theirs, until only the bad result stands alone and is rejected with
    this message. Raise it only when nothing of the batch was stored, or when sending it again is harmless.
    """


class BatchTooLarge(BatchRefused):
    """The batch is too large for the system (413); the core remembers the size that passes."""
