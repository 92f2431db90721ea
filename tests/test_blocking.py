"""The face without async: under threads, after forks, beside a worker, and in a process that just ends."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hosting import lrs_table, made

from passback import BlockingPassback, ConfigError, OutboxError, OutboxInUse, Passback
from passback.sandbox import serve
from passback_xapi.sandbox import Behaviour, Sandbox


@pytest.fixture
def lrs():
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


@pytest.fixture
def path(host, lrs):
    host.configure(lrs_table(lrs.url))
    return host.folder / "passback.toml"


def in_child(work):
    """Run `work` in a forked process, and return how it ended."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work() or 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_host_that_delivers_in_its_own_process(path, lrs):
    with BlockingPassback.from_file(path) as pb:
        assert pb.check("lrs").error is None
        assert pb.submit(made(1)).new
        assert pb.drain(10)
        (delivery,) = pb.deliveries()
        assert delivery.state == "delivered"
        (standing,) = pb.results("learner-1@example.com")
        assert (standing.completion, standing.reached[0].delivered) == (True, 1)
    assert len(lrs.statements) == 1


def test_a_host_that_only_puts_leaves_delivering_to_the_worker(host, path, lrs):
    with BlockingPassback.from_file(path, deliver=False) as pb:
        pb.submit_many(made(number) for number in range(30))
        assert not pb.drain(0.3)
        assert len(lrs.statements) == 0
        worker = host.start("work")
        try:
            assert pb.drain(20)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=30)
    assert len(lrs.statements) == 30


def test_many_threads_share_one_and_every_result_is_accepted_once(path):
    pb = BlockingPassback.from_file(path, deliver=False)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(pb.submit, [made(number % 200) for number in range(400)]))
    assert sum(each.new for each in answers) == 200
    assert pb.totals().accepted == 200
    pb.close()


def test_it_opens_in_each_forked_process_anew(path):
    """As a server does that loads the app, uses it, and forks its workers."""
    pb = BlockingPassback.from_file(path, deliver=False)
    pb.submit(made(0))
    ends = [in_child(lambda number=number: pb.submit(made(number)) and None) for number in range(1, 5)]
    assert ends == [0] * 4
    assert pb.submit(made(5)).new
    assert pb.totals().accepted == 6
    pb.close()


def test_a_process_forked_from_one_that_delivers_only_puts(path, lrs):
    pb = BlockingPassback.from_file(path)
    pb.submit(made(0))

    def child():
        with pb:
            assert pb.submit(made(1)).new
            time.sleep(0.5)

    assert in_child(child) == 0
    assert pb.drain(10)
    assert len(lrs.statements) == 2
    pb.close()


