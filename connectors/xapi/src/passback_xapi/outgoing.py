"""A delivery together with its statement."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec

from passback import Delivery, JSONValue
from passback_xapi.options import XapiOptions
from passback_xapi.statements import to_statement

__all__ = ["Outgoing"]

_encode = msgspec.json.Encoder().encode


@attrs.frozen
class Outgoing:
    """A delivery together with the statement that it becomes.

    Attributes:
        delivery: The delivery.
        id: The statement's id.
        written: The statement as JSON.
    """

    delivery: Delivery
    id: str
    # Its parts as objects, a dozen for each of a batch, would keep the garbage collector busy.
    written: bytes = attrs.field(repr=False)

    @classmethod
    def of(cls, delivery: Delivery, options: XapiOptions) -> Outgoing:
        """Return what `delivery` becomes.

        Args:
            delivery: The delivery.
            options: How the connection writes statements.

        Raises:
            UnknownActor: The connection's policy can't identify the learner.
        """
        statement = to_statement(delivery.result, options, delivery.account)
        return cls(delivery, str(statement["id"]), _encode(statement))

    @property
    def statement(self) -> Mapping[str, JSONValue]:
        """The statement."""
        statement: Mapping[str, JSONValue] = msgspec.json.decode(self.written)
        return statement
