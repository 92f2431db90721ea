"""In a host, by its configuration file alone: checked, sent to, and reporting to us over a socket."""

import asyncio
import re
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from passback import Activity, ConnectionFailure, Learner, Passback, Selection
from passback.sandbox import BadAnswer
from passback.web import mountable
from passback_go1.sandbox import Sandbox, Sender, completed
from passback_go1.sandbox.__main__ import main

SECRET = "sandbox-signing-secret"
AT = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)


@asynccontextmanager
async def hosted(folder, portal):
    """Serve the mounted app of a host that has the guide's configuration; give it, and its hook's address."""
    guide = portal.sandbox.guide(portal.url).partition("\nUsers:")[0]
    own = guide.replace(
        'connector = "go1"', 'connector = "go1"\nmatch = ["id", "email"]\nsending = { linger = 0 }'
    )
    (folder / "passback.toml").write_text(own, "utf-8")
    async with Passback.from_file(folder / "passback.toml") as pb:
        app = Starlette(routes=[Mount("/passback", app=mountable(pb))])
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            serving = asyncio.create_task(server.serve([listener]))
            yield pb, f"http://127.0.0.1:{listener.getsockname()[1]}/passback/hooks/go1"
            server.should_exit = True
            await serving


def run(folder, portal, work):
    async def whole():
        async with hosted(folder, portal) as (pb, hook):
            await work(pb, hook)

    asyncio.run(whole())


def test_the_test_button_works(tmp_path, start):
    async def work(pb, _):
        outcome = await pb.check("go1")
        assert outcome.error is None

    run(tmp_path, start(), work)


def test_an_activity_that_is_no_learning_object_waits_and_nothing_is_sent(tmp_path, start, made):
    portal = start()

    async def work(pb, _):
        await pb.submit(made(activity=Activity(id="crane")))
        assert await pb.drain(20)
        (delivery,) = await pb.deliveries(Selection())
        assert (delivery.state, delivery.waiting_for) == ("waiting", "activity")

    run(tmp_path, portal, work)
    assert portal.asked("/gateway", "POST") == []


def test_learners_are_looked_up_and_what_waited_for_their_accounts_goes(tmp_path, start, made):
    portal = start()
    learners = [
        Learner(id="u-1", email="Ana@example.com"),
        Learner(id="u-2", email="twin@example.com"),
        Learner(id="u-3", email="nobody@example.com"),
        Learner(id="u-4", external_id="504"),
    ]
    expected = {"u-1": "delivered", "u-2": "waiting", "u-3": "waiting", "u-4": "delivered"}

    async def work(pb, _):
        for n, learner in enumerate(learners):
            await pb.submit(made(n, learner=learner, kind="passed"))
        async with asyncio.timeout(30):
            while await states(pb) != expected:
                await asyncio.sleep(0.1)
        signed = await pb.accounts.sign_in("go1", "u-1", Activity(id="777"))
        assert signed.url.startswith("http")
        assert signed.url not in repr(signed)
        with pytest.raises(ConnectionFailure, match="no account of GO1 is known"):
            await pb.accounts.sign_in("go1", "u-3")

    run(tmp_path, portal, work)
    told = {each["user_account_id"]: each["pass"] for each in portal.sandbox.enrollments}
    assert told == {"501": True, "504": True}


async def states(pb):
    return {each.learner: each.state for each in await pb.deliveries(Selection())}


def test_what_go1_reports_is_accepted_once_and_never_goes_back(tmp_path, start):
    portal = start()
    event = completed("evt-1", "501", "777", AT, **{"pass": True, "result": 90})

    async def work(pb, hook):
        for _ in range(2):
            assert await asyncio.to_thread(Sender(hook, SECRET).send, event) == '{"accepted":1}'
            assert await pb.drain(20)
        assert (await pb.totals()).accepted == 1
        (result,) = [each async for each in pb.export()]
        assert result.result.learner.id == "go1:501"
        assert result.result.activity.id == "https://example.com/ladder"
        assert await pb.deliveries(Selection()) == []

    run(tmp_path, portal, work)
    assert portal.asked("/gateway") == []


def test_who_has_that_account_is_named_as_the_host_names_them(tmp_path, start, made):
    """An event that comes again is the same, though its learner wasn't known yet when it came first."""
    before, after = (completed(f"evt-{n}", "501", "778", AT) for n in range(2))

    async def work(pb, hook):
        await asyncio.to_thread(Sender(hook, SECRET).send, before)
        await pb.submit(made(0, learner=Learner(id="u-1", email="Ana@example.com")))
        async with asyncio.timeout(30):
            while (await states(pb)).get("u-1") != "delivered":
                await asyncio.sleep(0.05)
        for event in (before, after, after):
            await asyncio.to_thread(Sender(hook, SECRET).send, event)
        learners = [each.result.learner async for each in pb.export()]
        assert [each.id for each in learners] == ["go1:501", "u-1", "u-1"]
        assert learners[-1].email == "Ana@example.com"

    run(tmp_path, start(), work)


def test_who_isnt_go1_is_told_so_and_nothing_is_accepted(tmp_path, start, caplog):
    event = completed("evt-1", "501", "777", AT)

    async def work(pb, hook):
        for secret, skew in (("another-secret", 0), (SECRET, -90), (SECRET, 90)):
            with pytest.raises(BadAnswer, match="got 401"):
                await asyncio.to_thread(Sender(hook, secret).send, event, skew)
        assert (await pb.totals()).accepted == 0

    run(tmp_path, start(), work)
    assert "401" in caplog.text
    assert SECRET not in caplog.text
    assert "another-secret" not in caplog.text


def test_an_event_that_says_another_thing_than_before_is_refused(tmp_path, start):
    async def work(pb, hook):
        sender = Sender(hook, SECRET)
        await asyncio.to_thread(sender.send, completed("evt-1", "501", "777", AT, result=90))
        with pytest.raises(BadAnswer, match="got 409"):
            await asyncio.to_thread(sender.send, completed("evt-1", "501", "777", AT, result=91))
        assert (await pb.totals()).accepted == 1

    run(tmp_path, start(), work)


def test_the_sandbox_sends_from_the_command_line(tmp_path, start, monkeypatch, capsys):
    monkeypatch.setenv("SANDBOX_SECRET", SECRET)

    async def work(pb, hook):
        again = ["--event", "evt-9", "--at", "2026-11-02T08:30:00+00:00", "--result", "20", "--failed"]
        for _ in range(2):
            await asyncio.to_thread(main, ["send", hook, *again])
        await asyncio.to_thread(main, ["send", hook])
        assert (await pb.totals()).accepted == 2
        kinds = {each.result.kind: each.result async for each in pb.export()}
        assert set(kinds) == {"failed", "passed"}
        assert kinds["failed"].score.raw == 20

    run(tmp_path, start(), work)
    assert re.fullmatch(r'(evt-9: \{"accepted":1\}\n){2}\w{16}: \{"accepted":1\}\n', capsys.readouterr().out)


def test_the_core_finds_the_sandbox_by_its_name():
    (offered,) = entry_points(group="passback.sandboxes.v1", name="go1")
    assert offered.load() is Sandbox
