"""What ``import passback`` offers is one list, and costs next to nothing until it's used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import passback

HEAVY = ("httpx2", "httpcore2", "pydantic", "sqlalchemy", "pluggy", "stevedore", "msgspec", "attrs")


def by_natural_order(name):
    # The linter's own: constants, then classes, then the rest, each by alphabet.
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_the_list_is_sorted_and_names_exactly_what_has_a_home():
    assert set(passback.__all__) == set(passback._HOME_OF)
    assert len(passback.__all__) == len(set(passback.__all__))
    assert sorted(passback.__all__, key=by_natural_order) == passback.__all__


@pytest.mark.parametrize("name", passback.__all__)
def test_every_name_can_be_imported_and_is_its_homes_own(name):
    value = getattr(passback, name)
    home = sys.modules[f"passback.{passback._HOME_OF[name]}"]
    assert value is getattr(home, name)
    assert name in home.__all__


def test_dir_agrees():
    assert dir(passback) == sorted(passback.__all__)


def test_a_name_that_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="'passback' has no attribute 'Passbak'"):
        _ = passback.Passbak


def test_type_checkers_see_the_same_names_from_the_same_homes():
    module = ast.parse(Path(passback.__file__).read_text("utf-8"))
    guarded = next(
        node
        for node in module.body
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
    )
    seen = {
        alias.name: node.module.removeprefix("passback.")
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == passback._HOME_OF


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_importing_passback_alone_imports_nothing_heavy():
    assert not loaded_by("import passback") & set(HEAVY)


def test_a_connectors_imports_bring_no_database():
    names = "Connector, Options, Batch, Delivered, CannotConnect, HTTP"
    assert not loaded_by(f"from passback import {names}") & {"sqlalchemy", "sqlite3", "typer", "rich"}
