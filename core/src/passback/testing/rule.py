"""A rule of the kit, and the list of all of them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from types import CodeType, FunctionType
from typing import Any, TypeAlias, cast

import attrs

from passback.testing.conformance import Conformance, capabilities
from passback.testing.scene import Scene

__all__ = ["Play", "Rule", "add_rule", "all_rules", "rule", "rules_for", "tampered"]

Play: TypeAlias = Callable[[Scene], Awaitable[None]]


@attrs.frozen(kw_only=True)
class Rule:
    """One thing that every connector must keep.

    Attributes:
        name: How it is called in waivers, reports and on the command line.
        needs: The capabilities without which it doesn't apply.
        sentence: The rule, and what users suffer where it's broken.
        advice: What an author can do about it.
        play: Tries it.
        code: What `play` was when it was defined.
    """

    name: str
    needs: frozenset[str]
    sentence: str
    advice: str
    play: Play = attrs.field(repr=False)
    code: CodeType = attrs.field(repr=False)

    @property
    def subject(self) -> str:
        """What it is about: the first part of its name."""
        return self.name.partition(".")[0]


_RULES: dict[str, Rule] = {}
_ORDER = (
    "suite",
    "contract",
    "options",
    "check",
    "lookup_users",
    "map_identity",
    "submit_results",
    "read_launch",
    "launched",
    "receive_results",
    "list_courses",
    "sign_in_url",
    "start_sign_in",
    "finish_sign_in",
    "start_sign_out",
    "inspect_provider",
    "publish_metadata",
    "read_sample",
    "secrets",
    "hosts",
    "life",
)


def rule(name: str, *needs: str) -> Callable[[Play], Play]:
    """Make a function a rule: the first paragraph of its docstring is the sentence, the rest the advice."""

    def made(play: Play) -> Play:
        sentence, _, advice = inspect.cleandoc(play.__doc__ or "").partition("\n\n")
        add_rule(name, needs, sentence, advice, play)
        return play

    return made


def add_rule(name: str, needs: Iterable[str], sentence: str, advice: str, play: Play) -> None:
    """Add one rule to the list."""
    _RULES[name] = Rule(
        name=name,
        needs=frozenset(needs),
        sentence=" ".join(sentence.split()),
        advice=" ".join(advice.split()),
        play=play,
        code=cast("FunctionType", play).__code__,
    )


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, in the order in which a reader wants them."""
    return tuple(sorted(_RULES.values(), key=lambda each: _ORDER.index(each.subject)))


def rules_for(suite: type[Conformance[Any]]) -> list[Rule]:
    """Return the rules that apply to the connector of `suite`, whatever its author thinks of them."""
    able = capabilities(suite)
    return [each for each in all_rules() if each.needs <= able]


def tampered() -> list[str]:
    """Return the names of rules that aren't any more what the kit defined."""
    return [each.name for each in all_rules() if getattr(each.play, "__code__", None) is not each.code]
