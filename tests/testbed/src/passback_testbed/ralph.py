"""Ralph, an LRS in Python."""

import json
import subprocess
from pathlib import Path
from typing import ClassVar

from passback_testbed.lrs import LRS


class Ralph(LRS):
    """Ralph 5.1 over a file that is only appended to: what it has acknowledged outlives `kill()`.

    It is a lenient LRS: it stores much that the standard refuses, answers a repeated batch with 204 and no
    body, and has no `about`. Its listing is newest first.
    """

    name: ClassVar[str] = "ralph"

    @property
    def _python(self) -> Path:
        return self._home / "ralph" / "bin" / "python"

    def _prepare(self) -> None:
        account = {
            "username": self.key,
            "hash": self._hash(),
            "scopes": ["all"],
            "agent": {"mbox": "mailto:testbed@example.org"},
        }
        (self._data / "auth.json").write_text(json.dumps([account]))

    def _hash(self) -> str:
        # The least cost that bcrypt knows: this secret guards nothing, and the first request need not wait.
        program = "import bcrypt,sys;print(bcrypt.hashpw(sys.stdin.buffer.read(),bcrypt.gensalt(4)).decode())"
        return subprocess.run(
            [self._python, "-c", program], input=self.secret, capture_output=True, text=True, check=True
        ).stdout.strip()

    def _command(self) -> list[str | Path]:
        address = ["--host", "127.0.0.1", "--port", str(self.port)]
        return [self._python, "-m", "uvicorn", "ralph.api:app", *address, "--no-access-log"]

    def _environment(self) -> dict[str, str]:
        return {
            "RALPH_APP_DIR": str(self._data),
            "RALPH_AUTH_FILE": str(self._data / "auth.json"),
            "RALPH_HISTORY_FILE": str(self._data / "history.json"),
            "RALPH_RUNSERVER_BACKEND": "journal",
            "RALPH_BACKENDS__LRS__FS__DEFAULT_DIRECTORY_PATH": str(self._data),
            "RALPH_BACKENDS__LRS__FS__DEFAULT_LRS_FILE": "statements.jsonl",
        }
