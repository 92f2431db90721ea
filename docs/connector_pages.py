"""The pages of connectors: what their code and their READMEs say, put where a page marks it."""

import json
import re
from collections.abc import Iterator
from enum import Enum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from sphinx.application import Sphinx

from passback import Connector
from passback.contract.hooks import implemented
from passback.sandbox.orders import FORM

_MARK = re.compile(r"^<!-- connector: (\w+) -->$", re.MULTILINE)
_OPTIONS = re.compile(r"^\| option \| meaning \| default \|\n(?:\|.*\n)+", re.MULTILINE)
_HOOKS = {
    "check": "the test button",
    "submit_results": "results out",
    "receive_results": "results in",
    "lookup_users": "look-up of users",
    "map_identity": "who signed in is which user",
    "read_launch": "launches",
    "list_courses": "the course list that the system pulls",
    "sign_in_url": "sign-in to the system",
    "finish_sign_in": "sign-in by it",
    "start_sign_out": "sign-out at it",
    "publish_metadata": "metadata of ours",
    "read_sample": "`passback sso explain`",
}


def setup(app: Sphinx) -> None:
    """Fill the pages of connectors with what their code and their READMEs say."""
    app.connect("source-read", _filled)


def _filled(app: Sphinx, page: str, source: list[str]) -> None:
    if found := _MARK.search(source[0]):
        name = found[1]
        readme = Path(app.srcdir).parent / "connectors" / name / "README.md"
        app.env.note_dependency(str(readme), docname=page)
        text = _OPTIONS.sub(lambda _: _options(name), _body(readme.read_text("utf-8")), count=1)
        source[0] = _MARK.sub(lambda _: f"{_glance(name)}\n{text}", source[0])


def _body(readme: str) -> str:
    """Return a README without its title and its licence, its links leading from the page."""
    text = readme.partition("\n")[2].removesuffix("\nMIT licence.\n")
    return re.sub(r"\]\(#passback-\w+\)", "](#at-a-glance)", text.replace("](../../docs/", "](../../"))


def _plugin(kind: str, name: str) -> type[Any] | None:
    found = list(entry_points(group=f"passback.{kind}.v1", name=name))
    return found[0].load() if found else None


def _connector(name: str) -> type[Connector[Any]]:
    connector = _plugin("connectors", name)
    assert connector is not None, f"{name} isn't installed; run make install"  # noqa: S101 - tells who builds
    return connector


def _glance(name: str) -> str:
    connector = _connector(name)
    can = [words for hook, words in _HOOKS.items() if hook in implemented(connector, Connector)]
    rows = {
        "package": f"`passback-{name}`",
        "in a connection": f'`connector = "{name}"`',
        "what it can": ", ".join(can),
        **_sending(connector),
        **_sandbox(name),
    }
    lines = [
        "## At a glance",
        "",
        "| | |",
        "|---|---|",
        *(f"| {key} | {said} |" for key, said in rows.items()),
    ]
    return "\n".join(lines) + "\n"


def _sending(connector: type[Connector[Any]]) -> dict[str, str]:
    if "submit_results" not in implemented(connector, Connector):
        return {}
    sending = connector.sending
    return {
        "results at once": f"{sending.batch}, in {sending.concurrency} requests at a time at most",
        "the system keeps": "only the latest status" if sending.latest_only else "every event",
    }


def _sandbox(name: str) -> dict[str, str]:
    sandbox = _plugin("sandboxes", name)
    if sandbox is None:
        return {}
    kinds = ", ".join(f"`--like {each}`" for each in sorted(sandbox.presets))
    return {
        "sandbox": f"`passback sandbox {name}`; {kinds}",
        "faults of the sandbox": f"`--fault {FORM}`, such as `503:3@POST`, `429=5`, `html`, `slow=2`, "
        "`cut-before`, `cut-after`, `truncate`",
    }


def _options(name: str) -> str:
    """Return the table of options, with those of the tables in it."""
    rows = _rows(_connector(name).options_type, "", set())
    lines = [
        f"| `{option}` | {_cell(field.description or '')} | {_default(field)} |" for option, field in rows
    ]
    return "\n".join(["| option | meaning | default |", "|---|---|---|", *dict.fromkeys(lines), ""])


def _rows(model: type[BaseModel], prefix: str, shown: set[type]) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}", field
        # What two options have in common is shown with the first.
        for inner in [each for each in _models(field.annotation) if each not in shown]:
            shown.add(inner)
            yield from _rows(inner, f"{prefix}{name}.", shown)


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for argument in get_args(annotation) for each in _models(argument)]


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "required"
    if default in (PydanticUndefined, None, (), "") or isinstance(default, BaseModel | SecretStr):
        return ""
    value = default.value if isinstance(default, Enum) else default
    return f"`{_cell(json.dumps(value, default=str))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
