"""On the bad machine: torture, and tell the account on the last line."""

from __future__ import annotations

import argparse
import gc
import importlib
import pkgutil
import shutil
import sys
import time
from importlib.metadata import PathDistribution, distributions
from pathlib import Path

import passback
import passback_xapi
from torture.account import take
from torture.campaign import Campaign
from torture.disk import Limit, mounted
from torture.engines import ENGINES
from torture.phases import share_open
from torture.place import Place
from torture.scene import Scene

LEAST_OPEN = 0.8
# Of fewer kills, the share says nothing.
_FEW = 20


def main() -> int:
    """Torture, and return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", type=Path)
    parser.add_argument("kills", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("engine")
    chosen = parser.parse_args()
    place = Place(chosen.place)
    disk = mounted(place.disk)
    _import_everything()
    began = time.monotonic()
    print(f"seed {chosen.seed}, {chosen.kills} kills, {chosen.engine}; the disk is {disk.what}", flush=True)
    scene = Scene(place, ENGINES[chosen.engine](), chosen.seed)
    campaign = Campaign(scene, disk, chosen.kills)
    try:
        campaign.run()
        account = take(scene)
    finally:
        scene.end()
        if not isinstance(disk, Limit):
            # What was mounted is seen by nobody else.
            shutil.copytree(place.disk, place.root / "left")
    share = share_open(campaign.phases)
    faults = scene.faults + account.faults
    if share < LEAST_OPEN and chosen.kills >= _FEW:
        faults.append(f"only {share:.0%} of the kills hit an open lease")
    _show(campaign, faults, place)
    print(
        f"seed {chosen.seed}: {chosen.kills} kills in {time.monotonic() - began:.0f} s, {share:.0%} hit an "
        f"open lease; {account.line()}: {'this does not add up' if faults else 'everything adds up'}"
    )
    return int(bool(faults))


def _show(campaign: Campaign, faults: list[str], place: Place) -> None:
    for phase, count in campaign.phases.most_common():
        print(f"  {count:>7} kills: {phase}")
    for what, count in campaign.done.most_common():
        print(f"  {count:>7} times: {what}")
    print(
        f"  {campaign.producers_killed:>7} producers killed, too; power cuts took {campaign.bytes_lost} bytes"
    )
    for fault in faults:
        print(f"  ✗ {fault}")
    if faults:
        print(f"what is left of it: {place.root}")


def _import_everything() -> None:
    """Import now what every process will need, and keep it out of the garbage collector's reach."""
    for package in (passback, passback_xapi):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # A migration runs when it is imported.
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)
    importlib.import_module("sqlalchemy.dialects.sqlite")
    _know_what_is_installed()
    gc.collect()
    gc.freeze()


def _know_what_is_installed() -> None:
    """Read once what every worker reads at its start, for 0.5 s: nothing is installed meanwhile."""
    read = PathDistribution.metadata.fget
    known: dict[str, object] = {}

    def metadata(distribution: PathDistribution) -> object:
        place = str(distribution._path)
        if place not in known:
            known[place] = read(distribution)
        return known[place]

    PathDistribution.metadata = property(metadata)
    for distribution in distributions():
        distribution.metadata  # noqa: B018 - to know it


if __name__ == "__main__":
    sys.exit(main())
