"""What the documentation shows can be typed: code runs, configuration is read, commands exist."""

import ast
import importlib
import pkgutil
import re
import sys
import tomllib

import pytest
import typer.main

import passback.cli
from passback.cli import common
from passback_testbed.places import workspace

DOCS = workspace() / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), workspace() / "README.md"]
READMES = sorted((workspace() / "connectors").glob("*/README.md"))
THEMES = sorted((DOCS / "how-to" / "connectors").glob("*.md"))
# "passback deliver" is no command, but a span.
COMMAND = re.compile(r"(?:^\$ (?:[A-Z_]+=\S+ )*|`(?!passback deliver`))passback ([a-z][a-z ]*)", re.MULTILINE)


def blocks(page, language):
    text = page.read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def shown(language):
    return [
        pytest.param(block, id=f"{page.relative_to(workspace())}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, language))
    ]


@pytest.mark.parametrize("page", THEMES, ids=lambda page: page.stem)
def test_a_theme_of_connectors_runs_from_top_to_bottom(page):
    """All blocks of a page in their order, as one module."""
    source = "\n\n".join(blocks(page, "python"))
    module = {"__name__": f"docs_{page.stem}"}
    sys.modules[module["__name__"]] = sys  # where pydantic looks for what annotations name
    try:
        exec(compile(source, page, "exec"), module)  # noqa: S102 - our own documentation
    finally:
        del sys.modules[module["__name__"]]
    assert "Connector" in module


@pytest.mark.parametrize("block", shown("python"))
def test_all_code_is_python(block):
    ast.parse(
        re.sub(r"^(\s*)…$", r"\1...", block, flags=re.MULTILINE).replace("(…)", "(...)").replace("=…", "=...")
    )


@pytest.mark.parametrize("block", shown("toml"))
def test_all_configuration_is_toml(block):
    tomllib.loads(block)


def test_every_command_that_is_shown_or_named_is_there():
    for module in pkgutil.iter_modules(passback.cli.__path__, "passback.cli."):
        importlib.import_module(module.name)
    root = typer.main.get_command(common.app)
    for page in [*PAGES, *READMES]:
        for line in COMMAND.findall(page.read_text("utf-8")):
            known = root
            for word in line.split():
                if not hasattr(known, "commands"):
                    break
                assert word in known.commands, f"{page}: passback {line}"
                known = known.commands[word]


def test_there_are_themes():
    assert {page.stem for page in THEMES} >= {"identity", "launches", "oauth2", "paging", "webhooks"}
