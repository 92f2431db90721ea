"""Passback itself, each scenario in a process of its own: `scenarios.py NAME PORT FOLDER [NUMBER …]`."""

from __future__ import annotations

import asyncio
import logging
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
from load import BATCH, made, write_configuration
from rows import Row, best

from passback import Batch, Delivered, Delivery, Passback
from passback.host.running.garbage import seek_less_garbage
from passback.store import State

# Measured as often, one after another; of this many results each.
_WINDOWS = 3
_WINDOW = 10_000
_FRESH = 5000
_PATIENCE = 600


async def accept(port: int, folder: Path, count: int) -> list[Row]:
    """Measure accepting: one by one, from many tasks, and in bulk."""
    single = Row("passback: submit, one after another")
    crowd = Row("passback: submit, 100 tasks at once")
    bulk = Row("passback: submit_many")
    async with _opened(port, folder) as pb:
        await pb.submit_many(made(BATCH))
        one_by_one = list(made(300))
        with single.measured(300):
            for each in one_by_one:
                await pb.submit(each)
        few = list(made(3000))
        with crowd.measured(3000):
            for start in range(0, 3000, 100):
                await asyncio.gather(*(pb.submit(each) for each in few[start : start + 100]))
        many = list(made(count))
        with bulk.measured(count):
            await pb.submit_many(many)
    return [single, crowd, bulk]


async def send(port: int, folder: Path, count: int) -> list[Row]:
    """Measure a connection by itself: batches of results to statements, sent, answers to receipts."""
    row = Row(f"passback: a connection by itself, {BATCH} a request, no store")
    async with _opened(port, folder) as pb:
        connection = pb._running.roster.connection("lrs0")  # noqa: SLF001 - no host sends past its outbox
        deliveries = [Delivery(id=number, result=each, attempt=1) for number, each in enumerate(made(count))]
        batches = [Batch(deliveries=tuple(deliveries[at : at + BATCH])) for at in range(0, count, BATCH)]
        await connection.submit_results(batches[0])
        with row.measured(count - BATCH):
            for batch in batches[1:]:
                receipts = await connection.submit_results(batch)
                assert all(isinstance(each, Delivered) for each in receipts)  # noqa: S101 - or it's no measure
    return [row]


async def whole(port: int, folder: Path, count: int, store: str = "") -> list[Row]:
    """Measure the whole path: accepted, delivered, settled."""
    row = Row(f"passback{' on PostgreSQL' if store else ''}: the whole path, {BATCH} a request")
    async with Passback.from_file(write_configuration(folder, port, store=store)) as pb:
        await pb.submit_many(made(BATCH))
        await pb.drain()
        seek_less_garbage()
        fresh = list(made(count))
        with row.measured(count):
            await pb.submit_many(fresh)
            await pb.drain()
    row.disk = 0 if store else _size(folder) / (count + BATCH)
    return [row]


