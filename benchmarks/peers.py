"""Peers that send to an LRS, each in an environment of its own, as its documentation uses it.

Event-routing-backends, Open edX's sender, posts by edX's tincan, which is what is run here; Ralph writes by
its LRS back end. Both get statements that are ready, keep nothing, and lose what fails.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from load import BATCH
from rows import Row

from passback import Result
from passback_testbed import environments
from passback_testbed.install import install_ralph
from passback_testbed.places import HOME
from passback_testbed.stamps import install_once
from passback_xapi import XapiOptions, to_statement

__all__ = ["peers"]

_EDX = ("edx-tincan-py35==2.0.0", "aniso8601==10.0.1", "pytz==2025.2", "setuptools<81")
_HERE = Path(__file__).parent


def peers(port: int, results: Sequence[Result]) -> list[Row]:
    """Measure each peer with `results` as statements, in batches of BATCH."""
    home = HOME.absolute()
    install_ralph(home)
    edx = home / "edx-tincan"
    install_once(edx, _EDX, lambda: environments.make(edx, *_EDX))
    url = f"http://127.0.0.1:{port}/xapi/"
    options = XapiOptions.model_validate({"url": url, "key": "k", "secret": "s"})
    statements = [to_statement(each, options) for each in results]
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "statements.json"
        ready.write_text(json.dumps(statements), "utf-8")
        return [
            _measured(
                "peer: edX's tincan (event-routing-backends), no store", edx, "peer_edx.py", ready, url
            ),
            _measured("peer: Ralph's LRS back end, no store", home / "ralph", "peer_ralph.py", ready, url),
        ]


def _measured(name: str, environment: Path, program: str, ready: Path, url: str) -> Row:
    command = [str(environment / "bin" / "python"), str(_HERE / program), str(ready), url, str(BATCH)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Row(name, **json.loads(done.stdout.splitlines()[-1]))
