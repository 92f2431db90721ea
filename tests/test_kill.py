"""Kill -9 at any instant loses nothing: the worker is killed twenty times while it delivers to a real LRS."""

import random
import time

import pytest
from hosting import TESTBED, lrs_table

from passback_testbed import Ralph, walk
from passback_testbed.install import install_ralph

KILLS = 20
RESULTS = 9000


@pytest.mark.timeout(600)
def test_a_worker_killed_twenty_times_delivers_everything_exactly_once(host, tmp_path):
    install_ralph(TESTBED)
    rng = random.Random(20261121)
    with Ralph(tmp_path / "lrs", home=TESTBED) as lrs:
        host.configure(lrs_table(lrs.url, sending="batch = 3\nlinger = 0"))
        host.write_results(RESULTS)
        host.run("submit", "results.jsonl")
        for _ in range(KILLS):
            worker = host.start("work")
            assert "delivering" in worker.stderr.readline()
            time.sleep(rng.uniform(0.02, 0.6))
            worker.kill()
            worker.communicate()
        assert 0 < host.counts().get("pending", 0) < RESULTS, "the kills must hit while it delivers"
        worker = host.start("work")
        while host.counts().get("pending", 0):
            time.sleep(0.2)
        worker.terminate()
        worker.communicate()
        ids = [statement["id"] for statement in walk(lrs.url, lrs.key, lrs.secret)]
    assert host.counts() == {"delivered": RESULTS}
    remote = {each["remote_id"] for each in host.json("deliveries", "--limit", str(RESULTS))}
    assert len(ids) == RESULTS
    assert set(ids) == remote
