"""What validators that are not ours say of our statements: Learning Locker's, and Ralph's models."""

import itertools
import json
import subprocess
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from passback import Activity, Counters, Item, Learner, Result, ResultKind, Score
from passback_testbed import validate_statements
from passback_testbed.install import install_learning_locker, install_ralph
from passback_testbed.places import workspace
from passback_xapi import XapiOptions, to_statement

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

RALPH_MODELS = """
import json, sys
from ralph.models.xapi.base.statements import BaseXapiStatement

def problems(statement):
    try:
        BaseXapiStatement(**statement)
    except ValueError as error:
        return [str(error)]
    return []

print(json.dumps([problems(statement) for statement in json.load(sys.stdin)]))
"""
HOME = {"actor": "account", "home_page": "https://hr.exämple.com/zoë"}
POLICIES = [
    {},
    {"actor": "mbox_sha1sum", "language": "zh-Hant-TW"},
    {"actor": "openid", "send_names": False},
    {**HOME, "activity_base": "https://lms.example.com/activities/"},
    {**HOME, "account_name": "username", "language": "de-CH"},
    {**HOME, "account_name": "external_id", "activity_base": "urn:x-lms:"},
]
NAMES = ["Ana", "Zoë Ñandú", "学 \U0001f600", "a\nb\t\u0000", "<b>&amp;</b>", "\u202ertl", " "]
IDS = ["ladder-1", "https://content.exämple.com/ü?a=b#c", "a b/c?d#é", "urn:isbn:1", "学", "%zz", "../.."]
EXTENSIONS = [
    {},
    {"attempt no": None},
    {"": 1, "https://lms.example.com/x": {"deep": [None, {"a": None}, 1e300, "\u0000"]}},
    {f"key {n}": "long " * 200 for n in range(100)},
    {"é:x": [], "urn:x:y": {}, "a:b": False},
]
ADDRESSES = [
    "ana@example.com",
    "o'hara_1@sub.example.com",
    "zoë@example.com",
    "a+b.c-d@example.com",
    "ana@exämple.com",
    "学@例え.テスト.example",
]


def made(n, kind, email="ana@example.com"):
    name = NAMES[n % len(NAMES)]
    return Result(
        id=f"result {n}",
        kind=kind,
        at=datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=n, microseconds=n),
        learner=Learner(
            id=f"u {n}", email=email, name=name, username=name or "u", external_id="E-7",
            openid="https://id.example.com/ana",
        ),
        activity=Activity(id=IDS[n % len(IDS)], name=name),
        item=Item(id=IDS[(n + 3) % len(IDS)], name=name) if kind.concerns_item else None,
        score=Score(raw=n / 3, min=-1, max=1e9, scaled=-1 / (n + 1)) if n % 2 else None,
        success=bool(n % 3),
        completion=None if n % 4 else False,
        progress=n / 100 if n % 3 else None,
        duration=timedelta(days=n**2, milliseconds=n) if n % 5 else None,
        counters=Counters(total_awards=n, awards_unlocked=0) if n % 4 else None,
        extensions=EXTENSIONS[n % len(EXTENSIONS)],
    )  # fmt: skip


def wire(result, policy):
    options = XapiOptions(url="https://lrs.example.com/xapi/", key="k", secret="s", **policy)
    return json.loads(msgspec.json.encode(to_statement(result, options)))


@pytest.fixture(scope="module")
def spread():
    pairs = itertools.product(ResultKind, POLICIES)
    return [wire(made(n, kind), policy) for n, (kind, policy) in enumerate(pairs)]


@pytest.fixture(scope="module")
def addressed():
    return [wire(made(n, ResultKind.PASSED, email), {}) for n, email in enumerate(ADDRESSES)]


def by_learning_locker(statements):
    home = workspace() / ".testbed"
    install_learning_locker(home)
    return validate_statements(statements, home)


def by_ralph(statements):
    home = workspace() / ".testbed"
    install_ralph(home)
    command = [home / "ralph" / "bin" / "python", "-c", RALPH_MODELS]
    done = subprocess.run(command, input=json.dumps(statements), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


VALIDATORS = [by_learning_locker, by_ralph]


def wrong(statements, validator):
    problems = validator(statements)
    assert len(problems) == len(statements)
    return [(statement, said) for statement, said in zip(statements, problems, strict=True) if said]


@pytest.mark.parametrize("validator", VALIDATORS)
def test_no_validator_finds_a_problem_in_any_kind_under_any_policy(spread, validator):
    assert len(spread) == 54
    assert wrong(spread, validator) == []


@pytest.mark.parametrize("validator", VALIDATORS)
def test_no_validator_finds_a_problem_in_a_mailbox_that_people_have(addressed, validator):
    assert wrong(addressed, validator) == []


@pytest.mark.parametrize("validator", VALIDATORS)
def test_a_validator_would_tell(spread, validator):
    broken = [{**each, "verb": {"id": "passed"}} for each in spread[:3]]
    assert [each for each, _ in wrong([*spread[:3], *broken], validator)] == broken
