"""A host that is running reads its configuration again."""

import asyncio

import pytest
from hosting import lrs_table, made

from passback import Config, Passback
from passback.errors import ConfigError
from passback.sandbox import serve
from passback_xapi.sandbox import Behaviour, Sandbox


def test_reloads_that_come_together_leave_one_dispatcher_that_delivers_all(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))

    async def busy():
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            submitting = asyncio.create_task(pb.submit_many(made(number) for number in range(1200)))
            await asyncio.gather(pb.reload(), pb.reload(), pb.reload())
            await submitting
            dispatchers = [task for task in asyncio.all_tasks() if task.get_name() == "passback dispatcher"]
            assert len(dispatchers) == 1
            assert await pb.drain(30)

    with serve(sandbox) as url:
        host.configure(lrs_table(url))
        asyncio.run(busy())
    assert len(sandbox.statements) == 1200


def test_an_activity_that_is_attached_while_it_runs_goes(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))

    async def attach(url):
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            acceptance = await pb.submit(made(1))
            assert acceptance.connections == ()
            assert (await pb.totals()).unrouted == 1
            host.configure(lrs_table(url))
            async with asyncio.timeout(20):
                while not sandbox.statements:
                    await asyncio.sleep(0.1)
            assert (await pb.totals()).unrouted == 0

    with serve(sandbox) as url:
        host.configure(lrs_table(url, more='activities = ["https://content.example.com/other"]'))
        asyncio.run(attach(url))


def test_a_store_that_is_changed_in_the_file_is_told_once_and_takes_a_restart(host, caplog):
    told = "names another store by now, but this process goes on with"

    async def change():
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            host.configure(store="other.db")
            for _ in range(3):
                await pb.reload()
            assert caplog.text.count(told) == 1
            assert "passback.db: restart it" in caplog.text
            await pb.submit(made(1))
            assert (await pb.totals()).unrouted == 1
            host.configure(store="passback.db")
            await pb.reload()
            assert caplog.text.count(told) == 1, "it's the one that is open"
            host.configure(store="postgresql://passback:hush-hush@db.example/passback")
            await pb.reload()
            assert caplog.text.count(told) == 2
            assert "hush-hush" not in caplog.text

    host.configure()
    asyncio.run(change())


def test_a_host_without_a_file_says_so():
    with pytest.raises(ConfigError, match="none to read again"):
        asyncio.run(Passback(Config()).reload())
