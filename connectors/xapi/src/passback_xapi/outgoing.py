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
        id: The statement's id.
    """

    delivery: Delivery
    statement: Mapping[str, JSONValue]
    id: str = attrs.field(
        init=False, default=attrs.Factory(lambda self: str(self.statement["id"]), takes_self=True)
    )
