"""What the README shows, run."""

import re
import subprocess
import sys

from passback import Connector
from passback_testbed.places import workspace
from passback_xapi.sandbox import Behaviour, Sandbox, serve

README = (workspace() / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
HOST_APP, CONNECTOR = [code for language, code in BLOCKS if language == "python"]
CONFIGURATION, ENTRY_POINT = [code for language, code in BLOCKS if language == "toml"]


def test_it_is_short():
    assert len(README.splitlines()) <= 100


def test_the_host_app_delivers_with_the_configuration_shown(tmp_path, monkeypatch):
    sandbox = Sandbox(Behaviour(key="us", secret="s3cret"))
    with serve(sandbox) as url:
        network = '\n[connections.acme.network]\nallow_http = true\nallow = ["127.0.0.0/8"]\n'
        shown = CONFIGURATION.replace("https://lrs.acme.example/xapi/", url)
        assert shown != CONFIGURATION
        (tmp_path / "passback.toml").write_text(shown + network, "utf-8")
        monkeypatch.setenv("ACME_SECRET", "s3cret")
        subprocess.run([sys.executable, "-c", HOST_APP], cwd=tmp_path, check=True, timeout=60)
    (statement,) = sandbox.statements
    assert statement["verb"]["id"].endswith("/passed")


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
    assert "passback.connectors.v1" in ENTRY_POINT
