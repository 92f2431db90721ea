"""The commands, run as their users run them."""

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hosting import SOON, lrs_table

from passback import Learner
from passback.sandbox import serve
from passback_xapi.sandbox import Behaviour, Sandbox

KEYS = Behaviour(key="lrs", secret="secret")


@pytest.fixture
def lrs():
    sandbox = Sandbox(KEYS)
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


def work_until(host, done, seconds=30):
    """Run ``passback work`` until `done` says so, then stop it as an init system would."""
    worker = host.start("work")
    try:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, "it isn't done in time"
            assert worker.poll() is None, worker.stderr.read()
            time.sleep(0.1)
    finally:
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=30)
    assert worker.returncode == 0, said
    return said


def test_submit_then_work_delivers_and_status_says_so(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(120)
    assert host.json("submit", "results.jsonl") == [
        {"accepted": 120, "known": 0, "unrouted": 0, "refused": []}
    ]
    assert host.counts() == {"pending": 120}
    work_until(host, lambda: host.counts() == {"delivered": 120})
    assert len(lrs.statements) == 120
    assert "ok" in host.run("status").stdout
    assert host.json("submit", "results.jsonl")[0]["known"] == 120


def takes_hangups(process):
    said = Path(f"/proc/{process.pid}/status").read_text("utf-8")
    masks = dict(line.split(":\t") for line in said.splitlines() if line.startswith(("SigIgn", "SigCgt")))
    return {name for name, mask in masks.items() if int(mask, 16) & 1 << signal.SIGHUP - 1}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which signals a process takes")
def test_a_worker_that_is_to_read_its_configuration_again_while_it_starts_goes_on_starting(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    worker = subprocess.Popen([sys.executable, "-m", "passback", "work"], cwd=host.folder)
    try:
        while not (taken := takes_hangups(worker)):
            assert worker.poll() is None
        worker.send_signal(signal.SIGHUP)
        assert taken == {"SigIgn"}, "from its first moment on, before it can do as it's asked"
        deadline = time.monotonic() + 30
        while host.counts() != {"delivered": 1}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        worker.terminate()
        assert worker.wait() == 0
    finally:
        worker.kill()


def test_results_come_from_standard_input_too(host, lrs):
    host.configure(lrs_table(lrs.url))
    lines = host.write_results(3)
    done = host.run("submit", "-", stdin="\n".join(lines))
    assert "3 accepted" in done.stdout


def test_what_an_editor_on_windows_writes_is_read(host, lrs):
    host.configure(lrs_table(lrs.url))
    lines = host.write_results(2)
    (host.folder / "results.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).encode())
    assert "2 accepted" in host.run("submit", "results.jsonl").stdout


@pytest.mark.parametrize("command", ["status", "work"])
def test_an_outbox_that_is_none_or_has_no_place_is_told_in_a_line(host, lrs, command):
    (host.folder / "notes.txt").write_text("shopping list, and much more text than a header has", "utf-8")
    host.configure(lrs_table(lrs.url), store="notes.txt")
    assert "not a database" in " ".join(host.run(command, expect=2).stderr.split())
    host.configure(lrs_table(lrs.url), store="notes.txt/passback.db")
    said = host.run(command, expect=2).stderr
    assert "notes.txt" in said
    assert "Traceback" not in said


def test_a_bad_line_is_named_and_the_others_go(host, lrs):
    host.configure(lrs_table(lrs.url))
    lines = host.write_results(50)
    document = json.loads(lines[36])
    document["score"] = {"raw": "nine"}
    lines[36] = json.dumps(document)
    lines[40] = "{"
    (host.folder / "results.jsonl").write_text("\n".join(lines), "utf-8")
    done = host.run("submit", "results.jsonl", expect=1)
    assert "48 accepted, 2 refused" in done.stdout
    assert "line 37: score.raw: expected `float | null`, got `str`" in done.stderr
    assert "line 41: this is no JSON" in done.stderr
    (report,) = host.json("submit", "results.jsonl", expect=1)
    assert [each["line"] for each in report["refused"]] == [37, 41]


def test_a_worker_serves_while_another_process_submits(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(30, "one.jsonl")
    submitted = []

    def both():
        if not submitted:
            submitted.append(host.run("submit", "one.jsonl"))
        return host.counts() == {"delivered": 30}

    work_until(host, both)


def test_a_second_worker_on_the_same_outbox_is_refused(host, lrs):
    host.configure(lrs_table(lrs.url))
    refused = []

    def tried():
        if not (host.folder / "passback.db").exists():  # whoever comes first has locked it by then
            return False
        refused.append(host.run("work", expect=2).stderr)
        return True

    work_until(host, tried)
    assert "delivers from" in " ".join(refused[0].split())


def test_a_wrong_secret_is_a_server_error_that_says_what_to_do_and_heals_by_repair(host, lrs):
    host.configure(lrs_table(lrs.url, secret="hush-not-this-one"))
    host.write_results(10)
    host.run("submit", "results.jsonl")

    said = work_until(host, lambda: host.health() == "server error")
    checked = host.run("check", expect=1).stdout
    status = host.run("status").stdout
    for text in (said, checked, status):
        assert "check key, secret or token" in " ".join(text.split())
        assert "hush-not-this-one" not in text
    assert host.counts() == {"pending": 10}
    host.configure(lrs_table(lrs.url))
    host.run("check")
    work_until(host, lambda: host.counts() == {"delivered": 10})


def test_a_wrong_address_is_told_apart_from_a_dead_one(host, lrs):
    host.configure(lrs_table(lrs.url + "elsewhere/", "wrong"), lrs_table("http://127.0.0.1:9/xapi", "dead"))
    outcomes = {each["connection"]: each for each in host.json("check", expect=1)}
    assert "check the URL" in outcomes["wrong"]["error"]
    assert "connection refused" in outcomes["dead"]["error"]
    assert outcomes["dead"]["tried"]
    assert host.json("check", "wrong", expect=1)[0]["connection"] == "wrong"
    host.run("check", "nobody", expect=2)


def test_a_running_worker_notices_the_repaired_file_and_drains(host, lrs):
    host.configure(lrs_table(lrs.url, secret="not-yet"))
    host.write_results(10)
    host.run("submit", "results.jsonl")
    repaired = []

    def healed():
        if host.health() == "server error" and not repaired:
            (host.folder / "passback.toml").write_text("not = [toml", "utf-8")
            time.sleep(1.5)
            host.configure(lrs_table(lrs.url))
            repaired.append(True)
        return repaired and host.counts() == {"delivered": 10}

    said = work_until(host, healed)
    assert "the last good one goes on" in said


def test_a_secret_file_that_is_empty_keeps_its_connection_waiting_until_it_is_filled(host, lrs):
    secret = host.folder / "lrs.secret"
    secret.touch()
    kept = lrs_table(lrs.url).replace('secret = "secret"', 'secret = { file = "lrs.secret" }')
    host.configure(kept, lrs_table(lrs.url, "other"))
    host.write_results(3)
    host.run("submit", "results.jsonl")

    def filled():
        if host.health() == "misconfigured" and host.counts("other") == {"delivered": 3}:
            secret.write_text("secret\n", "utf-8")
        return host.counts() == {"delivered": 3}

    assert "options.secret: the file lrs.secret is empty" in " ".join(work_until(host, filled).split())


def test_who_submits_needs_no_secrets_and_no_connection_is_forgotten(host, lrs, monkeypatch):
    table = lrs_table(lrs.url, "needs-secret").replace(
        'secret = "secret"', 'secret = { env = "ONLY_THE_WORKER_HAS" }'
    )
    host.configure(lrs_table(lrs.url), table)
    host.write_results(5)
    host.run("submit", "results.jsonl")
    assert host.counts("needs-secret") == {"pending": 5}
    monkeypatch.setenv("ONLY_THE_WORKER_HAS", "secret")
    work_until(host, lambda: host.counts("needs-secret") == {"delivered": 5})


def test_what_came_from_outside_steers_no_terminal(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1, learner=Learner(id="[/bold]\x1b[2Jx@example.com"))
    host.run("submit", "results.jsonl")
    shown = host.run("deliveries").stdout
    assert "[/bold]" in shown
    assert "\x1b[2J" not in shown


def test_a_try_whose_time_has_come_is_shown_as_due(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    lrs.fail(status=500, times=50, on="POST")
    work_until(host, lambda: host.totals().connections[0].health == "server error")
    with closing(sqlite3.connect(host.folder / "passback.db", isolation_level=None)) as outbox:
        outbox.execute("UPDATE connection SET next_probe = ?", [round((time.time() - 60) * 1000)])
    assert "; its next try is due" in host.run("status").stdout


def test_what_is_put_off_is_shown_with_when_it_is_tried_next(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    assert host.json("deliveries")[0]["next_try"] is None
    with closing(sqlite3.connect(host.folder / "passback.db", isolation_level=None)) as outbox:
        outbox.execute("UPDATE delivery SET due = ?", [round((time.time() + 3 * 86_400 + 60) * 1000)])
    assert datetime.fromisoformat(host.json("deliveries")[0]["next_try"]) > datetime.now(UTC)
    assert "next try in 3 d" in host.run("deliveries").stdout
    assert "next try in 3 d" in host.run("deliveries", "show", "1").stdout


def test_a_pipe_is_a_file_too_and_a_poor_terminal_is_no_obstacle(host, lrs, monkeypatch):
    host.configure(lrs_table(lrs.url))
    host.write_results(2)
    command = " ".join(host.command("submit", "<(cat results.jsonl)"))
    done = subprocess.run(
        ["bash", "-c", command], cwd=host.folder, capture_output=True, text=True, check=False
    )
    assert "2 accepted" in done.stdout, done.stderr
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    host.run("deliveries")
    host.run("check")


def test_status_says_what_was_erased_so_that_all_accepted_is_accounted_for(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(2, learner=Learner(id="ana@example.com"))
    host.run("submit", "results.jsonl")
    assert "2 results accepted, 0 unrouted\n" in host.run("status").stdout
    host.run("erase", "ana@example.com", "--yes")
    assert "2 results accepted, 0 unrouted, 2 erased\n" in host.run("status").stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", ["deliveries", "deliveries --json", "export", "status"])
def test_output_that_cant_be_written_is_one_line_and_code_2(host, lrs, command):
    host.configure(lrs_table(lrs.url))
    host.write_results(300)
    host.run("submit", "results.jsonl")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            host.command(*command.split()), cwd=host.folder, stdout=full, stderr=subprocess.PIPE, check=False
        )
    said = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert "can't be written: No space left on device" in said[-1]
    assert "Traceback" not in said[0]


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "status --json",
        "deliveries",
        "deliveries --json",
        "deliveries show 1",
        "export",
        "alerts",
        "connectors",
        "config check",
        "config schema",
        "replay --connection lrs",
        "replay --connection lrs --dry-run",
        "submit results.jsonl",
        "check",
        "--help",
    ],
)
def test_who_closed_the_output_before_is_told_so_by_one_line_and_code_2(host, lrs, command):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    closed = f"{shlex.join(host.command(*command.split()))} >&-"
    done = subprocess.run(
        ["sh", "-c", closed], cwd=host.folder, stderr=subprocess.PIPE, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "passback: the output can't be written: Bad file descriptor\n"


def test_what_prints_nothing_needs_no_output(host, lrs):
    host.configure(lrs_table(lrs.url))
    closed = f"{shlex.join(host.command('export', '-o', 'all.jsonl'))} >&-"
    subprocess.run(["sh", "-c", closed], cwd=host.folder, check=True)
    assert (host.folder / "all.jsonl").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a file that opens and can't be read is Linux's")
def test_a_file_that_cant_be_read_is_named_and_not_taken_for_the_output(host, lrs):
    host.configure(lrs_table(lrs.url))
    said = host.run("submit", "/proc/self/mem", expect=2).stderr
    assert said == "✗ /proc/self/mem can't be read: Input/output error\n"


def test_every_time_that_is_printed_can_be_given_back(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    (listed,) = host.json("deliveries")
    accepted = datetime.fromisoformat(listed["accepted"])
    (shown,) = [
        line for line in host.run("deliveries", "show", "1").stdout.splitlines() if "accepted" in line
    ]
    offset = timezone(timedelta(hours=2))
    since = [
        listed["accepted"],
        accepted.astimezone(offset).isoformat(timespec="milliseconds"),
        accepted.replace(tzinfo=None).isoformat(timespec="microseconds"),
        shown.partition("accepted ")[2],
    ]
    for each in since:
        assert host.json("deliveries", "--since", each) == [listed], each
    assert host.json("deliveries", "--until", listed["accepted"]) == []


@pytest.mark.parametrize("command", ["deliveries --limit 5000", "deliveries --json --limit 5000", "export"])
def test_a_reader_that_leaves_is_nothing_that_needs_somebody(host, lrs, command):
    host.configure(lrs_table(lrs.url))
    host.write_results(2000)
    host.run("submit", "results.jsonl")
    left, ours = os.pipe()
    os.close(left)
    with os.fdopen(ours, "wb") as pipe:
        done = subprocess.run(
            host.command(*command.split()), cwd=host.folder, stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 141
    assert b"Traceback" not in done.stderr


def test_one_of_a_list_that_was_known_is_said_in_the_singular(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    assert "1 was known already" in host.run("submit", "results.jsonl").stdout


@pytest.mark.parametrize("command", ["deliveries", "alerts"])
def test_a_list_holds_at_least_one_and_at_most_what_a_database_counts(host, lrs, command):
    host.configure(lrs_table(lrs.url))
    for limit in (-1, 0, 2**63, 10**30):
        said = host.run(command, f"--limit={limit}", expect=2).stderr
        assert "Invalid value for '--limit'" in said
    for limit in (1, 2**63 - 1):
        assert host.json(command, f"--limit={limit}") == []


def printed(host, *arguments, encoding, code=0):
    """Return the bytes that a command writes where its output has `encoding`."""
    done = subprocess.run(
        host.command(*arguments),
        cwd=host.folder,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_json_is_utf8_whatever_encoding_the_output_has(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(1, learner=Learner(id="ünï"))
    host.run("submit", "results.jsonl")
    for encoding in ("ascii", "cp1252", "utf-8"):
        assert json.loads(printed(host, "deliveries", "--json", encoding=encoding))["learner"] == "ünï"


def test_what_is_well_and_what_isnt_can_be_told_apart_in_any_encoding(host, lrs):
    host.configure(lrs_table(lrs.url), lrs_table(lrs.url, "bad", secret="wrong"))
    shown = printed(host, "check", encoding="ascii", code=1).decode("ascii")
    assert "ok: lrs" in shown
    assert "failed: bad" in shown
    shown = printed(host, "check", encoding="utf-8", code=1).decode()
    assert "✓ lrs" in shown
    assert "✗ bad" in shown


def test_one_misconfigured_connection_stops_no_other(host, lrs):
    broken = '[connections.broken]\nconnector = "nope"\ncontact = "a@example.com"\n'
    host.configure(lrs_table(lrs.url), broken)
    host.write_results(5)
    host.run("submit", "results.jsonl")
    work_until(host, lambda: host.counts() == {"delivered": 5})
    (totals,) = host.json("status")
    health = {each["name"]: each["health"] for each in totals["connections"]}
    assert health == {"broken": "misconfigured", "lrs": "ok"}
    assert totals["accepted"] == 5
    waiting = host.json("deliveries", "--state", "waiting")
    assert {each["waiting_for"] for each in waiting} == {"connection"}
    assert "'nope' is missing" in waiting[0]["reason"]


def test_the_rejected_can_be_replayed_after_repair(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(3)
    host.run("submit", "results.jsonl")
    lrs.fail(status=400, times=5, on="POST", body="no such thing as a third field")
    work_until(host, lambda: host.counts().get("rejected") == 3)
    rejected = host.json("deliveries", "--state", "rejected")
    assert all("third field" in each["reason"] for each in rejected)
    assert "third field" in " ".join(host.run("deliveries", "--state", "rejected").stdout.split())
    host.run("replay", expect=2)
    assert host.json("replay", "--state", "rejected") == [{"replayed": 3}]
    work_until(host, lambda: host.counts() == {"delivered": 3})


def test_a_connection_that_is_asked_to_wait_for_days_is_tried_at_once_when_somebody_replays_it(host, lrs):
    host.configure(lrs_table(lrs.url))
    host.write_results(3)
    host.run("submit", "results.jsonl")
    lrs.fail(status=429, times=1, on="POST", headers={"Retry-After": "500000"})
    asked = []

    def delivered():
        (state,) = host.totals().connections
        if state.next_probe is not None and not asked:
            asked.append(host.run("replay", "--connection", "lrs").stdout)
        return host.counts() == {"delivered": 3}

    said = work_until(host, delivered)
    assert "lrs was to be tried in 5 d, and is tried now" in " ".join(asked[0].split())
    assert "lrs: tried now, as somebody asked" in " ".join(said.split())


def test_who_replays_while_the_own_quota_is_used_up_is_told_when_it_sends_again(host, lrs):
    host.configure(lrs_table(lrs.url, sending=f"{SOON}\nper_day = 1\nbatch = 1"))
    host.write_results(3)
    host.run("submit", "results.jsonl")
    asked = []

    def replayed():
        (state,) = host.totals().connections
        if state.next_probe is not None and not asked:
            asked.append(host.run("replay", "--connection", "lrs").stdout)
        return bool(asked)

    work_until(host, replayed)
    said = " ".join(asked[0].split())
    assert re.search(r"lrs sends again in \d+ (h|min|s), not before: the connection's own quota", said), said
    assert len(lrs.statements) <= 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["replay", "999", "1000"], "there is no delivery 999 ✗ there is no delivery 1000"),
        (["replay", "1", "999"], "there is no delivery 999"),
        (["replay", "--dry-run", "999"], "there is no delivery 999"),
        (["replay", "9223372036854775808"], "there is no delivery 9223372036854775808"),
        (["deliveries", "show", "9223372036854775808"], "there is no delivery 9223372036854775808"),
        (["replay", "--connection", "nope"], "there is no connection nope"),
        (["deliveries", "--connection", "nope"], "there is no connection nope"),
        (["export", "--connection", "nope"], "there is no connection nope"),
    ],
)
def test_who_names_a_delivery_or_a_connection_that_is_none_is_told_so(host, lrs, command, said):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    assert said in " ".join(host.run(*command, expect=2).stderr.split())


def test_what_is_kept_for_a_connection_that_is_not_configured_any_longer_can_be_chosen(host, lrs):
    host.configure(lrs_table(lrs.url, "gone"))
    host.write_results(2)
    host.run("submit", "results.jsonl")
    host.configure(lrs_table(lrs.url))
    assert host.json("replay", "--connection", "gone") == [{"replayed": 0}]
    assert len(host.json("deliveries", "--connection", "gone")) == 2
    assert len(host.run("export", "--connection", "gone").stdout.splitlines()) == 2
    assert host.json("replay", "--connection", "lrs") == [{"replayed": 0}]


def test_a_connection_that_the_configuration_names_no_longer_is_not_ok(host, lrs):
    done, unused = lrs_table(lrs.url, "done"), lrs_table(lrs.url, "unused")
    host.configure(done, unused)
    host.write_results(2)
    host.run("submit", "results.jsonl")
    work_until(host, lambda: host.counts("done") == host.counts("unused") == {"delivered": 2})
    host.configure(lrs_table(lrs.url), unused)
    assert (host.health("done"), host.health("unused"), host.health()) == ("not configured", "ok", "ok")
    said = host.run("status").stdout
    assert "not configured" in said
    assert "doesn't name it" not in said, "nothing waits for it"
    host.write_results(3)
    host.run("submit", "results.jsonl")
    host.configure(unused)
    assert host.health() == "not configured"
    said = " ".join(host.run("status").stdout.split())
    assert "lrs not configured the configuration doesn't name it" in said


def test_a_connection_that_is_gone_and_of_which_nothing_is_kept_is_not_told(host, lrs):
    host.configure(lrs_table(lrs.url), lrs_table(lrs.url, "gone"))
    work_until(host, lambda: host.folder.joinpath("passback.db").exists())
    host.configure(lrs_table(lrs.url))
    assert [each.name for each in host.totals().connections] == ["lrs"]


def test_connectors_are_listed_with_or_without_a_configuration(host, lrs):
    entry = next(each for each in host.json("connectors") if each["name"] == "xapi")
    assert (entry["name"], entry["status"], entry["distribution"]) == ("xapi", "available", "passback-xapi")
    host.configure(lrs_table(lrs.url))
    entry = next(each for each in host.json("connectors") if each["name"] == "xapi")
    assert (entry["status"], entry["capabilities"]) == ("ready", ["check", "map_identity", "submit_results"])


def test_mistakes_in_the_file_are_told_all_at_once(host):
    (host.folder / "passback.toml").write_text("stroe = 'x'\nobservers = 3\n", "utf-8")
    said = " ".join(host.run("status", expect=2).stderr.split())
    assert "did you mean 'store'?" in said
    assert "observers" in said
    host.run("status", "-c", "nowhere.toml", expect=2)


def test_a_worker_logs_lines_of_json_for_programs(host):
    host.configure(lrs_table("http://127.0.0.1:9/xapi"))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    worker = host.start("work", "--log-format", "json")
    try:
        while host.health() != "can't connect":
            assert worker.poll() is None
            time.sleep(0.1)
    finally:
        worker.terminate()
        _, said = worker.communicate(timeout=30)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (told,) = [each for each in lines if each["level"] == "warning"]
    assert told["logger"] == "passback.delivery"
    assert told["message"].startswith("lrs: can't connect: ")
    assert (told["connection"], told["health"]) == ("lrs", "can't connect")


def test_a_line_of_json_holds_what_a_record_says_beside_its_text():
    said = logged(
        "import logging",
        "log = logging.getLogger('acme')",
        "log.error('%s: odd', 'one', extra={'results': 7, 'level': 'none', 'body': object()})",
        "log.error('plain')",
    )
    beside = [{key: line[key] for key in line.keys() - {"time", "logger"}} for line in said]
    assert beside == [
        {"level": "error", "message": "one: odd", "results": 7},
        {"level": "error", "message": "plain"},
    ]


def logged(*program):
    given = "from passback.cli.logs import *; log_to_stderr(LogFormat.JSON, verbose=False)"
    lines = "\n".join([given, *program])
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stderr.splitlines()]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize("where", ["2>/dev/full", "2>&-", "2> >(true)"])
def test_a_worker_whose_standard_error_takes_nothing_delivers_all_the_same(host, lrs, where):
    host.configure(lrs_table(lrs.url))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    command = ["bash", "-c", f'exec "$@" {where}', "bash", *host.command("work")]
    with subprocess.Popen(command, cwd=host.folder) as worker:
        deadline = time.monotonic() + 30
        while not lrs.statements:
            assert worker.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        # It tells what is wrong with this one, too.
        (host.folder / "passback.toml").write_text("this is no TOML", "utf-8")
        worker.send_signal(signal.SIGHUP)
        time.sleep(1)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0


def test_a_sandbox_that_cannot_be_played_says_why(host):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = host.run("sandbox", "xapi", "--port", str(port), expect=2).stderr
    assert f"port {port} can't be used" in said
    assert "65535" in host.run("sandbox", "xapi", "--port", "65536", expect=2).stderr
    assert "there is" in host.run("sandbox", "acme", expect=2).stderr
    assert "expected a status" in host.run("sandbox", "xapi", "--fault", "nothing", expect=2).stderr


def test_help_shows_what_stands_in_brackets(host):
    assert "[@ON]" in host.run("sandbox", "--help").stdout
