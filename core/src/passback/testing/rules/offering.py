"""How a connector is offered: its entry point, the contract's version, its core."""

from __future__ import annotations

from importlib.metadata import EntryPoint, distributions

from packaging.requirements import Requirement

from passback.contract import CONNECTORS
from passback.plugins import Status, load
from passback.plugins.catalogue import Candidate, installed
from passback.testing.breaking import Broken
from passback.testing.rule import rule
from passback.testing.scene import Scene

__all__ = ["offers"]

_GROUPS = "passback.connectors."


def offers(connector: type) -> list[Candidate]:
    """Return the entry points of this contract that name `connector`'s package."""
    package = connector.__module__.partition(".")[0]
    return [each for each in installed(CONNECTORS) if each.entry_point.module.partition(".")[0] == package]


def _elsewhere(connector: type) -> list[EntryPoint]:
    package = connector.__module__.partition(".")[0]
    every = (each for distribution in distributions() for each in distribution.entry_points)
    return [
        each for each in every if each.group.startswith(_GROUPS) and each.module.partition(".")[0] == package
    ]


@rule("contract.entry_point")
async def _entry_point(scene: Scene) -> None:
    """A host that installs the connector finds it by its name; else no connection can be made with it.

    Name the class in the entry-point group passback.connectors.v1 of your pyproject.toml, and install the
    package (`pip install -e .`).
    """
    connector = scene.suite.connector
    found = offers(connector)
    if not found:
        groups = {each.group for each in _elsewhere(connector)}
        also = f"; it is in {', '.join(sorted(groups))}, which is another contract" if groups else ""
        raise Broken(f"no installed distribution offers {connector.__qualname__} in {CONNECTORS}{also}")
    report = load(CONNECTORS, [each.name for each in found])
    entries = [each for each in report.entries if each.name in {one.name for one in found}]
    if not any(each.status is Status.READY and each.plugin is connector for each in entries):
        said = "; ".join(f"{each.name}: {each.status} {each.reason}" for each in entries)
        raise Broken(f"its entry point doesn't lead to {connector.__qualname__}: {said}")


@rule("contract.core_range")
async def _core_range(scene: Scene) -> None:
    """The distribution says which cores it runs on; else an update of one breaks the other in production.

    Depend on a range of passback, as "passback>=0.1,<0.2".
    """
    for found in offers(scene.suite.connector):
        ranges = [Requirement(each).specifier for each in found.requires]
        bounds = {each.operator for specifier in ranges for each in specifier}
        if not bounds & {"<", "<=", "~=", "==", "==="} or not bounds & {">", ">=", "~=", "==", "==="}:
            raise Broken(f"{found.distribution} {found.version} depends on no range of passback")


@rule("contract.described")
async def _described(scene: Scene) -> None:
    """The class says what it is for; `passback connectors` has nothing else to show to whoever chooses.

    Give the class a docstring of its own.
    """
    if not (vars(scene.suite.connector).get("__doc__") or "").strip():
        raise Broken(f"{scene.suite.connector.__qualname__} has no docstring of its own")
