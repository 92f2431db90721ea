"""Learning Locker's statements service, an LRS in JavaScript."""

from pathlib import Path
from typing import ClassVar

from passback_testbed import node
from passback_testbed.calls import authorization
from passback_testbed.lrs import LRS
from passback_testbed.places import PROGRAMS
from passback_testbed.ports import free_port


class LearningLocker(LRS):
    """Learning Locker's statements service over memory: `kill()` and `stop()` lose all its data.

    It is a strict LRS: it refuses what the standard refuses. A look-up goes through all it holds, so it
    slows down as it fills.
    """

    name: ClassVar[str] = "learning-locker"

    def _prepare(self) -> None:
        self._auth_port = free_port()

    def _command(self) -> list[str | Path]:
        program, _ = node.programs(self._home)
        server = self._home / self.name / "node_modules/@learninglocker/xapi-statements/dist/server.js"
        return [program, "--require", PROGRAMS / "loopback.js", server]

    def _environment(self) -> dict[str, str]:
        return {
            "TESTBED_AUTH_PORT": str(self._auth_port),
            "TESTBED_AUTHORIZATION": authorization(self.key, self.secret),
            "AUTH_REPO": "fetch",
            "LL_CLIENT_INFO_ENDPOINT": f"http://127.0.0.1:{self._auth_port}/",
            "MODELS_REPO": "memory",
            "STORAGE_REPO": "memory",
            "EVENTS_REPO": "test",
            "EXPRESS_PORT": str(self.port),
            # It connects to a database whatever it is told, and must not find one: nothing listens on port 1.
            "MONGO_URL": "mongodb://127.0.0.1:1/none",
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }
