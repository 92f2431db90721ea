"""What the learning record stores have in common."""

from pathlib import Path

from passback_testbed.calls import call
from passback_testbed.places import HOME
from passback_testbed.server import Server


class LRS(Server):
    """A learning record store with one client.

    Attributes:
        key: The name that the client gives.
        secret: The password that goes with it.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int | None = None,
        key: str = "lrs",
        secret: str = "secret",  # noqa: S107 -- made up for a server that only this machine reaches
        home: Path = HOME,
    ) -> None:
        super().__init__(data, port=port, home=home)
        self.key = key
        self.secret = secret

    @property
    def url(self) -> str:
        """The xAPI endpoint, for a connector's settings."""
        return f"http://127.0.0.1:{self.port}/xAPI"

    def _ask(self) -> int:
        return call("GET", f"{self.url}/statements?limit=1", self.key, self.secret, timeout=5)[0]
