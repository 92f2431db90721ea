"""The test button of a connection: what was tried, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from passback.delivery import Roster
from passback.errors import PassbackError
from passback.host.config import Config
from passback.http import HTTP, Exchange
from passback.model import Observation

__all__ = ["CheckOutcome", "press"]


@attrs.frozen(kw_only=True)
class CheckOutcome:
    """What a connection's test button found.

    Attributes:
        connection: Its name.
        tried: The requests that were made, in order.
        error: What is wrong; None if nothing is.
        doubts: Which of its settings an administrator should think about twice.
    """

    connection: str
    tried: Sequence[Exchange]
    error: PassbackError | None
    doubts: Sequence[Observation] = ()


async def press(roster: Roster, config: Config, name: str) -> CheckOutcome:
    """Check the connection called `name`; whatever is wrong is told, not raised."""
    draft = config.drafts.get(name)
    sign_in = draft.config.sign_in if draft else None
    doubts = sign_in.doubts() if sign_in else []
    with HTTP.recording() as tried:
        try:
            await roster.connection(name).check()
        except PassbackError as error:
            return CheckOutcome(connection=name, tried=tried, error=error, doubts=doubts)
    return CheckOutcome(connection=name, tried=tried, error=None, doubts=doubts)
