"""Playing one rule to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import attrs

from passback.errors import PassbackError
from passback.testing.breaking import Broken
from passback.testing.conformance import Conformance
from passback.testing.rule import Rule
from passback.testing.scene import Scene
from passback.testing.stand import Stand

__all__ = ["Run", "play"]


@attrs.frozen
class Run:
    """What rules are played in.

    Attributes:
        stand: Where sandboxes are served.
        collected: The names of the rules of this suite that are run in this session; empty where that isn't
            known.
    """

    stand: Stand
    collected: Sequence[str] = ()


def play(rule: Rule, suite: type[Conformance[Any]], run: Run) -> None:
    """Try `rule` on the connector of `suite`.

    Raises:
        Broken: It breaks it.
    """
    scene = Scene(suite(), run.stand, run.collected)
    try:
        asyncio.run(rule.play(scene))  # type: ignore[arg-type] # a coroutine
    except PassbackError as error:
        raise Broken(f"with nothing in its way, it came to {type(error).__name__}: {error}") from None
