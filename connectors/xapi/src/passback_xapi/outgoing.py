"""A delivery together with its statement."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from passback import Delivery, JSONValue

__all__ = ["Outgoing"]


@attrs.frozen(kw_only=True)
class Outgoing:
    """A delivery together with the statement that it becomes.

    Attributes:
        delivery: The delivery.
        statement: The statement for its result.
    """

    delivery: Delivery
    statement: Mapping[str, JSONValue]

    @property
    def id(self) -> str:
        """The statement's id."""
        return str(self.statement["id"])
