"""The outbox on PostgreSQL: several workers, a server that goes away, and an address that nobody is shown."""

import asyncio
import collections
import signal
import threading
import time
from datetime import datetime, timedelta

import pytest
from hosting import Host, lrs_table, made
from postgres import PASSWORD, postgres_server

from passback import BlockingPassback, OutboxError, Passback
from passback.sandbox import Stage, serve
from passback_xapi.sandbox import Behaviour, Sandbox

CONNECTIONS = 20
RESULTS = 60


class Systems(Stage):
    """Many learning systems behind one port, and how many requests each had at a time."""

    title = "many learning systems"
    base = "/xapi/"

    def __init__(self, names):
        super().__init__(self.system)
        self.sandboxes = {name: Sandbox(Behaviour(key="lrs", secret="secret")) for name in names}
        self.now = collections.Counter()
        self.most = collections.Counter()

    def guide(self, url):
        return url

    async def system(self, scope, receive, send):
        _, name, rest = scope["path"].split("/", 2)
        self.now[name] += 1
        self.most[name] = max(self.most[name], self.now[name])
        try:
            await asyncio.sleep(0.03)
            inner = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
            await self.sandboxes[name].app(inner, receive, send)
        finally:
            self.now[name] -= 1

    def arrived(self, name):
        return collections.Counter(each["id"] for each in self.sandboxes[name].statements)

    @property
    def count(self):
        return sum(len(each.statements) for each in self.sandboxes.values())


@pytest.fixture
def server():
    return postgres_server()


@pytest.fixture
def database(server, monkeypatch):
    name = server.empty()
    monkeypatch.setenv("DATABASE_URL", server.url(name))
    yield name
    server.drop(name)


@pytest.fixture
def host(tmp_path, database):  # noqa: ARG001 - its address is in the environment
    host = Host(tmp_path)
    host.configure = lambda *tables: (tmp_path / "passback.toml").write_text(
        "\n".join(['store = { url = { env = "DATABASE_URL" } }', *tables]), "utf-8"
    )
    return host


def until(done, seconds=60):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def delivered(host):
    return sum(each.counts.get("delivered", 0) for each in host.totals().connections)


def owners(server, database):
    """Return process → how many connections it has."""
    held = server.execute("SELECT owner FROM passback.lane WHERE owner IS NOT NULL", database)
    return collections.Counter(int(owner.split(":")[1]) for (owner,) in held)


@pytest.mark.timeout(300)
def test_three_workers_share_twenty_connections_and_one_that_is_killed_is_replaced(host, server, database):
    names = [f"c{number}" for number in range(CONNECTIONS)]
    systems = Systems(names)
    with serve(systems) as url:
        base = url.removesuffix("xapi/")
        sending = "batch = 5\nlinger = 0\nfirst_probe = 0.2\nlongest_probe = 1"
        host.configure(*(lrs_table(f"{base}{name}/xapi/", name, sending=sending) for name in names))
        # All at once, on an empty database: one of them makes the tables.
        workers = [host.start("work") for _ in range(3)]
        for worker in workers:
            assert "delivering" in worker.stderr.readline()
        host.write_results(RESULTS)
        host.run("submit", "results.jsonl")
        until(lambda: systems.count > CONNECTIONS * RESULTS / 10)
        shares = owners(server, database)
        assert len(shares) == 3, "each has some"
        victim = next(each for each in workers if each.pid == max(shares, key=shares.get))
        victim.kill()
        victim.communicate()
        assert systems.count < CONNECTIONS * RESULTS, "it must be killed while there is something to do"
        until(lambda: systems.count == CONNECTIONS * RESULTS, 120)
        until(lambda: delivered(host) == CONNECTIONS * RESULTS)
        assert len(owners(server, database)) == 2
        for worker in workers:
            if worker is not victim:
                worker.send_signal(signal.SIGTERM)
                worker.communicate()
                assert worker.returncode == 0
        assert not owners(server, database), "who stops lets its connections go"
    assert all(len(systems.arrived(name)) == RESULTS for name in names)
    assert all(set(systems.arrived(name).values()) == {1} for name in names)
    assert set(systems.most.values()) == {1}, "never two requests at a time to one connection"


def test_a_replay_ends_the_wait_of_a_connection_whichever_worker_has_it(host):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    with serve(sandbox) as url:
        host.configure(lrs_table(url))
        workers = [host.start("work") for _ in range(2)]
        sandbox.fail(status=429, on="POST", headers={"Retry-After": "500000"})
        host.write_results(3)
        host.run("submit", "results.jsonl")
        until(lambda: host.totals().connections[0].next_probe is not None)
        assert "is tried now" in host.run("replay", "--connection", "lrs").stdout
        until(lambda: delivered(host) == 3)
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            _, said = worker.communicate()
            assert worker.returncode == 0
            assert said.count("tried now") <= 1
    assert len(sandbox.statements) == 3


