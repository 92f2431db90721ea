"""The report as JSON and as a page."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from passback.testing.report.facts import Finding, Standing, contract_version, core_version, standings

__all__ = ["write"]

_STYLE = (
    "body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem;"
    "text-align:left;vertical-align:top}.failed{color:#a00}.waived{color:#850}.passed{color:#060}"
)


def write(findings: Iterable[Finding], place: str) -> tuple[Path, Path]:
    """Write the report beside `place`, as ``.json`` and as ``.html``; return both paths."""
    path = Path(place)
    stem = path.with_suffix("") if path.suffix in (".json", ".html") else path
    stem.parent.mkdir(parents=True, exist_ok=True)
    document = _document(standings(findings))
    written = stem.with_name(f"{stem.name}.json"), stem.with_name(f"{stem.name}.html")
    written[0].write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    written[1].write_text(_page(document), "utf-8")
    return written


def _document(every: Sequence[Standing]) -> dict[str, Any]:
    return {
        "core": core_version(),
        "contract": contract_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "suites": [_suite(each) for each in every],
    }


def _suite(standing: Standing) -> dict[str, Any]:
    first = standing.first
    return {
        "suite": first.suite,
        "connector": first.connector,
        "distribution": first.distribution,
        "version": first.version,
        "capabilities": list(first.capabilities),
        "verdict": standing.verdict,
        "not_run": standing.untried,
        "rules": [_rule(each) for each in standing.findings],
    }


def _rule(found: Finding) -> dict[str, str]:
    rule = {"rule": found.rule, "sentence": found.sentence, "result": found.result}
    rule |= {"reason": found.reason} if found.result == "waived" else {}
    return rule | ({"seen": found.seen} if found.result == "failed" else {})


def _page(document: dict[str, Any]) -> str:
    said = (
        f"Rules of Passback {_text(document['core'])}, contract {_text(document['contract'])}, "
        f"tried {_text(document['at'])}."
    )
    suites = "".join(_section(each) for each in document["suites"])
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Passback conformance</title>'
        f"<style>{_STYLE}</style><h1>Passback conformance</h1><p>{said}</p>{suites}</html>\n"
    )


def _section(suite: dict[str, Any]) -> str:
    rows = "".join(_row(each) for each in suite["rules"])
    known = f"{_text(suite['distribution'])} {_text(suite['version'])}"
    missing = f", {suite['not_run']} rules not run" if suite["not_run"] else ""
    return (
        f"<h2>{_text(suite['connector'])}: {_text(suite['verdict'])}</h2>"
        f"<p>{known}; {_text(', '.join(suite['capabilities']))}{missing}; "
        f"tried as {_text(suite['suite'])}.</p>"
        f"<table><tr><th>Rule<th>Result<th>What it is</tr>{rows}</table>"
    )


def _row(rule: dict[str, str]) -> str:
    more = rule.get("reason") or rule.get("seen", "")
    shown = f"<br>{_text(more)}" if more else ""
    name, result = _text(rule["rule"]), _text(rule["result"])
    return (
        f'<tr><td><code>{name}</code><td class="{result}">{result}<td>{_text(rule["sentence"])}{shown}</tr>'
    )


def _text(value: object) -> str:
    return html.escape(str(value))
