"""Learners and activities by the commands: what they did, what goes where, and what comes out again."""

import asyncio
import csv
import io
import json
import os
import resource
import subprocess
import time

import pytest
from hosting import lrs_table, made

from passback import Activity, Counters, Learner, Passback, Score, canonical
from passback.delivery.upkeep.erasing import erase

ANA = Learner(id="ana@example.com", name="Ana")
LADDER = Activity(id="ladder", name="Ladder safety")
NOWHERE = "http://127.0.0.1:9/xapi"


def table(name, organisation, activities="[]"):
    return lrs_table(NOWHERE, name, more=f'organisation = "{organisation}"\nactivities = {activities}')


@pytest.fixture
def two(host):
    """Two customers, one connection each, that share a learner's e-mail address and an activity's id."""
    host.configure(table("acme-lrs", "acme"), table("globex-lrs", "globex", '"*"'))
    fields = {"learner": ANA, "activity": LADDER}
    lines = [
        made(1, **fields, organisation="acme", kind="progressed", progress=0.5),
        made(2, **fields, organisation="acme", score=Score(raw=7, max=10), counters=Counters(total_tasks=3)),
        made(1, **fields, organisation="globex", kind="started"),
    ]
    text = "\n".join(canonical(each).decode() for each in lines)
    assert host.run("submit", "-", stdin=text).stdout.startswith("3 accepted, 2 kept until")
    return host


def test_a_learner_is_another_in_another_organisation(two):
    (acme,) = two.json("results", ANA.id, "--organisation", "acme")
    assert (acme["results"], acme["progress"], acme["reached"]) == (2, 1.0, [])
    (globex,) = two.json("results", ANA.id, "--organisation", "globex")
    assert (globex["kind"], globex["reached"][0]["connection"]) == ("started", "globex-lrs")
    assert two.json("results", ANA.id) == []
    shown = two.run("results", ANA.id, "--organisation", "acme").stdout
    assert "Ladder safety  completed" in shown
    assert "progress 100%  score 7 of 10" in shown


def test_attaching_sends_what_went_nowhere_within_the_organisation_only(two):
    two.run("attach", "ladder", "acme-lrs")
    assert {each["connection"]: each["counts"] for each in status(two)} == {
        "acme-lrs": {"pending": 2},
        "globex-lrs": {"pending": 1},
    }
    assert {(each["connection"], each["activity"]) for each in two.json("attachments")} == {
        ("acme-lrs", "ladder"),
        ("globex-lrs", "*"),
    }
    two.run("detach", "ladder", "acme-lrs")
    assert "isn't attached" in two.run("detach", "ladder", "acme-lrs", expect=2).stderr
    assert "take it out of its activities" in flat(two.run("detach", "ladder", "globex-lrs", expect=2).stderr)


def status(host):
    (totals,) = host.json("status")
    return [{"connection": each["name"], "counts": each["counts"]} for each in totals["connections"]]


def flat(text):
    return " ".join(text.split())


def test_an_unknown_connection_is_named_with_those_that_there_are(two):
    assert "it has acme-lrs, globex-lrs" in flat(two.run("attach", "ladder", "acne-lrs", expect=2).stderr)


def test_every_activity_is_attached_by_the_configuration_alone(two):
    assert "only the configuration attaches" in flat(two.run("attach", "*", "acme-lrs", expect=2).stderr)
    assert two.json("attachments") == [
        {"activity": "*", "connection": "globex-lrs", "organisation": "globex", "configured": True}
    ]


def test_an_export_can_be_submitted_again_and_changes_nothing(two):
    exported = two.run("export").stdout
    assert [json.loads(line)["id"] for line in exported.splitlines()] == ["result-1", "result-2", "result-1"]
    assert "0 accepted, 3 were known already" in two.run("submit", "-", stdin=exported).stdout


def mended(lines):
    return "\n".join(json.dumps(json.loads(line) | {"score": {"raw": 8.0}}) for line in lines.splitlines())


def test_corrections_are_facts_of_their_own_and_the_same_when_written_twice(two):
    chosen = ["export", "--corrections", "--organisation", "acme"]
    lines = two.run(*chosen).stdout
    assert lines == two.run(*chosen).stdout
    corrected = [json.loads(line)["extensions"]["corrects"] for line in lines.splitlines()]
    assert corrected == ["result-1", "result-2"]
    assert "2 accepted" in two.run("submit", "-", stdin=mended(lines)).stdout
    assert "were known already" in two.run("submit", "-", stdin=mended(lines)).stdout
    (acme,) = two.json("results", ANA.id, "--organisation", "acme")
    assert acme["score"]["raw"] == 8.0


