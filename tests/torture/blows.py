"""What is done to it, besides kills: a full disk, a wrong clock, a second worker, an ill other side."""

from __future__ import annotations

import time

from torture.disk import Disk
from torture.machine import set_clock
from torture.other_side import SYSTEMS
from torture.scene import Scene

HOUR = 3600
_TROUBLES = (
    ("cut_after", {"on": "POST"}),
    ("cut_after", {"on": "POST"}),
    ("cut_before", {}),
    ("truncate", {"on": "POST"}),
    ("fail", {"status": 500}),
    ("fail", {"status": 401}),
    ("fail", {"status": 503, "headers": {"Retry-After": "1"}}),
    ("fail", {"status": 429}),
    ("html", {}),
)


_LEFT = (
    "SELECT connection, attempts, lease IS NOT NULL, count(*), min(due) / 1000, max(due) / 1000 "
    "FROM delivery WHERE state = 0 GROUP BY 1, 2, 3"
)
_ILL = "SELECT name, health, fails, next_probe / 1000, detail FROM connection"


def make_trouble(scene: Scene) -> None:
    """Let one of the systems be ill for its next few requests, or not be there for a while."""
    name = scene.rng.choice(list(SYSTEMS))
    choice = scene.rng.randrange(len(_TROUBLES) + 2)
    if choice < len(_TROUBLES):
        what, how = _TROUBLES[choice]
        scene.other.order(name, what, times=scene.rng.randint(1, 3), **how)
    elif choice == len(_TROUBLES):
        scene.other.order(name, "slow", seconds=round(scene.rng.uniform(0.1, 0.6), 2), times=2)
    else:
        scene.other.order(name, "shut", seconds=round(scene.rng.uniform(0.1, 0.8), 2))


def start_second_worker(scene: Scene) -> None:
    """Start a worker beside the one that delivers: it must refuse, and say why."""
    second = scene.new_worker()
    scene.until(lambda: second.code is not None, 20)
    said = second.log.read_text()
    if second.code is None or second.code == 0 or "delivers from" not in said:
        scene.faults.append(f"a second worker didn't refuse, it ended with {second.code}")
    if scene.worker.code is not None:
        scene.faults.append("a second worker ended the first one")
    second.kill()


def fill_disk(scene: Scene, disk: Disk) -> None:
    """Fill the disk until submissions are refused, kill the worker meanwhile, and make room again."""
    scene.may_end = True
    scene.set_right()
    scene.switches.paused = False
    before = _refusals(scene)

    def refused() -> bool:
        scene.supervise()
        scene.switches.paused = False
        disk.fill(_pids(scene))
        return _refusals(scene) > before

    bit = scene.until(refused, 20)
    scene.worker.kill()
    scene.until(lambda: not refused(), 1 + scene.rng.random())
    disk.empty(_pids(scene))
    if not bit:
        scene.faults.append("no submission was refused while the disk was full")
    _await_calm(scene, "the disk was full")
    scene.may_end = False


def set_clock_wrong(scene: Scene) -> None:
    """Set the clock some hours wrong, let things go on, and set it right: everything must still flow."""
    scene.set_right()
    hours = scene.rng.choice([-1, 1]) * scene.rng.uniform(1, 8)
    set_clock(scene.place, int(hours * HOUR))
    scene.until(scene.supervise, 1.5)
    set_clock(scene.place, 0)
    _await_calm(scene, f"the clock was {hours:+.1f} h wrong")


def _await_calm(scene: Scene, after: str) -> None:
    """Wait until nothing is pending: all that was accepted must have gone its way by itself."""
    left = 0

    def calm() -> bool:
        nonlocal left
        scene.supervise()
        scene.switches.paused = True
        left = scene.pending()
        return not left

    if not scene.until(calm, 40):
        scene.faults.append(
            f"40 s after {after}, {left} deliveries are pending; it's {time.time():.0f}; connection, "
            f"attempts, leased, how many, due: {scene.rows(_LEFT)}; health and next probe: {scene.rows(_ILL)}"
        )
    scene.switches.paused = False


def _refusals(scene: Scene) -> int:
    return sum(journal.refusals for journal in scene.journals())


def _pids(scene: Scene) -> list[int]:
    return [child.pid for child in (scene.worker, *scene.producers) if child.code is None]
