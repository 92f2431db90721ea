"""Through the real core: a file of configuration, an outbox, and the sandbox."""

import asyncio
from datetime import UTC, datetime

from passback import Activity, Learner, Passback, Result, State
from passback_stackone.sandbox import DISTRIBUTION

TABLE = """
store = "passback.db"
[connections.acme]
connector = "stackone"
contact = "admin@example.com"
options = {{ url = "{url}", api_key = "sandbox-key", account_id = "45355976281015164504" }}
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
"""
KNOWN = Learner(id="u-1", external_id="E-1001")
UNKNOWN = Learner(id="u-2", external_id="E-0")


def sent(system, folder, *results, delivered):
    """Submit `results`, wait until so many are delivered, and return where each stands."""
    (folder / "passback.toml").write_text(TABLE.format(url=system.url), "utf-8")

    async def outcome():
        async with Passback.from_file(folder / "passback.toml") as pb:
            await pb.attach("ladder-1", "acme")
            for result in results:
                await pb.submit(result)
            async with asyncio.timeout(20):
                while (await pb.totals()).count(State.DELIVERED) < delivered:
                    await asyncio.sleep(0.05)
            return {each.result_id: each.state for each in await pb.deliveries()}

    return asyncio.run(outcome())


def result(name, learner, kind):
    fact = {"at": datetime(2026, 11, 2, tzinfo=UTC), "activity": Activity(id="ladder-1")}
    return Result(id=name, kind=kind, learner=learner, **fact)


def test_a_completion_finds_its_user_and_others_wait(start, tmp_path):
    system = start()
    results = [
        result("place", UNKNOWN, "started"),
        result("user", KNOWN, "completed"),
        result("nobody", UNKNOWN, "completed"),
    ]
    states = sent(system, tmp_path, *results, delivered=2)
    assert states.pop("nobody") != State.DELIVERED.word
    assert states == {"place": State.DELIVERED.word, "user": State.DELIVERED.word}
    assert [record["user_id"] for record in system.sandbox.completions] == ["c28x0001"]


def test_content_distribution_takes_everybody_under_ids_of_nobody(start, tmp_path):
    """501 alone says so; without a launch the id is made up (wire facts §4.3)."""
    system = start(DISTRIBUTION)
    results = [result(f"r-{n}", learner, "completed") for n, learner in enumerate((KNOWN, UNKNOWN))]
    sent(system, tmp_path, *results, delivered=2)
    users = [record["user_id"] for record in system.sandbox.completions]
    assert len(set(users)) == 2
    assert {"E-1001", "E-0", "u-1", "u-2"}.isdisjoint(users)