def test_a_correction_in_which_nothing_was_changed_is_refused_and_can_still_be_mended(two):
    lines = two.run("export", "--corrections", "--organisation", "acme").stdout
    asis = two.run("submit", "-", stdin=lines, expect=1)
    assert "0 accepted, 2 refused" in asis.stdout
    assert "line 1: nothing in this correction was changed" in flat(asis.stderr)
    assert "2 accepted" in two.run("submit", "-", stdin=mended(lines)).stdout


def test_what_was_corrected_is_not_written_to_be_corrected_once_more(two):
    chosen = ["export", "--corrections", "--organisation", "acme"]
    first, second = two.run(*chosen).stdout.splitlines()
    two.run("submit", "-", stdin=mended(first))
    again = two.run(*chosen)
    # The second, and the correction of the first.
    assert [json.loads(line)["extensions"]["corrects"] for line in again.stdout.splitlines()] == [
        "result-2",
        json.loads(first)["id"],
    ]
    assert second in again.stdout
    assert "1 that has a correction already and is left out" in flat(again.stderr)


def test_what_the_host_calls_corrects_is_kept_in_a_correction(two):
    own = made(7, organisation="acme", extensions={"corrects": "the host's own"})
    two.run("submit", "-", stdin=canonical(own).decode())
    (line,) = two.run("export", "--corrections", "--result", own.id).stdout.splitlines()
    assert json.loads(line)["extensions"]["corrects"] == "the host's own"


def test_a_table_holds_what_a_spreadsheet_needs_and_nothing_that_it_would_run(two):
    evil = made(9, learner=Learner(id="eve", name="=HYPERLINK(1)"), organisation="acme")
    two.run("submit", "-", stdin=canonical(evil).decode())
    two.run("export", "--format", "csv", "--output", "all.csv", "--learner", "eve")
    (row,) = csv.DictReader(io.StringIO((two.folder / "all.csv").read_text("utf-8")))
    assert row["learner_name"] == "'=HYPERLINK(1)"
    assert (row["organisation"], row["kind"], row["deliveries"]) == ("acme", "completed", "")
    rows = csv.DictReader(io.StringIO(two.run("export", "--format", "csv", "--state", "pending").stdout))
    assert [each["deliveries"] for each in rows] == ["globex-lrs: pending"]


def test_a_system_that_cannot_list_users_says_so(two):
    assert "has no lookup_users" in flat(two.run("users", "list", "acme-lrs", expect=2).stderr)


def test_what_happened_to_a_delivery_is_told_step_by_step(host):
    host.configure(lrs_table(NOWHERE))
    host.write_results(1)
    host.run("submit", "results.jsonl")
    worker = host.start("work")
    try:
        while not host.json("deliveries")[0]["attempts"]:
            assert worker.poll() is None
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
    (told,) = host.json("deliveries", "show", "1")
    assert told["state"] == "pending"
    assert told["steps"][0]["kind"] == "sent"
    assert "not reached" in told["steps"][0]["summary"]
    shown = flat(host.run("deliveries", "show", "1").stdout)
    assert "1 result; " in shown
    assert "/xapi" in shown
    assert host.run("deliveries", "show", "2", expect=2).stderr


def test_a_replay_can_be_tried_dry(two):
    two.configure(table("acme-lrs", "acme"))
    worker = two.start("work")
    try:
        while {each["state"] for each in two.json("deliveries")} != {"waiting"}:
            assert worker.poll() is None
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
    dry = two.run("replay", "--connection", "globex-lrs", "--dry-run")
    assert dry.stdout == "1 delivery would be due again\n"
    assert two.json("deliveries")[0]["state"] == "waiting"
    assert two.json("replay", "--connection", "globex-lrs", "--since", "2020-01-01") == [{"replayed": 1}]
    assert two.json("deliveries")[0]["state"] == "pending"


def test_a_learner_is_erased_by_name_and_organisation(two):
    assert "nothing is known" in flat(two.run("erase", ANA.id, "--yes", expect=2).stderr)
    assert two.run("erase", ANA.id, "--organisation", "acme", "--yes").stdout == "2 results erased\n"
    assert two.json("results", ANA.id, "--organisation", "acme") == []
    assert len(two.json("results", ANA.id, "--organisation", "globex")) == 1
    assert two.json("status")[0]["removed"] == {"erased": 2}


def test_who_has_an_account_and_no_result_is_erased_too(two):
    two.run("users", "decide", "acme-lrs", "eve", "u-99")
    asked = ["erase", "eve", "--organisation", "acme"]
    assert "Erase 1 account of eve for good?" in two.run(*asked, stdin="n\n", expect=1).stdout
    assert two.run(*asked, "--yes").stdout == "1 account erased\n"
    assert two.json("users", "accounts", "acme-lrs") == []
    assert "nothing is known" in flat(two.run(*asked, "--yes", expect=2).stderr)


