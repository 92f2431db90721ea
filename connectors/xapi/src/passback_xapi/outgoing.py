"""A delivery together with its statement."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from passback import Delivery, JSONValue
from passback_xapi.options import XapiOptions
from passback_xapi.statements import Statement, statement, statement_id

__all__ = ["Outgoing"]


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A delivery together with the statement that it becomes.

    Attributes:
        delivery: The delivery.
        id: The statement's id.
        said: The statement.
    """

    delivery: Delivery
    id: str
    said: Statement

    @classmethod
    def of(cls, delivery: Delivery, options: XapiOptions) -> Outgoing:
        """Return what `delivery` becomes.

        Args:
            delivery: The delivery.
            options: How the connection writes statements.

        Raises:
            UnknownActor: The connection's policy can't identify the learner.
        """
        own = statement_id(delivery.result)
        return cls(delivery, own, statement(own, delivery.result, options, delivery.account))

    @property
    def statement(self) -> Mapping[str, JSONValue]:
        """The statement, read as JSON."""
        said: Mapping[str, JSONValue] = msgspec.json.decode(msgspec.json.encode(self.said))
        return said
