"""What can be seen in half a minute of what ``make torture`` does for minutes."""

import os
import random
import re
import subprocess
import sys

import pytest
from torture.machine import cut_power
from torture.place import Place

from passback_testbed.places import workspace

# Says which of its transactions was meant to last, and is killed.
WRITES = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE t (a)")
db.execute(f"PRAGMA synchronous = {sys.argv[2]}")
for number in range(20):
    db.execute("INSERT INTO t VALUES (?)", (number,))
os.kill(os.getpid(), 9)
"""
COUNTS = (
    "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM t').fetchone()[0])"
)


@pytest.mark.timeout(300)
def test_everything_adds_up_after_a_few_kills_a_full_disk_a_wrong_clock_and_a_power_cut():
    done = subprocess.run(
        [sys.executable, "-m", "torture", "--kills", "4", "--seed", "14"],
        env=os.environ | {"PYTHONPATH": str(workspace() / "tests")},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stdout.splitlines()[-1]
    assert done.returncode == 0, done.stdout + done.stderr
    accepted = re.search(r"(\d+) results acknowledged, (\d+) accepted", last)
    assert int(accepted[1]) == int(accepted[2]) > 0
    assert last.endswith("0 lost, 0 twice: everything adds up")


def after_a_power_cut(folder, synchronous, rng=None):
    place = Place(folder)
    place.make()
    outbox = place.disk / "a.db"
    bad = os.environ | place.environment()
    subprocess.run([sys.executable, "-c", WRITES, outbox, synchronous], env=bad, check=False)
    cut_power(place, rng)
    done = subprocess.run([sys.executable, "-c", COUNTS, outbox], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_a_power_cut_leaves_what_was_synced(tmp_path):
    assert after_a_power_cut(tmp_path, "FULL") == 20


def test_a_power_cut_takes_what_was_not_synced(tmp_path):
    assert after_a_power_cut(tmp_path, "NORMAL") == 0


def test_a_power_cut_that_leaves_some_blocks_takes_nothing_that_was_synced(tmp_path):
    for seed in range(2):
        assert after_a_power_cut(tmp_path / str(seed), "FULL", random.Random(seed)) == 20
