"""No change of the configuration file goes unnoticed."""

import asyncio

import pytest

from passback import read_config
from passback.host.running import watching


def with_a_secret(folder):
    path = folder / "passback.toml"
    path.write_text("[web]\nkeys = [{ file = 'token' }]\n", "utf-8")
    config = read_config(path)
    config.seal_keys([])
    return config


async def noticed(path, config, change=lambda: None):
    changed = asyncio.Event()

    async def reload():
        changed.set()

    watched = watching.watch(path, reload, config.source_mark, lambda: config.secret_files)
    task = asyncio.create_task(watched)
    await asyncio.sleep(0)
    change()
    async with asyncio.timeout(5):
        await changed.wait()
    task.cancel()


def test_a_change_between_reading_and_watching_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    path = tmp_path / "passback.toml"
    path.write_text("[retention]\nsettled = 2\n", "utf-8")
    config = read_config(path)
    path.write_text("[retention]\nsettled = 1\n", "utf-8")
    asyncio.run(noticed(path, config))


def test_a_secret_that_is_rotated_put_there_or_taken_away_is_noticed_once_each(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    config = with_a_secret(tmp_path)
    path, secret = tmp_path / "passback.toml", tmp_path / "token"
    seen = []

    async def reload():
        seen.append(secret.exists() and secret.read_text("utf-8"))

    async def check():
        watched = watching.watch(path, reload, config.source_mark, lambda: config.secret_files)
        task = asyncio.create_task(watched)
        await asyncio.sleep(0.3)
        for content in ("first", "the second", None):
            secret.unlink() if content is None else secret.write_text(content, "utf-8")
            await asyncio.sleep(0.5)
        task.cancel()

    asyncio.run(check())
    assert seen == ["first", "the second", False]


@pytest.mark.parametrize("file", ["passback.toml", "token"])
def test_a_file_that_others_may_read_now_is_noticed_though_it_says_the_same(tmp_path, monkeypatch, file):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    (tmp_path / "token").write_text("secret", "utf-8")
    config = with_a_secret(tmp_path)
    asyncio.run(noticed(tmp_path / "passback.toml", config, lambda: (tmp_path / file).chmod(0o604)))


def test_a_secret_that_comes_after_it_was_looked_for_and_before_it_is_watched_is_noticed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    config = with_a_secret(tmp_path)
    (tmp_path / "token").write_text("secret", "utf-8")
    asyncio.run(noticed(tmp_path / "passback.toml", config))