@pytest.mark.timeout(300)
def test_a_server_that_is_stopped_and_started_while_results_come_and_go_loses_none(host, server):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    accepted = []

    async def submit():
        async with Passback.from_file(host.folder / "passback.toml", deliver=False) as pb:
            for number in range(600):
                while True:
                    try:
                        accepted.append((await pb.submit(made(number))).result_id)
                    except OutboxError:
                        await asyncio.sleep(0.1)
                    else:
                        break

    with serve(sandbox) as url:
        host.configure(lrs_table(url, sending="batch = 5\nlinger = 0"))
        worker = host.start("work")
        assert "delivering" in worker.stderr.readline()
        submitting = threading.Thread(target=asyncio.run, args=(submit(),))
        submitting.start()
        for count, how in ((50, signal.SIGINT), (200, signal.SIGQUIT)):
            until(lambda least=count: len(accepted) > least)
            server.stop(how)
            time.sleep(0.3)
            server.start()
        submitting.join()
        until(lambda: host.counts() == {"delivered": 600})
        worker.terminate()
        _, said = worker.communicate()
        assert worker.returncode == 0
    assert len(accepted) == len({each["id"] for each in sandbox.statements}) == 600
    assert PASSWORD not in said


def test_a_password_that_is_rotated_reaches_whoever_runs(host, server, database):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    role, url = f"user_of_{database}", host.folder / "url"
    base = f"@127.0.0.1:{server.port}/{database}"
    server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'one'; ALTER DATABASE {database} OWNER TO {role}")
    url.write_text(f"postgresql://{role}:one{base}", "utf-8")
    with serve(sandbox) as lrs:
        table = 'store = { url = { file = "url" } }\n' + lrs_table(lrs)
        (host.folder / "passback.toml").write_text(table, "utf-8")
        worker = host.start("work")
        assert "delivering" in worker.stderr.readline()
        with BlockingPassback.from_file(host.folder / "passback.toml", deliver=False) as pb:
            pb.submit(made(1))
            until(lambda: len(sandbox.statements) == 1)
            url.write_text(f"postgresql://{role}:two{base}", "utf-8")
            server.execute(f"ALTER ROLE {role} PASSWORD 'two'")
            server.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()",
                database,
            )
            pb.submit(made(2))
            until(lambda: len(sandbox.statements) == 2)
        worker.terminate()
        worker.communicate()
    server.execute(f"ALTER DATABASE {database} OWNER TO postgres")
    server.execute(f"REASSIGN OWNED BY {role} TO postgres; DROP ROLE {role}", database)


def test_a_machine_whose_clock_is_wrong_goes_by_the_servers(host, server, database, monkeypatch):
    class Ahead(datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.now(zone) + timedelta(hours=2)

    async def submit(number):
        async with Passback.from_file(host.folder / "passback.toml", deliver=False) as pb:
            await pb.submit(made(number))

    host.configure(lrs_table("http://127.0.0.1:9/"))
    monkeypatch.setattr("passback.clock.datetime", Ahead)
    asyncio.run(submit(1))
    ((accepted,),) = server.execute("SELECT accepted FROM passback.result", database)
    assert abs(accepted / 1000 - time.time()) < 60


def test_a_worker_that_meets_tables_of_a_newer_passback_says_so_and_ends(host, server, database):
    host.configure(lrs_table("http://127.0.0.1:9/"))
    host.run("status")
    server.execute("UPDATE passback.passback_revision SET version_num = '9999'", database)
    done = host.run("work", expect=2)
    assert "newer Passback (revision 9999" in " ".join(done.stderr.split())
    assert "upgrade" in done.stderr


def test_the_address_of_the_database_is_shown_to_nobody(host, server, monkeypatch):
    host.configure(lrs_table("http://127.0.0.1:9/"))
    local = f"127.0.0.1:{server.port}/postgres"
    said = [host.run("config", "check", "--json")]
    for url in (
        f"postgresql://postgres:not-{PASSWORD}@{local}",
        f"postgresql://postgres:{PASSWORD}@more@{local}",
        f"mysql://root:{PASSWORD}@{local}",
    ):
        monkeypatch.setenv("DATABASE_URL", url)
        said.append(host.run("work", expect=2))
    for each in said:
        assert PASSWORD not in each.stdout + each.stderr
        assert "more@" not in each.stderr
    monkeypatch.delenv("DATABASE_URL")
    assert "DATABASE_URL isn't set" in " ".join(host.run("status", expect=2).stderr.split())
