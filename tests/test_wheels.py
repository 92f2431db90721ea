"""What others install: wheels, in an environment of their own, with no checkout in sight."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from hosting import Host, lrs_table, made
from installing import uv

from passback import canonical
from passback.sandbox import serve
from passback_testbed.places import workspace
from passback_xapi.sandbox import Behaviour, Sandbox

ROOT = workspace()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    for project in ("core", *sorted(f"connectors/{each.name}" for each in (ROOT / "connectors").iterdir())):
        uv("build", "--quiet", "--wheel", "--out-dir", str(folder), str(ROOT / project))
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


@pytest.fixture(scope="session")
def bare(wheels, tmp_path_factory):
    """The interpreter of an environment with the connector beside the bare core, as its author has it."""
    return installed(tmp_path_factory.mktemp("bare"), wheels["passback"], wheels["passback_xapi"])


def installed(folder, *what):
    uv("venv", "--quiet", "--python", sys.executable, str(folder))
    python = folder / "bin" / "python"
    requirements = [str(each) for each in what]
    constraints = str(ROOT / "constraints.txt")
    uv(
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--constraint",
        constraints,
        *requirements,
    )
    return python


def ask(python, program, folder):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(python), "-c", program], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return archive.read(name).decode(), archive.namelist()


def test_the_core_knows_no_connector(wheels):
    text, names = metadata(wheels["passback"])
    assert not [
        line for line in text.splitlines() if line.startswith("Requires-Dist:") and "passback-" in line
    ]
    assert not [name for name in names if "xapi" in name or "passback_webhook" in name]
    with zipfile.ZipFile(wheels["passback"]) as archive:
        sources = [archive.read(name).lower() for name in names if name.endswith(".py")]
    assert not [source for source in sources if b"passback_xapi" in source]
    assert "passback/py.typed" in names


@pytest.mark.parametrize(
    ("connector", "more"),
    [
        ("passback_cas", ["defusedxml>=0.7.1"]),
        ("passback_cornerstone", []),
        ("passback_go1", []),
        ("passback_jwt", ["cryptography>=45", "joserfc>=1.6.8"]),
        ("passback_oidc", ["authlib>=1.8", "joserfc>=1.6.8"]),
        ("passback_saml", ["cryptography>=45", "lxml>=6", "signxml>=5.2"]),
        ("passback_stackone", []),
        ("passback_thoughtindustries", ["joserfc>=1.6.8"]),
        ("passback_webhook", ["jmespath>=1.1"]),
        ("passback_xapi", ["idna>=3.18"]),
    ],
)
def test_a_connector_needs_the_core_without_extras(wheels, connector, more):
    text, names = metadata(wheels[connector])
    needs = [
        line for line in text.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    assert sorted(needs) == [f"Requires-Dist: {each}" for each in sorted([*more, "passback<0.2,>=0.1"])]
    assert f"{connector}/py.typed" in names


def test_a_connector_author_gets_no_database_and_no_command_line_tools(bare, tmp_path):
    program = """
import importlib.util, json
names = ("sqlalchemy", "typer", "rich", "starlette", "passback_xapi", "passback")
print(json.dumps([name for name in names if importlib.util.find_spec(name)]))
"""
    assert ask(bare, program, tmp_path) == ["passback_xapi", "passback"]


def test_the_connector_works_beside_the_bare_core(bare, tmp_path):
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    program = """
import asyncio, json
from passback import (AddressPolicy, Batch, Connection, Delivery, HTTP, SystemClock, parse_result)
from passback.contract import CONNECTORS
from passback.plugins import load
entry = load(CONNECTORS, ["xapi"]).ready("xapi")
async def main():
    clock = SystemClock()
    options = entry.plugin.options_type(url=URL, key="lrs", secret="secret")
    http = HTTP(AddressPolicy(allow_http=True, allow=["127.0.0.0/8"]), clock=clock)
    connection = Connection("lrs", entry.plugin, options, http, clock)
    await connection.check()
    receipts = await connection.submit_results(Batch(deliveries=(Delivery(id=1, result=parse_result(BODY)),)))
    await connection.aclose()
    return [type(receipt).__name__ for receipt in receipts]
print(json.dumps({"receipts": asyncio.run(main()), "from": entry.distribution}))
"""
    with serve(sandbox) as url:
        told = ask(bare, f"URL = {url!r}\nBODY = {canonical(made(1))!r}\n{program}", tmp_path)
    assert told["receipts"] == ["Delivered"]
    assert told["from"] == "passback-xapi"
    assert len(sandbox.statements) == 1


def test_without_its_extra_the_command_says_what_to_install(bare, tmp_path):
    done = subprocess.run(
        [str(bare.parent / "passback")], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'passback[host]'" in done.stderr


def test_a_host_runs_from_wheels_alone(wheels, tmp_path):
    python = installed(
        tmp_path / "venv", f"passback[host] @ {wheels['passback'].as_uri()}", wheels["passback_xapi"]
    )
    host = Host(tmp_path)
    host.command = lambda *arguments: [str(python.parent / "passback"), *arguments]
    sandbox = Sandbox(Behaviour(key="lrs", secret="secret"))
    with serve(sandbox) as url:
        host.configure(lrs_table(url))
        (entry,) = host.json("connectors")
        assert (entry["status"], entry["distribution"]) == ("ready", "passback-xapi")
        assert host.json("check")[0]["ok"]
        host.write_results(20)
        host.run("submit", "results.jsonl")
        worker = host.start("work")
        while host.counts() != {"delivered": 20}:
            assert worker.poll() is None, worker.stderr.read()
            time.sleep(0.1)
        worker.terminate()
        worker.communicate()
    assert len(sandbox.statements) == 20


def test_importing_passback_costs_less_than_importing_what_it_builds_on(bare, tmp_path):
    program = """
import json, sys
import passback
names = ("httpx2", "pydantic", "pluggy", "stevedore", "attrs", "msgspec", "sqlalchemy")
print(json.dumps([name for name in names if name in sys.modules]))
"""
    assert ask(bare, program, tmp_path) == []
    assert Path(
        ask(bare, "import passback, json; print(json.dumps(passback.__file__))", tmp_path)
    ).is_relative_to(bare.parent.parent)


@pytest.mark.parametrize("project", ["core", "connectors/xapi"])
def test_the_same_sources_give_the_same_wheel(wheels, project, tmp_path):
    """Wherever and whenever it's built, by whom it may be."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(ROOT / project, copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(copy / "tests")
    for each in copy.rglob("*"):
        os.utime(each, (1, 1))
    uv("build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "again"), str(copy))
    (again,) = (tmp_path / "again").glob("*.whl")
    first = wheels[again.name.split("-")[0]]
    assert again.name == first.name
    assert again.read_bytes() == first.read_bytes()
