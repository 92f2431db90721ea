"""A host that is running reads its configuration again."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hosting import lrs_table, made
from mailserver import mail_server

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


def test_a_mail_that_is_looked_through_for_long_arrives_once_and_holds_up_no_reload(host):
    async def change(inbox):
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            await pb.submit(made(1))
            await until(lambda: inbox.begun)
            for _ in range(3):
                await pb.reload()
            assert inbox.messages == []
            await until(lambda: inbox.messages)
            await asyncio.sleep(1)
        assert inbox.begun == 1

    with mail_server() as inbox:
        inbox.thinking = 4
        smtp = (
            f'smtp = {{ host = "localhost", port = {inbox.port}, security = "none", sender = "a@b.example" }}'
        )
        host.configure("[alerts]\nafter = 0.2", smtp, lrs_table("http://127.0.0.1:9/"))
        asyncio.run(change(inbox))


REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@asynccontextmanager
async def slow_lrs():
    """Give the address of one that answers nothing until told to; then, that it doesn't know the key."""
    asked, answering = asyncio.Event(), asyncio.Event()

    async def converse(reader, writer):
        await reader.read(1)
        asked.set()
        await answering.wait()
        writer.write(REFUSED)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(converse, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/xapi/", asked, answering
        answering.set()


async def until(true, seconds=20):
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.05)


def test_a_repair_is_in_effect_while_another_system_leaves_its_request_unanswered(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))

    async def repair(url):
        async with slow_lrs() as (slow, asked, answering):
            host.configure(lrs_table(url, secret="wrong"), lrs_table(slow, name="slow"))
            async with Passback.from_file(host.folder / "passback.toml") as pb:
                await pb.submit(made(1))
                await asked.wait()
                async with asyncio.timeout(10):
                    while {each.name: each.health for each in (await pb.totals()).connections}["lrs"] == "ok":
                        await asyncio.sleep(0.05)
                host.configure(lrs_table(url), lrs_table(slow, name="slow"))
                await pb.reload()
                await until(lambda: sandbox.statements)
                assert not answering.is_set()
                answering.set()

    with serve(sandbox) as url:
        asyncio.run(repair(url))
    assert len(sandbox.statements) == 1


def test_what_was_asked_with_the_old_key_says_nothing_of_the_new_one(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    patient = "first_probe = 600\nlongest_probe = 600"

    async def repair(url):
        async with slow_lrs() as (slow, asked, answering):
            host.configure(lrs_table(slow, sending=patient))
            async with Passback.from_file(host.folder / "passback.toml") as pb:
                await pb.submit(made(1))
                await asked.wait()
                host.configure(lrs_table(url, sending=patient))
                await pb.reload()
                # Time for whatever doesn't wait for the answer.
                await asyncio.sleep(1)
                assert not sandbox.statements, "one request at a time"
                answering.set()
                await until(lambda: sandbox.statements)
                await until(lambda: not [each for each in asyncio.all_tasks() if "before" in each.get_name()])

    with serve(sandbox) as url:
        asyncio.run(repair(url))
    assert host.counts() == {"delivered": 1}
    assert host.health() == "ok"


def test_who_asks_while_it_is_read_already_shares_the_next_reading(host, caplog):
    async def storm():
        async with Passback.from_file(host.folder / "passback.toml") as pb:
            first = asyncio.create_task(pb.reload())
            await asyncio.sleep(0)
            await asyncio.gather(first, *(pb.reload() for _ in range(40)))

    host.configure()
    caplog.set_level("INFO")
    asyncio.run(storm())
    assert caplog.text.count("the configuration is read again") == 2


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
