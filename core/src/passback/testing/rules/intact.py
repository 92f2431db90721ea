"""The suite is what the kit made it: nothing is replaced, removed or waived without a reason."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from passback.testing.breaking import Broken
from passback.testing.conformance import Conformance
from passback.testing.rule import all_rules, rule, rules_for, tampered
from passback.testing.scene import Scene

__all__: list[str] = []

_MEMBERS = frozenset(
    {
        "activity",
        "arrived",
        "clock",
        "connector",
        "course_request",
        "delivery",
        "error_bodies",
        "event",
        "launch",
        "mark",
        "options",
        "population",
        "sandbox",
        "sign_in",
        "signed",
        "waivers",
    }
)


@rule("suite.intact")
async def _intact(scene: Scene) -> None:
    """Every rule is tried as the kit defines it; a suite that was weakened tells users nothing.

    Waive a rule that the vendor makes impossible, with the reason; put tests of your own into another class.
    """
    for problem in _problems(scene):
        raise Broken(problem)


def _problems(scene: Scene) -> Iterator[str]:
    suite = type(scene.suite)
    yield from _members(suite)
    yield from _waivers(suite.waivers)
    if changed := tampered():
        yield f"the rule {changed[0]} was replaced"
    missing = {each.name for each in rules_for(suite)} - set(scene.collected)
    if scene.collected and missing:
        yield f"{len(missing)} rules were taken out of the run, among them {min(missing)}"


def _members(suite: type[Conformance[Any]]) -> Iterator[str]:
    for owner in suite.__mro__[: suite.__mro__.index(Conformance)]:
        for name in vars(owner):
            if not name.startswith("_") and name not in _MEMBERS:
                close = difflib.get_close_matches(name, _MEMBERS, n=1)
                hint = f"did you mean {close[0]!r}?" if close else "a rule can't be replaced or added here"
                yield f"{owner.__qualname__}.{name}: {hint}"


def _waivers(waivers: Mapping[str, str]) -> Iterator[str]:
    known = {each.name for each in all_rules()}
    for name, reason in waivers.items():
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            yield f"waivers: there is no rule {name!r}{f'; did you mean {close[0]!r}?' if close else ''}"
        elif name == "suite.intact":
            yield f"waivers: {name} can't be waived"
        if not reason.strip():
            yield f"waivers: {name!r} has no reason; say which limit of the vendor's it is"
