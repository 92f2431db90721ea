"""The files of a scaffolded connector."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files as resources
from importlib.resources.abc import Traversable
from pathlib import Path

from passback.scaffold.options import options
from passback.scaffold.plan import Plan
from passback.scaffold.rendering import render

__all__ = ["files", "require_room", "write"]

_SUFFIX = ".template"
_ELSEWHERE = {"gitignore": ".gitignore", "ci.yml": ".github/workflows/ci.yml"}
_FOR = {
    "identity.py": {"map_identity"},
    "launches.py": {"read_launch"},
    "sending.py": {"submit_results"},
    "users.py": {"lookup_users"},
    "sandbox/guard.py": {"basic", "bearer", "key"},
    "sandbox/launches.py": {"read_launch"},
    "sandbox/results.py": {"submit_results"},
    "sandbox/tokens.py": {"client_credentials"},
    "sandbox/users.py": {"lookup_users"},
}
"""The modules that not everybody needs, each with the features that do."""


def files(plan: Plan) -> dict[str, str]:
    """Return what `plan` makes: the text of each file, by its path in the project."""
    values = plan.values() | options(plan)
    return {path: render(template, plan.features, values) for path, template in _templates(plan)}


def require_room(plan: Plan, folder: Path) -> None:
    """Make sure that `plan` can be written below `folder`.

    Raises:
        ValueError: Something is there already, and nothing is overwritten.
    """
    project = folder / plan.distribution
    if project.exists():
        raise ValueError(
            f"{project} is there already, and nothing is overwritten; move it, or choose a folder with --into"
        )


def write(plan: Plan, folder: Path) -> Path:
    """Write what `plan` makes into a new folder below `folder`, and return that.

    Raises:
        ValueError: It's there already, or can't be written; says why. Nothing is overwritten.
    """
    require_room(plan, folder)
    made = files(plan)
    project = folder / plan.distribution
    try:
        project.mkdir(parents=True)
        for path, text in made.items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, "utf-8")
    except OSError as error:
        raise ValueError(f"{project} can't be written: {error.strerror or error}") from None
    return project


def _templates(plan: Plan) -> Iterator[tuple[str, str]]:
    folder = resources("passback.scaffold") / "templates"
    for path, file in _below(folder / "project"):
        yield _ELSEWHERE.get(path, path), file.read_text("utf-8")
    for path, file in _below(folder / "tests"):
        yield f"tests/{path}", file.read_text("utf-8")
    for path, file in _below(folder / "package"):
        if not plan.features.isdisjoint(_FOR.get(path, plan.features)):
            yield f"src/{plan.package}/{path}", file.read_text("utf-8")


def _below(folder: Traversable, before: str = "") -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _below(each, f"{before}{each.name}/")
        elif each.name.endswith(_SUFFIX):
            yield before + each.name.removesuffix(_SUFFIX), each
