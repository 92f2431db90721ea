"""The example host apps, started as their users start them, beside what delivers."""

import csv
import json
import subprocess
import sys
import uuid

import pytest
from serving import BIN, EXAMPLES, at_acme

from passback.sandbox import serve
from passback_testbed.ports import free_port
from passback_xapi.sandbox import Behaviour, Sandbox

SERVERS = {
    "fastapi": ("uvicorn", "app:app", "--port"),
    "flask": ("flask", "run", "--port"),
    "django": ("python", "project.py", "runserver", "--noreload"),
}
LADDER = "https://example.com/ladder"


@pytest.fixture(scope="module")
def lrs():
    sandbox = Sandbox(Behaviour(key="us", secret="secret"))
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


@pytest.fixture(scope="module", params=SERVERS)
def app(request, lrs, tmp_path_factory):
    """An example app being served, with a worker beside it where it only puts."""
    name = request.param
    with at_acme(tmp_path_factory.mktemp("examples") / name, name, lrs.url) as deployment:
        port = free_port()
        deployment.launch(*SERVERS[name], str(port))
        if name != "fastapi":
            deployment.launch("passback", "work")
        with deployment.serving(port) as client:
            client.deployment = deployment
            client.form = name == "django"
            yield client


def complete(app, **fields):
    given = {"learner": "ana@example.com", "activity": LADDER, "score": 0.9} | fields
    said = {name: value for name, value in given.items() if value is not None}
    return app.post("/complete", **{"data" if app.form else "json": said})


def test_what_is_completed_is_accepted_at_once_and_shown_until_it_is_delivered(app, lrs):
    answer = complete(app, learner=f"ana@{uuid.uuid4()}.example")
    assert answer.status_code == 202
    result_id = answer.json()["id"]

    def delivered():
        (delivery,) = app.get(f"/results/{result_id}").json()
        return delivery if delivery["state"] == "delivered" else None

    delivery = app.deployment.until(delivered)
    assert delivery["connection"] == "acme"
    (statement,) = [each for each in lrs.statements if each["id"] == result_id]
    assert statement["result"]["score"] == {"scaled": 0.9}
    (standing,) = app.get(f"/learners/{delivery['learner']}").json()
    assert standing["activity"]["id"] == LADDER
    assert standing["score"]["scaled"] == 0.9
    assert [each["delivered"] for each in standing["reached"]] == [1]


def test_what_waits_is_shown_with_what_it_waits_for_and_why(app):
    result_id = complete(app, learner="employee 7").json()["id"]

    def waiting():
        (delivery,) = app.get(f"/results/{result_id}").json()
        return delivery if delivery["state"] == "waiting" else None

    delivery = app.deployment.until(waiting)
    assert delivery["waiting_for"] == "account"
    assert "address" in delivery["reason"]
    (standing,) = app.get("/learners/employee 7").json()
    assert [each["waiting"] for each in standing["reached"]] == [1]


def test_an_id_sent_again_is_the_same_fact_and_another_fact_needs_another_id(app):
    sent = {"id": str(uuid.uuid4()), "at": "2026-11-21T09:30:00Z"}
    for _ in range(2):
        assert complete(app, **sent).json() == {"id": sent["id"]}
    assert len(app.get(f"/results/{sent['id']}").json()) == 1
    conflict = complete(app, **sent, score=0.1)
    assert conflict.status_code == 422
    assert "accepted before with other content" in conflict.text
    late = complete(app, id=sent["id"])
    assert late.status_code == 422
    assert "at" in late.text
    assert "one time" in late.text


@pytest.mark.parametrize(
    ("wrong", "field", "expected"),
    [
        ({"score": 7}, "score", "from -1 to 1"),
        ({"score": "high"}, "score", "number|float"),
        ({"learner": None}, "learner", "required|str"),
        ({"learner": "x" * 1025}, "learner", "at most 1024"),
        ({"id": "1", "at": "yesterday"}, "at", "date"),
        ({"id": "1", "at": "2026-11-21T09:30:00+00:00", "activity": " "}, "activity", "required|empty"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_with_its_field_and_what_was_expected(app, wrong, field, expected):
    answer = complete(app, **wrong)
    assert answer.status_code == 422
    assert field in answer.text
    assert any(word in answer.text for word in expected.split("|")), answer.text


def test_what_is_no_completion_at_all_is_the_clients_mistake(app):
    for content in (b"[]", b"{", b"null", b""):
        answer = app.post("/complete", content=content, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500


def test_an_app_that_delivers_nothing_itself_accepts_while_no_worker_runs(lrs, tmp_path):
    with at_acme(tmp_path / "flask", "flask", lrs.url) as deployment:
        port = free_port()
        deployment.launch(*SERVERS["flask"], str(port))
        with deployment.serving(port) as app:
            app.form = False
            result_id = complete(app).json()["id"]
            assert app.get(f"/results/{result_id}").json()[0]["state"] == "pending"
            deployment.launch("passback", "work")
            deployment.until(lambda: app.get(f"/results/{result_id}").json()[0]["state"] == "delivered")


def test_the_script_reports_a_file_and_the_second_time_only_what_is_new(lrs, tmp_path):
    with at_acme(tmp_path / "script", "script", lrs.url) as deployment:
        file = deployment.folder / "completions.csv"
        rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
        before = len(lrs.statements)
        for more in (0, 1):
            if more:
                with file.open("a") as longer:
                    longer.write(",".join({**rows[0], "id": "course-3"}.values()) + "\n")
            subprocess.run(
                [sys.executable, "report.py", "completions.csv"],
                cwd=deployment.folder, env=deployment.environment, check=True, timeout=60,
            )  # fmt: skip
            assert len(lrs.statements) == before + len(rows) + more
        assert deployment.counts("acme") == {"delivered": len(rows) + 1}


def test_a_task_reports_in_celerys_own_process_and_twice_is_once(lrs, tmp_path):
    with at_acme(tmp_path / "celery", "celery", lrs.url) as deployment:
        deployment.launch("celery", "--app", "tasks", "worker", "--concurrency", "2", "--loglevel", "INFO")
        deployment.launch("passback", "work")
        # The worker makes the broker's tables, and two that do it at once get into each other's way.
        deployment.until(lambda: "ready." in deployment.said(), 60)
        result_id = str(uuid.uuid4())
        told = [result_id, "ana@example.com", LADDER, 0.9, "2026-11-21T09:30:00Z"]
        program = f"from tasks import report\nfor _ in range(2): report.delay(*{json.dumps(told)})"
        subprocess.run(
            [BIN / "python", "-c", program],
            cwd=deployment.folder, env=deployment.environment, check=True, timeout=60,
        )  # fmt: skip
        deployment.until(lambda: deployment.counts("acme") == {"delivered": 1})
        deployment.until(lambda: deployment.said().count("succeeded") == 2)
    assert [each["id"] for each in lrs.statements].count(result_id) == 1


def test_each_is_short_enough_to_be_read_before_it_is_copied():
    files = [each for each in EXAMPLES.rglob("*.py") if not each.is_relative_to(EXAMPLES / "demo")]
    assert len(files) >= 5
    most = {each: 120 if each.parent.name.startswith("sign_in") else 60 for each in files}
    assert not [each for each in files if len(each.read_text("utf-8").splitlines()) >= most[each]]