def test_a_process_that_delivers_forks_whatever_it_has_imported_before(path):
    """As in a script that imports nothing but Passback, before any other module asks to be told of forks."""
    script = (
        "import os, sys\n"
        "from passback import BlockingPassback\n"
        "pb = BlockingPassback.from_file(sys.argv[1])\n"
        "assert pb.totals().accepted == 0\n"
        "child = os.fork()\n"
        "if child == 0: os._exit(0)\n"
        "os.waitpid(child, 0)\n"
        "assert pb.totals().accepted == 0\n"
        "pb.close()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=60)


def test_a_fork_while_other_threads_submit_loses_and_hangs_nothing(path):
    pb = BlockingPassback.from_file(path, deliver=False)
    stop = threading.Event()
    accepted = []

    def submit(start):
        number = start
        while not stop.is_set():
            accepted.append(pb.submit(made(number)).result_id)
            number += 10

    with ThreadPoolExecutor(4) as pool:
        submitting = [pool.submit(submit, start) for start in range(4)]
        for number in range(5):
            assert in_child(lambda number=number: pb.submit(made(100_000 + number)) and None) == 0
        stop.set()
    for each in submitting:
        each.result()
    assert pb.totals().accepted == len(accepted) + 5
    pb.close()


def test_a_second_process_cannot_deliver_from_the_same_outbox_and_says_what_to_do(path):
    with BlockingPassback.from_file(path), pytest.raises(OutboxInUse, match="deliver=False"):
        BlockingPassback.from_file(path).submit(made(1))


def test_what_is_wrong_is_told_when_it_is_made_and_when_it_is_opened(path):
    path.write_text(path.read_text().replace("contact", "kontact"))
    with pytest.raises(ExceptionGroup) as told:
        BlockingPassback.from_file(path).submit(made(1))
    assert told.group_contains(ConfigError, match="kontact")


def test_who_only_puts_needs_no_secret_and_takes_what_waits_for_a_connection_to_be_mended(path):
    path.write_text(path.read_text().replace('"secret"', '{ env = "NOT_SET_HERE" }'))
    with BlockingPassback.from_file(path, deliver=False) as pb:
        assert pb.submit(made(1)).connections == ("lrs",)


@pytest.mark.parametrize("deliver", [True, False])
@pytest.mark.parametrize(("right", "wrong"), [("contact", "kontact"), ("store", "this is no TOML")])
def test_a_fork_after_a_mistake_in_the_configuration_changes_nothing(path, right, wrong, deliver):
    pb = BlockingPassback.from_file(path, deliver=deliver)
    pb.submit(made(1))
    path.write_text(path.read_text().replace(right, wrong))
    assert in_child(lambda: pb.submit(made(2)) and None) == 0
    assert pb.submit(made(3)).connections == ("lrs",)
    assert pb.totals().accepted == 3
    pb.close()


@pytest.mark.parametrize("deliver", [True, False])
@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("meanwhile", ["", 'store = "other.db"\n'])
def test_a_process_keeps_the_store_that_it_began_with(host, caplog, deliver, opened, meanwhile):
    host.configure(lrs_table("http://127.0.0.1:9/xapi/"), store="data/outbox.db")
    path = host.folder / "passback.toml"
    whole = path.read_text("utf-8")
    pb = BlockingPassback.from_file(path, deliver=deliver)
    if opened:
        pb.submit(made(1))
    # As one sees it who opens the file while somebody writes it.
    path.write_text(meanwhile, "utf-8")
    assert in_child(lambda: pb.submit(made(2)) and None) == 0
    pb.submit(made(3))
    told = "this process goes on with" if meanwhile else "nothing stands in it"
    assert told in caplog.text
    path.write_text(whole, "utf-8")
    assert in_child(lambda: pb.submit(made(4)) and None) == 0
    assert pb.totals().accepted == 3 + opened
    pb.close()
    assert [each.relative_to(host.folder) for each in host.folder.rglob("*.db")] == [Path("data/outbox.db")]


def test_after_closing_it_says_so(path):
    pb = BlockingPassback.from_file(path, deliver=False)
    pb.submit(made(1))
    pb.close()
    pb.close()
    with pytest.raises(OutboxError, match="closed"):
        pb.submit(made(2))


def test_an_export_streams_and_may_be_left_early(path):
    with BlockingPassback.from_file(path, deliver=False) as pb:
        pb.submit_many(made(number) for number in range(350))
        exported = pb.export()
        assert next(exported).result == made(0)
        exported.close()
        assert len(list(pb.export())) == 350


SCRIPT = """
import sys
from hosting import made
from passback import BlockingPassback
pb = BlockingPassback.from_file("passback.toml")
pb.submit(made(1))
if "drain" in sys.argv:
    assert pb.drain(10)
print("done")
"""


@pytest.mark.parametrize("how", ["drain", "leave"])
def test_a_script_that_closes_nothing_ends_quietly_and_at_once(host, lrs, how):
    host.configure(lrs_table(lrs.url))
    support = os.pathsep.join(each for each in sys.path if each.endswith("support"))
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", SCRIPT, how],
        cwd=host.folder, env={**os.environ, "PYTHONPATH": support},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert time.monotonic() - started < 15
    if how == "drain":
        assert len(lrs.statements) == 1
    assert host.totals().accepted == 1


def test_what_the_caller_iterates_is_read_in_the_callers_thread(path):
    with BlockingPassback.from_file(path, deliver=False) as pb:
        mine = threading.get_ident()

        def results():
            for number in range(3):
                assert threading.get_ident() == mine
                yield made(number)

        assert [each.new for each in pb.submit_many(results())] == [True] * 3

        def leaving():
            yield made(9)
            raise SystemExit(3)

        with pytest.raises(SystemExit):
            pb.submit_many(leaving())
        assert pb.submit(made(4)).new


def test_a_reload_that_nobody_waits_for_any_longer_ends_no_delivery(path, lrs):
    lrs.slow(0.5)

    async def check():
        async with Passback.from_file(path) as pb:
            await pb.submit(made(1))
            await asyncio.sleep(0.3)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(pb.reload(), 0.05)
            await pb.submit(made(2))
            assert await pb.drain(15)

    asyncio.run(check())
    assert len(lrs.statements) == 2


def test_a_host_that_is_entered_again_delivers_after_a_reload(path, lrs):
    async def check():
        pb = Passback.from_file(path)
        for number in range(2):
            async with pb:
                await pb.submit(made(number))
                assert await pb.drain(10)
                await pb.reload()
                await pb.submit(made(number + 10))
                assert await pb.drain(10)
        with pytest.raises(OutboxError, match="open the host first"):
            await pb.submit(made(99))

    asyncio.run(check())
    assert len(lrs.statements) == 4
