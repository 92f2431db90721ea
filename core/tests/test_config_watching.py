"""No change of the configuration file goes unnoticed."""

import asyncio
from pathlib import Path

import pytest

from passback import read_config
from passback.host.running import watching


def with_a_secret(folder):
    path = folder / "passback.toml"
    path.write_text("[web]\nkeys = [{ file = 'token' }]\n", "utf-8")
    config = read_config(path)
    config.seal_keys([])
    return config


async def noticed(config):
    changed = asyncio.Event()

    async def reload():
        changed.set()

    watched = watching.watch(config.source_mark, reload, lambda: config.secret_files)
    task = asyncio.create_task(watched)
    async with asyncio.timeout(5):
        await changed.wait()
    task.cancel()


def test_a_change_between_reading_and_watching_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    path = tmp_path / "passback.toml"
    path.write_text("[retention]\nsettled = 2\n", "utf-8")
    config = read_config(path)
    path.write_text("[retention]\nsettled = 1\n", "utf-8")
    asyncio.run(noticed(config))


def test_a_secret_that_is_rotated_put_there_or_taken_away_is_noticed_once_each(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    config = with_a_secret(tmp_path)
    secret = tmp_path / "token"
    seen = []

    async def reload():
        seen.append(secret.exists() and secret.read_text("utf-8"))

    async def check():
        watched = watching.watch(config.source_mark, reload, lambda: config.secret_files)
        task = asyncio.create_task(watched)
        await asyncio.sleep(0.3)
        for content in ("first", "the second", None):
            secret.unlink() if content is None else secret.write_text(content, "utf-8")
            await asyncio.sleep(0.5)
        task.cancel()

    asyncio.run(check())
    assert seen == ["first", "the second", False]


@pytest.fixture
def a_guest(monkeypatch):
    """Read only what others may, whoever runs the tests."""
    read = Path.read_bytes

    def read_as_guest(path):
        if not path.stat().st_mode & 0o004:
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_as_guest)


async def counted(config, *changes):
    """Return how often it was read again after each of `changes`."""
    read = []

    async def reload():
        read.append(1)

    task = asyncio.create_task(watching.watch(config.source_mark, reload, lambda: config.secret_files))
    counts = []
    for change in changes:
        await asyncio.sleep(0.3)
        change()
        await asyncio.sleep(0.3)
        counts.append(len(read))
    task.cancel()
    return counts


@pytest.mark.parametrize("file", ["passback.toml", "token"])
@pytest.mark.usefixtures("a_guest")
def test_a_file_that_may_be_read_no_more_or_again_is_noticed(tmp_path, monkeypatch, file):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    (tmp_path / "token").write_text("secret", "utf-8")
    config = with_a_secret(tmp_path)
    changed = tmp_path / file
    modes = [lambda: changed.chmod(0o600), lambda: changed.chmod(0o604)]
    assert asyncio.run(counted(config, *modes)) == [1, 2]


@pytest.mark.parametrize("file", ["passback.toml", "token"])
def test_a_file_that_is_written_anew_and_says_the_same_changes_nothing(tmp_path, monkeypatch, file):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    (tmp_path / "token").write_text("secret", "utf-8")
    config = with_a_secret(tmp_path)
    changed, new = tmp_path / file, tmp_path / "new"

    def write(more=""):
        new.write_text(changed.read_text("utf-8") + more, "utf-8")
        new.replace(changed)

    assert asyncio.run(counted(config, write, changed.touch, write, lambda: write("#"))) == [0, 0, 0, 1]


def test_a_secret_that_comes_after_it_was_looked_for_and_before_it_is_watched_is_noticed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    config = with_a_secret(tmp_path)
    (tmp_path / "token").write_text("secret", "utf-8")
    asyncio.run(noticed(config))
