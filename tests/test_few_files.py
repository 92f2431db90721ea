"""A process with few files delivers for many connections, and takes none of them for ill."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPT = """
import asyncio, resource, sys
from pathlib import Path

import attrs
from load import made, write_configuration
from path import sink
from passback import Passback

async def deliver(folder, port):
    async with Passback.from_file(write_configuration(folder, port, 300)) as pb:
        results = enumerate(made(900))
        await pb.submit_many(attrs.evolve(each, organisation=f"customer-{n % 300}") for n, each in results)
        async with asyncio.timeout(100):
            await pb.drain()
        totals = await pb.totals()
        print({(each.health, *each.counts.items()) for each in totals.connections})

with sink() as port:
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, 120))
    asyncio.run(deliver(Path(sys.argv[1]), port))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_with_fewer_files_than_connections_everything_arrives(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT / "benchmarks", capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout, done.stderr) == ("{('ok', ('delivered', 3))}\n", "")
