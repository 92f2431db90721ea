"""The torture: one kill after another, in between everything else that can happen to a machine."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

from torture import blows
from torture.disk import Disk
from torture.machine import cut_power, set_clock
from torture.phases import phase, share_open
from torture.place import is_bad
from torture.scene import Scene

# Every so many kills; the full disk and the wrong clock take their time, and come some times in all.
_POWER_CUT, _SECOND_WORKER, _RESTART = 8, 20, 15
_LONG_BLOWS = 100


class Campaign:
    """Tortures a scene.

    Attributes:
        phases: How often a kill of a worker hit which phase.
        producers_killed: How many producers were killed besides.
        bytes_lost: How many bytes on the disk power cuts changed.
        done: How often what else was done.
    """

    def __init__(self, scene: Scene, disk: Disk, kills: int) -> None:
        self.phases: Counter[str] = Counter()
        self.producers_killed = 0
        self.bytes_lost = 0
        self.done: Counter[str] = Counter()
        self._scene = scene
        self._disk = disk
        self._kills = kills
        self._tokens: set[int] = set()
        self._shown = 0

    def run(self) -> None:
        """Kill as often as was asked for, and let everything come to rest."""
        scene = self._scene
        scene.until(lambda: scene.accepted() > 100, 20)
        long_blows = max(1, self._kills // _LONG_BLOWS)
        full = {self._kills * (2 * each + 1) // (2 * long_blows + 1) for each in range(long_blows)}
        wrong = {self._kills * (2 * each + 2) // (2 * long_blows + 1) for each in range(long_blows)}
        for number in range(1, self._kills + 1):
            self._strike(number)
            if number in full and scene.engine.is_file:
                self._did("a full disk", lambda: blows.fill_disk(scene, self._disk))
            if number in wrong and is_bad():
                self._did("a wrong clock, set right", lambda: blows.set_clock_wrong(scene))
            self._told()
            if number % max(1, self._kills // 20) == 0:
                self._show(number)
        self._rest()

    def _told(self) -> None:
        for fault in self._scene.faults[self._shown :]:
            print(f"  ✗ {fault}", flush=True)
        self._shown = len(self._scene.faults)

    def _did(self, what: str, blow: object) -> None:
        began = time.monotonic()
        blow()
        self.done[what] += 1
        print(f"  {what}: {time.monotonic() - began:.1f} s", flush=True)

    def _strike(self, number: int) -> None:
        scene, rng = self._scene, self._scene.rng
        scene.other.listen(0)
        scene.other.told.clear()
        scene.supervise()
        if rng.random() < 0.4:
            blows.make_trouble(scene)
            self.done["an ill system"] += 1
        if rng.random() < 0.3:
            scene.reconfigure()
            self.done["a changed configuration"] += 1
        if is_bad() and rng.random() < 0.15:
            set_clock(scene.place, rng.choice([0, int(rng.uniform(-8, 8) * blows.HOUR)]))
            self.done["a jump of the clock"] += 1
        self._aim(rng)
        if number % _SECOND_WORKER == 4 and scene.engine.one_worker:
            blows.start_second_worker(scene)
            self.done["a second worker"] += 1
        if number % _RESTART == 7 and not scene.engine.is_file:
            scene.engine.restart()
            self.done["a restart of the database"] += 1
        cut = number % _POWER_CUT == 3 and scene.engine.is_file and is_bad()
        victims = [each for each in scene.producers if cut or rng.random() < 0.2]
        self._kill(victims)
        if cut:
            self._cut_power(rng)

    def _aim(self, rng: random.Random) -> None:
        """Wait for the instant: mostly soon after a request of this worker began."""
        scene = self._scene
        if rng.random() < 0.88:
            wanted = rng.choice((1, 1, 2, 3, 5, 8))
            scene.until(lambda: self._requests() >= wanted, 3)
            scene.pause(rng.uniform(0, 0.06))
        else:
            scene.pause(rng.uniform(0, 0.6))

    def _requests(self) -> int:
        since = self._scene.worker.since
        return sum(each["how"] == "arrived" and each["at"] > since for each in self._scene.other.told)

    def _kill(self, victims: list[object]) -> None:
        scene = self._scene
        at = time.monotonic()
        for child in (scene.worker, *victims):
            child.signal(signal.SIGKILL)
        for child in (scene.worker, *victims):
            child.wait(10)
        scene.other.listen(0)
        leased = scene.leased()
        # What an earlier one left open, this one hadn't come to yet.
        mine = [(name, result) for name, result, token in leased if token not in self._tokens]
        self._tokens = {token for _, _, token in leased}
        self.phases[phase(mine, scene.other.told, scene.worker.since, at)] += 1
        self.producers_killed += len(victims)
        scene.engine.bury()

    def _cut_power(self, rng: random.Random) -> None:
        scene = self._scene
        # Of its own, as nobody knows how often it chooses.
        blocks = random.Random(rng.random())
        lost = cut_power(scene.place, blocks if rng.random() < 0.5 else None)
        self.done["a power cut"] += 1
        self.bytes_lost += lost
        (answer,) = scene.rows("PRAGMA integrity_check")[0]
        if answer != "ok":
            scene.faults.append(f"a power cut damaged the outbox: {answer}")
        kept = scene.rows("SELECT count(*) FROM result")[0][0]
        if kept < scene.accepted():
            scene.faults.append(f"a power cut took {scene.accepted() - kept} accepted results")

    def _show(self, number: int) -> None:
        scene = self._scene
        over = ", ".join(f"{count} at {name}" for name, count in scene.other.holds.items())
        print(
            f"  {number} of {self._kills} kills, {share_open(self.phases):.0%} with an open lease; "
            f"{scene.accepted()} accepted, {over}",
            flush=True,
        )

    def _rest(self) -> None:
        """Let the producers end what they began, and the worker deliver everything; then end it."""
        scene = self._scene
        set_clock(scene.place, 0)
        scene.set_right()
        scene.switches.finishing = True

        def rests() -> bool:
            scene.supervise()
            return all(producer.code == 0 for producer in scene.producers) and not scene.pending()

        scene.until(rests, 120)
        scene.worker.signal(signal.SIGTERM)
        if scene.worker.wait(30) != 0:
            scene.faults.append(f"a worker that was asked to end ended with {scene.worker.code}")
