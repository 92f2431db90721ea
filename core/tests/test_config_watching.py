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
