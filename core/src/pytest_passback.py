"""pytest's side of Passback's conformance kit: one test for each rule that a connector has to keep.

A module of its own at the top, so that pytest's start imports nothing of Passback: until a test module
imports `passback.testing`, there is nothing to collect.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from passback.testing import Conformance, Rule
    from passback.testing.running import Run

_KIT = "passback.testing"
_KEY = "passback.conformance"
_run: pytest.StashKey[Run] = pytest.StashKey()


class Suite(pytest.Collector):
    """The rules of one connector."""

    suite: type[Conformance[Any]]

    def collect(self) -> Iterator[pytest.Item]:
        """Yield one item for each rule that applies."""
        from passback.testing import Broken
        from passback.testing.rule import rules_for

        waivers = self.suite.waivers
        for rule in rules_for(self.suite):
            item = RuleItem.from_parent(self, name=rule.name)
            item.rule = rule
            item.suite = self.suite
            reason = str(waivers.get(rule.name, "")).strip()
            if reason and rule.name != "suite.intact":
                item.add_marker(pytest.mark.xfail(reason=reason, raises=Broken, strict=True))
            yield item


class RuleItem(pytest.Item):
    """One rule, tried on one connector."""

    rule: Rule
    suite: type[Conformance[Any]]

    def runtest(self) -> None:
        """Try it."""
        from passback.testing.running import play

        play(self.rule, self.suite, self._in())

    def _in(self) -> Run:
        import attrs

        from passback.testing.running import Run
        from passback.testing.stand import Stand

        stash = self.config.stash
        if _run not in stash:
            stash[_run] = Run(Stand())
        mine = [
            each.rule.name
            for each in self.session.items
            if isinstance(each, RuleItem) and each.suite is self.suite
        ]
        return attrs.evolve(stash[_run], collected=() if _narrowed(self.config) else mine)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401
        """Say what the rule is, what was seen, and what to do; a defect of the kit has its traceback."""
        from passback.testing import Broken

        if not isinstance(excinfo.value, Broken):
            return super().repr_failure(excinfo, style)
        rule = self.rule
        advice = excinfo.value.advice or rule.advice
        return f"{rule.name}: {rule.sentence}\n\nSeen: {excinfo.value}\n\nWhat to do: {advice}"

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where this stands, and what it is called."""
        return self.path, None, f"{self.suite.__name__}: {self.rule.name}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the kit's option."""
    parser.getgroup("passback").addoption(
        "--passback-report",
        metavar="PATH",
        help="write what became of each rule of Passback's conformance kit, as PATH.json and PATH.html",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> Suite | None:
    """Collect the subclasses of `Conformance` whose names begin with Test."""
    kit = sys.modules.get(_KIT)
    if kit is None or not isinstance(obj, type) or not name.startswith("Test"):
        return None
    if not issubclass(obj, kit.Conformance) or obj is kit.Conformance:
        return None
    suite: Suite = Suite.from_parent(collector, name=name)
    suite.suite = obj
    return suite


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Note which rule it is, so that it's known wherever the report goes."""
    if isinstance(item, RuleItem):
        import attrs

        from passback.testing.report import finding

        item.user_properties.append((_KEY, attrs.asdict(finding(item.suite, item.rule))))


def pytest_configure(config: pytest.Config) -> None:
    """Listen to what becomes of the rules."""
    config.pluginmanager.register(_Listener(config), "pytest_passback_listener")


class _Listener:
    """Gathers what became of each rule, also from the processes of pytest-xdist."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take one rule's result."""
        known = dict(report.user_properties).get(_KEY)
        if not isinstance(known, dict) or (report.when != "call" and report.passed):
            return
        waived = report.skipped and hasattr(report, "wasxfail")
        seen = str(report.longrepr) if report.failed else ""
        self._results.append({**known, "result": "waived" if waived else report.outcome, "seen": seen})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show how each connector did, and write the report."""
        if not self._results:
            return
        from passback.testing.report import Finding, summary, write

        findings = [Finding(**each) for each in self._results]
        terminalreporter.section("Passback conformance")
        for line in summary(findings):
            terminalreporter.line(line)
        if place := self._config.getoption("--passback-report"):
            for path in write(findings, place):
                terminalreporter.line(f"written: {path}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what rules were played on."""
    if _run in config.stash:
        config.stash[_run].stand.close()
        del config.stash[_run]


def _narrowed(config: pytest.Config) -> bool:
    # Whoever runs a few on purpose knows that it's a few; the report says so as well.
    option = config.option
    chosen = any("::" in each for each in config.args)
    return chosen or any(
        getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "failedfirst", "stepwise")
    )
