"""The test button of a connection: what was tried, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from passback.delivery import Roster
from passback.errors import PassbackError
from passback.http import HTTP, Exchange

__all__ = ["CheckOutcome", "press"]


@attrs.frozen(kw_only=True)
class CheckOutcome:
    """What a connection's test button found.

    Attributes:
        connection: Its name.
        tried: The requests that were made, in order.
        error: What is wrong; None if nothing is.
    """

    connection: str
    tried: Sequence[Exchange]
    error: PassbackError | None


async def press(roster: Roster, name: str) -> CheckOutcome:
    """Check the connection called `name`; whatever is wrong is told, not raised."""
    with HTTP.recording() as tried:
        try:
            await roster.connection(name).check()
        except PassbackError as error:
            return CheckOutcome(connection=name, tried=tried, error=error)
    return CheckOutcome(connection=name, tried=tried, error=None)
