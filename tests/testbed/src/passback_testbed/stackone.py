"""StackOne's own SDK, as a client that isn't ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

from passback_testbed import node
from passback_testbed.places import HOME, PROGRAMS
from passback_testbed.stamps import is_installed


class StackOneSDK:
    """The SDK in a process of its own, which ends with the ``with``: it takes seconds to load."""

    def __init__(self, home: Path = HOME) -> None:
        """Prepare the SDK that is installed in `home`.

        Raises:
            FileNotFoundError: None is.
        """
        folder = home.absolute() / "stackone"
        if not is_installed(folder):
            raise FileNotFoundError(f"run: python -m passback_testbed.install stackone --into {home}")
        program, _ = node.programs(home.absolute())
        package = folder / "node_modules/@stackone/stackone-client-ts"
        self._command = [program, PROGRAMS / "stackone.js", package]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start the process."""
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def call(
        self, url: str, key: str, account: str, calls: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """Make `calls` of the SDK's ``lms`` one after the other; return what came of each.

        Args:
            url: Where StackOne is.
            key: The API key.
            account: The linked account.
            calls: The method and the request of each, as the SDK names them.

        Returns:
            For each call its `pages`, or the name of its `error`, with `status` and `message`.
        """
        into, out = self._pipes()
        asked = {"url": url, "key": key, "account": account, "calls": list(calls)}
        into.write(f"{json.dumps(asked)}\n")
        into.flush()
        outcomes: list[dict[str, Any]] = json.loads(out.readline())
        return outcomes

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the SDK isn't running: use it in a with statement")
        return self._process.stdin, self._process.stdout
