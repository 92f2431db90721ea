"""What is installed, read from metadata alone: nothing of a plugin is imported here.

stevedore isn't asked: its cache goes stale, it drops the distribution, and it overlooks duplicates.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import Distribution, EntryPoint, distributions, version

import attrs
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from passback.plugins.report import Entry, Status

__all__ = ["Candidate", "Policy", "entry_for", "installed", "judge"]

_CORE = "passback"
_NAME = re.compile(r"^name:(.*)$", re.IGNORECASE | re.MULTILINE)
_VERSIONED = re.compile(r"(.*)\.v[0-9]{1,9}")


@attrs.frozen(kw_only=True)
class Candidate:
    """An entry point that an installed distribution offers.

    Attributes:
        entry_point: What to load.
        distribution: The distribution's normalised name.
        version: Its version.
        requires: What it asks of the core, as written in its metadata.
        objection: Why it can't be used, whatever the host owner wants; empty if it can.
    """

    entry_point: EntryPoint
    distribution: str
    version: str
    requires: tuple[str, ...] = ()
    objection: str = ""

    @property
    def name(self) -> str:
        """The name under which it is offered."""
        return self.entry_point.name


def _pins(value: Mapping[str, str]) -> Mapping[str, str]:
    return {name: canonicalize_name(distribution) for name, distribution in value.items()}


@attrs.frozen(kw_only=True)
class Policy:
    """Which plugins the host owner wants.

    Attributes:
        pins: Plugin name → the only distribution that may offer it.
        blocked: Plugin or distribution name → why it must not be loaded.
        disabled: Plugin names that are off.
        only: If given, every other plugin is off.
    """

    pins: Mapping[str, str] = attrs.field(factory=dict, converter=_pins)
    blocked: Mapping[str, str] = attrs.field(factory=dict)
    disabled: frozenset[str] = frozenset()
    only: frozenset[str] | None = None

    def with_environment(self) -> Policy:
        """Return this policy narrowed by ``PASSBACK_PLUGINS``: ``none``, or the names that may be loaded."""
        value = os.environ.get("PASSBACK_PLUGINS", "").strip()
        if not value:
            return self
        names = frozenset(name.strip() for name in value.split(",")) - {"none", ""}
        return attrs.evolve(self, only=names)


def installed(group: str, path: Sequence[str] | None = None) -> list[Candidate]:
    """Return everything that installed distributions offer in `group`.

    Args:
        group: The entry-point group.
        path: Where to look instead of ``sys.path``.
    """
    found: list[Candidate] = []
    seen: set[str] = set()
    for dist in distributions(path=list(path)) if path is not None else distributions():
        name = _name(dist)
        if name is None or name in seen:  # later on the path is shadowed, as for imports
            continue
        seen.add(name)
        found += _offered(dist, name, group)
    return sorted(found, key=lambda candidate: (candidate.name, candidate.distribution))


def _name(dist: Distribution) -> str | None:
    # Not `dist.metadata`, which parses the whole readme: for all that is installed that takes 0.2 s.
    # What an interrupted uninstall leaves has no metadata; reading it must not stop the rest.
    try:
        text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or dist.read_text("") or ""
    except Exception:  # noqa: BLE001 - whatever it is, it's somebody else's distribution
        return None
    found = _NAME.search(text.partition("\n\n")[0])
    return canonicalize_name(found[1].strip()) if found and found[1].strip() else None


def _offered(dist: Distribution, name: str, group: str) -> Iterator[Candidate]:
    try:
        offered = [each for each in dist.entry_points if _kind(each.group) == _kind(group)]
    except Exception:  # noqa: BLE001 - metadata that can't be parsed belongs to somebody else's distribution
        return
    if offered:
        requires = tuple(line for line in dist.requires or () if _is_core(line))
        ours = {each.name for each in offered if each.group == group}
        for entry_point in offered:
            # A distribution may offer the same for several versions of the contract.
            if entry_point.group == group or entry_point.name not in ours:
                yield Candidate(
                    entry_point=entry_point,
                    distribution=name,
                    version=_version(dist),
                    requires=requires,
                    objection=_other_contract(entry_point.group, group),
                )


def _version(dist: Distribution) -> str:
    said = dist.metadata
    return (said["Version"] if "Version" in said else "") or "?"  # noqa: SIM401 - no get before 3.12


def _kind(group: str) -> str:
    """Return the group without the version of the contract, as ``passback.connectors``."""
    found = _VERSIONED.fullmatch(group)
    return found[1] if found else group


def _other_contract(offered: str, ours: str) -> str:
    if offered == ours:
        return ""
    if _kind(offered) == offered:
        return f"its group {offered} names no version of the contract; offer it in {ours}"
    theirs, here = (int(each.rpartition(".v")[2]) for each in (offered, ours))
    remedy = "upgrade passback" if theirs > here else "upgrade the plugin"
    return f"written for version {theirs} of the contract, this passback has version {here}; {remedy}"


def _is_core(line: str) -> bool:
    try:
        return canonicalize_name(Requirement(line).name) == _CORE
    except InvalidRequirement:
        return False


def judge(
    group: str, candidates: Iterable[Candidate], wanted: Iterable[str], policy: Policy
) -> tuple[list[Candidate], list[Entry]]:
    """Decide, before anything is imported, which candidates may be loaded.

    Returns:
        The candidates to load (wanted, and nothing against them), and an entry for every other one.
    """
    by_name: dict[str, list[Candidate]] = {name: [] for name in wanted}
    unwanted: list[Candidate] = []
    for candidate in candidates:
        if candidate.name in by_name:
            by_name[candidate.name].append(candidate)
        else:
            unwanted.append(candidate)
    accepted: list[Candidate] = []
    entries: list[Entry] = [
        entry_for(group, candidate, *_unused(candidate, policy)) for candidate in unwanted
    ]
    for name, claimants in by_name.items():
        chosen, refused = _choose(group, name, claimants, policy)
        accepted += chosen
        entries += refused
    return accepted, entries


def _choose(
    group: str, name: str, claimants: list[Candidate], policy: Policy
) -> tuple[list[Candidate], list[Entry]]:
    pin = policy.pins.get(name)
    others = [each for each in claimants if pin and each.distribution != pin]
    claimants = [each for each in claimants if each not in others]
    refused = [
        entry_for(group, each, Status.PINNED, f"the configuration pins it to {pin}") for each in others
    ]
    if not claimants:
        reason = (
            f"{pin} is not installed, or offers no {name!r}" if pin else "no installed distribution offers it"
        )
        return [], [Entry(group=group, name=name, status=Status.MISSING, reason=reason), *refused]
    if len(claimants) > 1:
        offered = " and ".join(f"{each.distribution} {each.version}" for each in claimants)
        reason = f"offered by {offered}; uninstall one, or pin the distribution in the configuration"
        return [], [entry_for(group, each, Status.DUPLICATE, reason) for each in claimants] + refused
    objection = _objection(claimants[0], policy)
    if objection:
        return [], [entry_for(group, claimants[0], *objection), *refused]
    return claimants, refused


def _objection(candidate: Candidate, policy: Policy) -> tuple[Status, str] | None:
    for name, reason in policy.blocked.items():
        if name == candidate.name or canonicalize_name(name) == candidate.distribution:
            return Status.BLOCKED, reason or "the configuration blocks it"
    if candidate.name in policy.disabled:
        return Status.DISABLED, "the configuration disables it"
    if policy.only is not None and candidate.name not in policy.only:
        return Status.DISABLED, "PASSBACK_PLUGINS leaves it out"
    if candidate.objection:
        return Status.INCOMPATIBLE, candidate.objection
    core = version(_CORE)
    for line in candidate.requires:
        requirement = Requirement(line)
        concerns_us = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if concerns_us and not requirement.specifier.contains(core, prereleases=True):
            return Status.INCOMPATIBLE, f"needs {line}, this is {_CORE} {core}"
    return None


def _unused(candidate: Candidate, policy: Policy) -> tuple[Status, str]:
    return _objection(candidate, policy) or (Status.AVAILABLE, "installed; the configuration doesn't use it")


def entry_for(group: str, candidate: Candidate, status: Status, reason: str) -> Entry:
    """Return the entry that says what became of `candidate`."""
    return Entry(
        group=group,
        name=candidate.name,
        status=status,
        distribution=candidate.distribution,
        version=candidate.version,
        reason=reason,
    )
