"""What runs while it's tortured: the other side, producers, a worker; and who starts them again."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from passback.cli import main
from torture.children import Child
from torture.engines import Engine
from torture.other_side import SYSTEMS, OtherSide
from torture.place import Place
from torture.producer import Journal, Producer, read_journal
from torture.switches import Switches

PRODUCERS = 2
_TABLE = """
[connections.{name}]
connector = "xapi"
contact = "torturer@example.com"
options = {{ url = "{url}", key = "{key}", secret = "{secret}" }}
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
sending = {{ batch = {batch}, linger = 0, first_probe = 0.05, longest_probe = 0.3 }}
"""
# Below the first, producers go on; above the second, they pause.
_FEW, _MANY = 250, 500
_LEASED = (
    "SELECT delivery.connection, result.id, delivery.lease FROM delivery "
    "JOIN result ON result.seq = delivery.result WHERE delivery.lease IS NOT NULL"
)


class Scene:
    """Everything that runs.

    Attributes:
        rng: What chooses: all of it follows from the seed.
        faults: What was seen that must never be.
        may_end: Whether a worker may end by itself now.
    """

    def __init__(self, place: Place, engine: Engine, seed: int) -> None:
        self.place = place
        self.engine = engine
        self.seed = seed
        self.rng = random.Random(seed)
        self.faults: list[str] = []
        self.may_end = False
        self.switches = Switches()
        self.other = OtherSide(seed, place.logs / "other-side.log")
        self._configure()
        self.producers = [self._producer(number) for number in range(PRODUCERS)]
        self.worker = self.new_worker()

    def reconfigure(self) -> None:
        """Change the configuration, one system's key perhaps to a wrong one, and have the worker read it."""
        wrong = self.rng.choice(list(SYSTEMS)) if self.rng.random() < 0.3 else ""
        self._configure(wrong)
        self.worker.signal(signal.SIGHUP)

    def set_right(self) -> None:
        """Have everybody read a configuration that is right."""
        self._configure()
        self.worker.signal(signal.SIGHUP)

    def new_worker(self) -> Child:
        """Start a ``passback work``."""
        return Child(self._work, self.place.logs / "worker.log")

    def supervise(self) -> None:
        """Start again what has ended, and keep the backlog neither empty nor long."""
        if self.worker.code is not None:
            # SIGKILL was us.
            if not self.may_end and self.worker.code != -signal.SIGKILL:
                self.faults.append(f"a worker ended by itself with {self.worker.code}; see worker.log")
            self.worker = self.new_worker()
        for number, producer in enumerate(self.producers):
            if producer.code is not None and not (self.switches.finishing and producer.code == 0):
                if not self.may_end and producer.code != -signal.SIGKILL:
                    self.faults.append(f"producer {number} ended by itself with {producer.code}; see its log")
                self.producers[number] = self._producer(number)
        backlog = self.accepted() - min(self.other.holds.values())
        if backlog < _FEW or backlog > _MANY:
            self.switches.paused = backlog > _MANY

    def journals(self) -> list[Journal]:
        """Return what the producers know."""
        return [read_journal(self._journal(number)) for number in range(PRODUCERS)]

    def accepted(self) -> int:
        """Return how many results the producers know to be accepted."""
        return sum(journal.accepted for journal in self.journals())

    def leased(self) -> list[tuple[str, str, int]]:
        """Return connection, result id and token of everything whose lease is open."""
        return [(connection, result, token) for connection, result, token in self.rows(_LEASED)]

    def pending(self) -> int:
        """Return how many deliveries are pending."""
        ((count,),) = self.rows("SELECT count(*) FROM delivery WHERE state = 0")
        return int(count)

    def rows(self, query: str) -> list[list[Any]]:
        """Return what `query` finds in the outbox."""
        return self.engine.rows(self.place, query)

    def pause(self, seconds: float) -> None:
        """Let things go on for a while."""
        self.until(lambda: False, seconds)

    def until(self, happened: Callable[[], object], seconds: float) -> bool:
        """Let things go on until something has happened; return whether it did within `seconds`."""
        end = time.monotonic() + seconds
        while not happened():
            left = end - time.monotonic()
            if left <= 0:
                return False
            self.other.listen(min(left, 0.05))
        return True

    def end(self) -> None:
        """End everything."""
        for child in (self.worker, *self.producers):
            child.kill()
        self.other.end()
        self.engine.end()

    def _configure(self, wrong: str = "") -> None:
        tables = [
            _TABLE.format(
                name=name,
                url=self.other.urls[name],
                key=system.key,
                secret="wrong" if name == wrong else system.secret,
                batch=self.rng.randint(5, 15),
            )
            for name, system in SYSTEMS.items()
        ]
        store = f'store = "{self.engine.store(self.place)}"\n'
        # Nobody reads half of it.
        written = self.place.config.with_suffix(".new")
        written.write_text(store + "".join(tables))
        written.replace(self.place.config)

    def _producer(self, number: int) -> Child:
        def produce() -> None:
            self.engine.settle_in()
            Producer(self.place.config, self._journal(number), self.seed, number, self.switches).run()

        return Child(produce, self.place.logs / f"producer-{number}.log")

    def _journal(self, number: int) -> Any:
        return self.place.journals / f"producer-{number}"

    def _work(self) -> None:
        self.engine.settle_in()
        sys.argv = ["passback", "work", "--config", str(self.place.config)]
        main()
