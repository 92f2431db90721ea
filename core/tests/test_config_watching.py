"""No change of the configuration file goes unnoticed."""

import asyncio

from passback import read_config
from passback.host import watching


def test_a_change_between_reading_and_watching_is_noticed(tmp_path, monkeypatch):
    path = tmp_path / "passback.toml"
    path.write_text("", "utf-8")
    config = read_config(path)
    path.write_text("[retention]\nsettled = 1\n", "utf-8")
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    noticed = asyncio.Event()

    async def reload():
        noticed.set()

    async def watch():
        task = asyncio.create_task(watching.watch(path, reload, seen=config.source_mark))
        async with asyncio.timeout(5):
            await noticed.wait()
        task.cancel()

    asyncio.run(watch())


def test_a_secret_that_is_rotated_put_there_or_taken_away_is_noticed_once_each(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "_INTERVAL", 0.01)
    path, secret = tmp_path / "passback.toml", tmp_path / "token"
    path.write_text("[web]\nkeys = [{ file = 'token' }]\n", "utf-8")
    config = read_config(path)
    config.seal_keys([])
    noticed = []

    async def reload():
        noticed.append(secret.exists() and secret.read_text("utf-8"))

    async def check():
        watched = watching.watch(path, reload, config.source_mark, lambda: config.secret_files)
        task = asyncio.create_task(watched)
        await asyncio.sleep(0.3)
        for content in ("first", "the second", None):
            secret.unlink() if content is None else secret.write_text(content, "utf-8")
            await asyncio.sleep(0.5)
        task.cancel()

    asyncio.run(check())
    assert noticed == ["first", "the second", False]