async def queued(port: int, folder: Path, connections: int, backlog: int) -> list[Row]:
    """Measure accepting on top of a backlog, and delivering some of it; what `folder` has of it is used."""
    told = f"{connections:,} connections, {backlog:,} queued" if connections > 1 else f"{backlog:,} queued"
    config = write_configuration(folder, port, connections)
    async with Passback.from_file(config, deliver=False) as pb:
        there = (await pb.totals()).count(State.PENDING)
    if not there:
        async with Passback.from_file(config) as pb:
            # Connections that have taken something, as nearly all have that have a backlog.
            await pb.submit_many(made(connections, connections, in_a_row=1))
            await pb.drain()
    async with Passback.from_file(config, deliver=False) as pb:
        await _fill(pb, backlog - there, connections)
        accepted = [
            await _accepted(pb, f"passback: submit_many, {told}", connections) for _ in range(_WINDOWS)
        ]
        accepted_by_now = (await pb.totals()).accepted
    # Closed, it has no log beside it.
    kept = _size(folder) / accepted_by_now
    async with Passback.from_file(config), httpx2.AsyncClient(trust_env=False) as client:
        seek_less_garbage()
        before = await arrived(client, port)
        # Connections are opened with their first request: that is done before it's measured.
        await until(client, port, before + min(backlog // 4, connections * BATCH // 2))
        window = min(_WINDOW, backlog // 6)
        delivered = [
            await _delivered(client, port, f"passback: deliver, {told}", window) for _ in range(_WINDOWS)
        ]
    (more,), (drain,) = best([[each] for each in accepted]), best([[each] for each in delivered])
    drain.disk = kept
    drain.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [more, drain]


async def own_ids(port: int, folder: Path, backlog: int) -> list[Row]:
    """Measure accepting on top of a backlog, where the host gives ids, random ones."""
    async with _opened(port, folder) as pb:
        await _fill(pb, backlog, random_ids=True)
        name = f"passback: submit_many, {backlog:,} queued, random ids of the host's"
        return best([[await _accepted(pb, name, 1, random_ids=True)] for _ in range(_WINDOWS)])


async def _fill(pb: Passback, backlog: int, connections: int = 1, *, random_ids: bool = False) -> None:
    for start in range(0, backlog, 50_000):
        await pb.submit_many(made(min(50_000, backlog - start), connections, random_ids=random_ids))


async def _accepted(pb: Passback, name: str, connections: int, *, random_ids: bool = False) -> Row:
    row = Row(name)
    fresh = list(made(_FRESH, connections, random_ids=random_ids))
    with row.measured(len(fresh)):
        await pb.submit_many(fresh)
    return row


async def _delivered(client: httpx2.AsyncClient, port: int, name: str, least: int) -> Row:
    row = Row(name)
    begun = await arrived(client, port)
    wall, cpu = time.perf_counter(), time.process_time()
    ended = await until(client, port, begun + least)
    row.rate = (ended - begun) / (time.perf_counter() - wall)
    row.cpu = (time.process_time() - cpu) / (ended - begun) * 1e6
    return row


async def beside(port: int, folder: Path, well: int, dead: int, each: int) -> list[Row]:
    """Measure delivering for connections that are well, beside dead ones: half of those hang, half refuse."""
    # 300 lines that say so would hide the table.
    logging.getLogger("passback").setLevel(logging.ERROR)
    row = Row(f"passback: deliver, {well} connections" + (f" beside {dead} dead ones" if dead else ""))
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    hangs, refuses = silent.sockets[0].getsockname()[1], 1
    config = write_configuration(folder, port, well, dead=[hangs, refuses] * (dead // 2))
    async with Passback.from_file(config, deliver=False) as pb:
        for _ in range(0, each, BATCH):
            await pb.submit_many(made(BATCH * (well + dead), well + dead))
    async with Passback.from_file(config) as pb, httpx2.AsyncClient(trust_env=False) as client:
        seek_less_garbage()
        before = await arrived(client, port)
        # Connections are opened with their first request: that is done before it's measured.
        begun = await until(client, port, before + well * BATCH)
        with row.measured(before + well * each - begun):
            await until(client, port, before + well * each)
        pb.cancel()
    return [row]


async def work(_: int, folder: Path) -> list[Row]:
    """Deliver until the standard input ends; print the seconds of CPU that this took."""
    async with Passback.from_file(folder / "passback.toml"):
        seek_less_garbage()
        cpu = time.process_time()
        await asyncio.to_thread(sys.stdin.read)
        print(time.process_time() - cpu)
    return []


@asynccontextmanager
async def _opened(port: int, folder: Path) -> AsyncIterator[Passback]:
    async with Passback.from_file(write_configuration(folder, port), deliver=False) as pb:
        yield pb


def _size(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.glob("passback.db*"))


async def arrived(client: httpx2.AsyncClient, port: int) -> int:
    """Return how many results have arrived at the sink."""
    return int((await client.get(f"http://127.0.0.1:{port}/count", timeout=_PATIENCE)).text)


async def until(client: httpx2.AsyncClient, port: int, count: int) -> int:
    """Wait until `count` results have arrived at the sink; return how many have by then."""
    deadline = time.monotonic() + _PATIENCE
    while (now := await arrived(client, port)) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{now} of {count} results arrived within {_PATIENCE} s")
        await asyncio.sleep(0.05)
    return now


_SCENARIOS: dict[str, Callable[..., Coroutine[None, None, list[Row]]]] = {
    each.__name__: each for each in (accept, send, whole, queued, own_ids, beside, work)
}


def main() -> None:
    """Run the scenario that the command line names, and print its rows."""
    _, name, port, folder, *numbers = sys.argv
    for row in asyncio.run(
        _SCENARIOS[name](
            int(port), Path(folder), *(int(each) if each.isdigit() else each for each in numbers)
        )
    ):
        print(row.dumps())


if __name__ == "__main__":
    main()
