"""Every connector that `passback new` can begin: installed from wheels, linted, typed and tested."""

import json
import os
import subprocess
import sys
from itertools import combinations, product
from pathlib import Path

import pytest
from installing import clean, environment, uv

from passback.scaffold import AUTHENTICATIONS, CAPABILITIES, ExtraOption, Plan, write

EVERY = os.environ.get("PASSBACK_SCAFFOLD") == "every"
MAIN = ("submit_results", "lookup_users")
SETS = [
    frozenset(chosen)
    for size in range(1, len(CAPABILITIES) + 1)
    for chosen in combinations(CAPABILITIES, size)
    if not set(chosen).isdisjoint(MAIN)
]
TRIED = [
    ("client-credentials", frozenset(CAPABILITIES)),
    ("bearer", frozenset(CAPABILITIES)),
    ("basic", frozenset({"submit_results"})),
    ("key", frozenset({"lookup_users"})),
]
BUILD = """
import os, sys
from hatchling.build import build_wheel
for project in sys.argv[2:]:
    os.chdir(project)
    build_wheel(sys.argv[1])
"""
LOAD = """
import json
from passback.contract import CONNECTORS
from passback.plugins import load
from importlib.metadata import entry_points
report = load(CONNECTORS, [each.name for each in entry_points(group=CONNECTORS)])
entries = {each.name: [each.status, each.distribution, sorted(each.capabilities)] for each in report.entries}
print(json.dumps(entries))
"""


def plans():
    """Return every way to prove requests with every set of capabilities; every other has options besides."""
    options = (ExtraOption("portal", "Which portal."), ExtraOption("region_" + "x" * 33, "y" * 69 + "."))
    for number, (auth, able) in enumerate(product(AUTHENTICATIONS, SETS)):
        name = f"m{number}"
        if number // len(SETS) % 2:  # as long as a name may be
            name += "-" + "x" * (29 - len(name))
        yield Plan(
            name=name,
            auth=auth,
            capabilities=able,
            options=options if (number + number // len(SETS)) % 2 else (),
        )


PLANS = list(plans())


@pytest.fixture(scope="module")
def projects(tmp_path_factory):
    folder = tmp_path_factory.mktemp("projects")
    return [write(plan, folder) for plan in PLANS]


@pytest.fixture(scope="module")
def python(projects, tmp_path_factory):
    """An environment in which all of them are installed, from wheels."""
    folder = tmp_path_factory.mktemp("installed")
    python = environment(folder)
    built = folder / "built"
    run(python, ["-c", BUILD, built, *projects], folder)
    uv(
        "pip", "install", "--quiet", "--offline", "--no-deps", "--compile-bytecode", "--python", python,
        *built.glob("*.whl"),
    )  # fmt: skip
    return python


def run(python, arguments, folder):
    done = subprocess.run(
        [str(python), *map(str, arguments)],
        cwd=folder, env=clean(python), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_there_are_forty_eight_of_them():
    """Four ways to prove requests, with each set of capabilities that has results or users in it."""
    assert (len(AUTHENTICATIONS), len(SETS), len(PLANS)) == (4, 12, 48)
    assert {auth for auth, _ in TRIED} == set(AUTHENTICATIONS)


def test_all_are_linted_and_formatted(projects):
    for way in (["check"], ["format", "--check"]):
        run(Path(sys.executable), ["-m", "ruff", *way, "--quiet", "--no-cache", "."], projects[0].parent)


def test_all_are_offered_with_what_they_can_do(python, tmp_path):
    offered = json.loads(run(python, ["-c", LOAD], tmp_path))
    assert offered == {
        plan.name: ["ready", plan.distribution, sorted({"check", *plan.capabilities})] for plan in PLANS
    }


@pytest.mark.timeout(400)
def test_all_are_typed(python, projects, tmp_path):
    for plan, project in zip(PLANS, projects, strict=True):
        (tmp_path / plan.package).symlink_to(project / "src" / plan.package)
        (tmp_path / f"tests_{plan.package}").symlink_to(project / "tests")
    flags = ["--strict", "--namespace-packages", "--explicit-package-bases"]
    run(python, ["-m", "mypy", *flags, "."], tmp_path)


@pytest.mark.timeout(400)
def test_all_pass_their_own_tests(python, projects):
    """Those of the kit, which take longest, with each way to prove requests; with results, users or all."""
    tests = [f"{project.name}/tests" for project in projects]
    for plan, project in zip(PLANS, projects, strict=True):
        if not EVERY and (plan.auth, plan.capabilities) not in TRIED:
            tests.append(f"--ignore={project.name}/tests/test_conformance.py")
    flags = ["-q", "--assert=plain", "-p", "no:cacheprovider", "--import-mode=importlib", "-W", "error"]
    run(python, ["-m", "pytest", *flags, *tests], projects[0].parent)