def kept_in(folder, said):
    return [each.name for each in folder.glob("passback.db*") if said in each.read_bytes()]


def test_an_erasure_that_was_killed_before_the_file_was_written_anew_is_completed_by_asking_again(two):
    async def killed():
        async with Passback.from_file(two.folder / "passback.toml", deliver=False) as pb:
            await pb._running.store.run(erase, ANA.id, "acme", lambda _: None)

    two.run("erase", ANA.id, "--organisation", "globex", "--yes")
    worker = two.start("work")
    try:
        assert "delivering" in worker.stderr.readline()
        asyncio.run(killed())
        assert kept_in(two.folder, b"ana@example.com")
        two.run("erase", ANA.id, "--organisation", "acme", "--yes", expect=2)
        assert kept_in(two.folder, b"ana@example.com") == []
    finally:
        worker.terminate()
        worker.communicate(timeout=30)


def test_an_erasure_that_leaves_something_in_the_file_says_so_and_ends_with_one(two):
    many = [made(each, extensions={"x": "y" * 900}) for each in range(3000)]
    two.run("submit", "-", stdin="\n".join(canonical(each).decode() for each in many))
    room = (two.folder / "passback.db").stat().st_size + 16_384
    done = subprocess.run(
        two.command("erase", ANA.id, "--organisation", "acme", "--yes"),
        cwd=two.folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "2 results erased\n")
    assert "ask for the same again" in flat(done.stderr)
    assert "nothing is known" in two.run("erase", ANA.id, "--organisation", "acme", "--yes", expect=2).stderr


def test_an_export_that_is_killed_leaves_the_one_before_as_it_was(host):
    host.configure(lrs_table(NOWHERE))
    host.write_results(6000)
    host.run("submit", "results.jsonl")
    before = host.folder / "all.jsonl"
    before.write_text("as it was\n", "utf-8")
    exporting = host.start("export", "-o", "all.jsonl")
    while not any(each.stat().st_size for each in host.folder.glob("all.jsonl.*")):
        assert before.read_text("utf-8") == "as it was\n"
        assert exporting.poll() is None
        time.sleep(0.001)
    exporting.kill()
    exporting.wait(timeout=30)
    exporting.stderr.close()
    assert before.read_text("utf-8") == "as it was\n"


def test_an_export_is_its_owners_alone_or_whosever_the_one_before_was(two):
    output = two.folder / "all.jsonl"
    (two.folder / "link.jsonl").symlink_to(output)
    for mode in (0o600, 0o640):
        two.run("export", "-o", "link.jsonl")
        assert (output.stat().st_mode & 0o777, len(output.read_text("utf-8").splitlines())) == (mode, 3)
        output.chmod(0o640)
    assert (two.folder / "link.jsonl").is_symlink()
    assert [each.name for each in two.folder.glob("all.jsonl*")] == ["all.jsonl"]


def test_an_export_goes_into_a_pipe_or_a_device_too(two):
    whole = two.run("export").stdout
    assert two.run("export", "-o", "/dev/stdout").stdout == whole
    pipe = two.folder / "pipe"
    os.mkfifo(pipe)
    exporting = two.start("export", "-o", "pipe")
    assert pipe.read_text("utf-8") == whole
    assert exporting.wait(timeout=30) == 0
    exporting.stderr.close()
    assert "can't be written: " in two.run("export", "-o", "no/such/folder.jsonl", expect=2).stderr


def test_who_a_learner_is_at_a_connection_is_erased_with_them(two):
    two.run("users", "decide", "acme-lrs", ANA.id, "u-90417")
    assert [each["user_id"] for each in two.json("users", "accounts", "acme-lrs")] == ["u-90417"]
    two.run("erase", ANA.id, "--organisation", "acme", "--yes")
    assert two.json("users", "accounts", "acme-lrs") == []


def test_a_closed_pipe_ends_an_export_quietly(two):
    exporting = subprocess.Popen(
        two.command("export"), cwd=two.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    exporting.stdout.close()
    assert "Traceback" not in exporting.stderr.read()
    exporting.wait(timeout=30)
    exporting.stderr.close()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["deliveries", "show", "9" * 30], f"there is no delivery {'9' * 30}"),
        (["deliveries", "--limit", "9" * 30], "9223372036854775807"),
    ],
)
def test_what_no_database_can_hold_is_told_without_a_traceback(two, asked, told):
    said = two.run(*asked, expect=2).stderr
    assert told in flat(said)
    assert "Traceback" not in said
