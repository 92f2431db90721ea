"""A producer: submits results, and writes down, synced, which of them it knows to be accepted.

It notes before each submission what it's about to submit. Who takes over after a kill submits that again
first, as a host app would that doesn't know whether its last call arrived.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from passback import Acceptance, BlockingPassback, OutboxError
from torture.facts import result
from torture.switches import Switches

_MOST = 12


class Journal(NamedTuple):
    """What a producer wrote down.

    Attributes:
        begun: How many results it submitted or began to.
        accepted: How many of those it knows to be accepted; they are the first ones.
        refusals: How many submissions failed for the disk's or the database's sake.
        wrong: What it saw that must never be.
    """

    begun: int
    accepted: int
    refusals: int
    wrong: tuple[str, ...]


def read_journal(path: Path) -> Journal:
    """Return what a journal says."""
    begun = accepted = refusals = 0
    wrong: list[str] = []
    for line in path.read_text().splitlines() if path.exists() else ():
        kind, _, rest = line.partition(" ")
        if kind == "?":
            begun = int(rest)
        elif kind == "=":
            accepted = int(rest)
        elif kind == "x":
            refusals += 1
        else:
            wrong.append(rest)
    return Journal(begun, accepted, refusals, tuple(wrong))


class Producer:
    """Submits the results of one producer, one group after another."""

    def __init__(self, config: Path, journal: Path, seed: int, number: int, switches: Switches) -> None:
        self._config = config
        self._journal = journal
        self._seed = seed
        self._number = number
        self._switches = switches

    def run(self) -> None:
        """Submit until told to finish."""
        rng = random.Random(os.urandom(8))
        # Opened when it's first used: the database may be away at this very moment.
        host = BlockingPassback.from_file(self._config, deliver=False, strict=False)
        for first, end in self._groups(rng):
            self._submit(host, first, end)
            time.sleep(rng.uniform(0, 0.08))
        host.close()

    def _groups(self, rng: random.Random) -> Iterator[tuple[int, int]]:
        known = read_journal(self._journal)
        at = known.accepted
        if known.begun > at:
            yield at, known.begun
            at = known.begun
        while not self._switches.finishing:
            if self._switches.paused:
                time.sleep(0.02)
                continue
            size = rng.randint(1, _MOST)
            self._write(f"? {at + size}")
            yield at, at + size
            at += size

    def _submit(self, host: BlockingPassback, first: int, end: int) -> None:
        results = [result(self._seed, self._number, number) for number in range(first, end)]
        while True:
            try:
                answers = host.submit_many(results)
            except OutboxError:
                self._write("x")
                time.sleep(0.1)
                continue
            break
        for answer in answers:
            if not isinstance(answer, Acceptance):
                self._write(f"! {type(answer).__name__}: {answer}")
        self._write(f"= {end}")

    def _write(self, line: str) -> None:
        # One call for the line: a kill leaves all of it or nothing.
        file = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, f"{line}\n".encode())
            os.fsync(file)
        finally:
            os.close(file)
