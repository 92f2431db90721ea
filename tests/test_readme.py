"""What the README shows, run."""

import re
import subprocess
import sys

from serving import at_acme

from passback import BlockingPassback, Connector, read_config
from passback.sandbox import serve
from passback_testbed.places import workspace
from passback_testbed.ports import free_port
from passback_xapi.sandbox import Behaviour, Sandbox

README = (workspace() / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = "\n".join(code for language, code in BLOCKS if language == "console")
HOST_APP, CONNECTOR = [code for language, code in BLOCKS if language == "python"]
CONFIGURATION, SIGN_IN = [code for language, code in BLOCKS if language == "toml"]


def test_it_is_short():
    assert len(README.splitlines()) <= 100


def test_the_host_app_reports_and_the_worker_delivers_as_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "secret")
    sandbox = Sandbox(Behaviour(key="us", secret="secret"))
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "app.py").write_text(HOST_APP, "utf-8")
    (folder / "passback.toml").write_text(CONFIGURATION, "utf-8")
    with serve(sandbox) as url, at_acme(tmp_path / "shown", folder, url) as deployment:
        assert deployment.json("check")[0]["ok"]
        deployment.launch("passback", "work")
        port = free_port()
        deployment.launch("flask", "run", "--port", str(port))
        with deployment.serving(port) as client:
            said = {"learner": "ana@example.com", "activity": "https://example.com/ladder"}
            result_id = client.post("/complete", data=said).json()["id"]
        deployment.until(lambda: sandbox.statements)
    (statement,) = sandbox.statements
    assert statement["id"] == result_id
    assert all(f"-d {name}={value}" in COMMANDS for name, value in said.items())


def test_people_are_signed_in_by_what_it_shows(tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_SECRET", "secret")
    monkeypatch.setenv("OIDC", "secret")
    shown = tmp_path / "passback.toml"
    shown.write_text(f'[web]\nurl = "https://us.example/passback"\n{CONFIGURATION}{SIGN_IN}', "utf-8")
    assert [draft.mistakes for draft in read_config(shown).drafts.values()] == [(), ()]
    with BlockingPassback.from_file(shown, deliver=False) as pb:
        assert pb.signing_in.titles() == {"university": "Example University"}


def test_the_connector_is_one_and_is_typed(tmp_path):
    names = {}
    exec(compile(CONNECTOR, "README.md", "exec"), names)  # noqa: S102 - our own README
    assert issubclass(names["AcmeConnector"], Connector)
    assert names["AcmeConnector"].options_type is names["AcmeOptions"]
    (tmp_path / "acme.py").write_text(CONNECTOR, "utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(tmp_path / "acme.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
