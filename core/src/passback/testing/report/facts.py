"""What is known of a connector, and what became of each rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeAlias

import attrs

from passback.contract import CONNECTORS
from passback.testing.conformance import Conformance, capabilities
from passback.testing.rule import Rule, all_rules, rules_for
from passback.testing.rules.offering import offers

__all__ = ["Finding", "Standing", "finding", "standings"]

Outcome: TypeAlias = Literal["passed", "failed", "waived"]


@attrs.frozen(kw_only=True)
class Finding:
    """What became of one rule.

    Attributes:
        suite: The class that tried it.
        connector: The name under which the connector is offered.
        distribution: What brings it.
        version: Its version.
        capabilities: What the connector can do.
        rules: How many rules apply to it.
        rule: The rule's name.
        sentence: The rule.
        result: What became of it; empty until that is known.
        reason: Why it's waived, where it is.
        seen: What was seen, where it failed.
    """

    suite: str
    connector: str
    distribution: str
    version: str
    capabilities: Sequence[str]
    rules: int
    rule: str = ""
    sentence: str = ""
    result: str = ""
    reason: str = ""
    seen: str = ""


@attrs.frozen(kw_only=True)
class Standing:
    """How one suite did.

    Attributes:
        findings: What became of each rule that was tried.
    """

    findings: Sequence[Finding]

    @property
    def first(self) -> Finding:
        """One of them, for what they share."""
        return self.findings[0]

    @property
    def counts(self) -> Counter[str]:
        """How many rules came out how."""
        return Counter(each.result for each in self.findings)

    @property
    def untried(self) -> int:
        """How many rules apply and weren't tried."""
        return self.first.rules - len(self.findings)

    @property
    def verdict(self) -> str:
        """What that comes to: ``conforms``, ``conforms, with waivers``, ``incomplete`` or ``fails``."""
        if self.counts["failed"]:
            return "fails"
        if self.untried:
            return "incomplete"
        return "conforms, with waivers" if self.counts["waived"] else "conforms"


def finding(suite: type[Conformance[Any]], rule: Rule) -> Finding:
    """Return what is known before `rule` is tried."""
    reason = str(suite.waivers.get(rule.name, ""))
    return attrs.evolve(_known(suite), rule=rule.name, sentence=rule.sentence, reason=reason)


@cache
def _known(suite: type[Conformance[Any]]) -> Finding:
    # To look through all that is installed takes longer than most rules.
    offered = next((each for each in offers(suite.connector)), None)
    return Finding(
        suite=suite.__name__,
        connector=suite.connector.__qualname__ if offered is None else offered.name,
        distribution="not installed" if offered is None else offered.distribution,
        version="" if offered is None else offered.version,
        capabilities=sorted(capabilities(suite)),
        rules=len(rules_for(suite)),
    )


def standings(findings: Iterable[Finding]) -> list[Standing]:
    """Return how each suite did, by its name, with its rules in their usual order."""
    place = {rule.name: number for number, rule in enumerate(all_rules())}
    by_suite: dict[tuple[str, str], list[Finding]] = {}
    for each in sorted(findings, key=lambda each: (each.suite, place.get(each.rule, -1))):
        by_suite.setdefault((each.suite, each.distribution), []).append(each)
    return [Standing(findings=each) for each in by_suite.values()]


def core_version() -> str:
    """Return the version of the core that the rules belong to."""
    try:
        return version("passback")
    except PackageNotFoundError:
        return "unknown"


def contract_version() -> str:
    """Return the version of the contract."""
    return CONNECTORS.rpartition(".")[2]
