"""What OpenTelemetry is told, by its own SDK's in-memory exporters."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from hosting import lrs_table, made
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from passback import Passback, SystemClock
from passback.delivery import Outbox, Submission
from passback.host.running.telemetry import Telemetry
from passback.sandbox import serve
from passback.store import Store
from passback_testbed.places import workspace
from passback_xapi.sandbox import Behaviour, Sandbox

DEAD = ("passback.backlog", ("connection", "dead"), ("state", "pending"))


@pytest.fixture(scope="module")
def exported():
    # The SDK takes one provider for a process.
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(tracing)
    measuring = MeterProvider([reader])
    metrics.set_meter_provider(measuring)
    yield spans, reader
    measuring.shutdown()
    tracing.shutdown()


def of(spans, connection):
    return [one for one in spans.get_finished_spans() if one.attributes["passback.connection"] == connection]


def points(reader):
    found = {}
    for resource in reader.get_metrics_data().resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                for point in metric.data.data_points:
                    found[metric.name, *sorted(point.attributes.items())] = point
    return found


def described(reader):
    """Return each metric with its unit and the names of its attributes."""
    found = {}
    for resource in reader.get_metrics_data().resource_metrics:
        for metric in (each for scope in resource.scope_metrics for each in scope.metrics):
            names = {name for point in metric.data.data_points for name in point.attributes}
            found[metric.name] = (metric.unit, names)
    return found


def documented(heading):
    """Return the rows of the table under `heading` in the documentation: the code in each cell."""
    page = (workspace() / "docs" / "how-to" / "telemetry.md").read_text("utf-8")
    rows = page.partition(f"## {heading}\n")[2].partition("\n## ")[0].splitlines()
    return [[re.findall("`([^`]+)`", cell) for cell in row.split("|")] for row in rows if row[:3] == "| `"]


def test_batches_are_spans_receipts_are_counted_and_the_backlog_is_shown(host, exported):
    spans, reader = exported
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))

    async def deliver(url):
        dead = lrs_table("http://127.0.0.1:9/xapi", "dead", sending="first_probe = 60")
        host.configure(lrs_table(url), dead)
        async with Passback.from_file(host.folder / "passback.toml"):
            pass  # one that was there before leaves the next one its instruments
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            await pb.submit_many(made(number) for number in range(20))
            async with asyncio.timeout(20):
                while len(sandbox.statements) < 20 or not any(
                    not one.status.is_ok for one in spans.get_finished_spans()
                ):
                    await asyncio.sleep(0.05)
            telemetry = pb._running._telemetry
            watching = asyncio.create_task(telemetry.watch(pb._running.store))
            async with asyncio.timeout(20):
                while ("passback.backlog", ("connection", "dead"), ("state", "pending")) not in points(
                    reader
                ):
                    await asyncio.sleep(0.05)
            watching.cancel()
            return points(reader), described(reader)

    with serve(sandbox) as url:
        found, metered = asyncio.run(deliver(url))
    assert found["passback.deliveries", ("connection", "lrs"), ("receipt", "Delivered")].value == 20
    assert found[DEAD].value == 20
    assert 0 <= found["passback.backlog.age", ("connection", "dead")].value < 60
    assert found["passback.healthy", ("connection", "dead")].value == 0
    assert found["passback.batch.duration", ("connection", "dead"), ("failed", True)].count >= 1
    sent = [one for one in spans.get_finished_spans() if one.attributes["passback.connection"] == "lrs"]
    assert sum(one.attributes["passback.delivered"] for one in sent) == 20
    (failed, *_) = [
        one for one in spans.get_finished_spans() if one.attributes["passback.connection"] == "dead"
    ]
    assert "not reached" in failed.status.description
    began = datetime.fromtimestamp(failed.start_time / 1e9, UTC)
    assert abs(datetime.now(UTC) - began) < timedelta(minutes=1)
    assert failed.end_time >= failed.start_time
    told = {name: (unit, {*of}) for _, [name], [unit], of, *_ in documented("What is measured")}
    assert told == metered
    assert [[one.name, {*one.attributes}] for one in (failed, sent[0])] == 2 * [
        [name, {*of}] for _, [name], of, *_ in documented("What is traced")
    ]


def test_a_database_that_is_away_for_a_while_ends_no_measuring(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("passback.host.running.telemetry._REFRESH_SECONDS", 0.01)

    async def check():
        store, told = Store(tmp_path / "passback.db"), Telemetry(SystemClock())
        watching = asyncio.create_task(told.watch(store))
        async with asyncio.timeout(10):
            while "the backlog can't be measured now" not in caplog.text:
                await asyncio.sleep(0.01)
            await store.open()
            outbox = Outbox(store)
            await outbox.put([Submission.of(made(1), ("lms",))], datetime.now(UTC), tell=False)
            while not list(told.ages()):
                await asyncio.sleep(0.01)
            assert list(told.healths()) == [(1, {"connection": "lms"})]
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await store.close()

    asyncio.run(check())
