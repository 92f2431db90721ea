"""The sandbox: a Learning Record Store with the settings that it's given."""

from __future__ import annotations

from starlette.responses import Response

from passback.sandbox import Stage
from passback_xapi.sandbox.answers import error
from passback_xapi.sandbox.app import BASE, Resources
from passback_xapi.sandbox.behaviour import ADL, LEARNING_LOCKER, POSTGRES_LRS, RALPH, Behaviour
from passback_xapi.sandbox.store import Store

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of a Learning Record Store, at the base path ``/xapi/``.

    Attributes:
        behaviour: Its settings.
    """

    title = "a Learning Record Store"
    base = BASE

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._store = Store()
        super().__init__(Resources(self.behaviour, self._store).application())

    @property
    def statements(self) -> list[dict[str, object]]:
        """The statements kept, oldest first."""
        return [kept.statement for kept in self._store.all()]

    def refusal(self, status: int) -> Response:
        """Return an error as the store words it."""
        return error(status, "the sandbox was told to fail")

    def guide(self, url: str) -> str:
        """Return the configuration to paste."""
        return f"""
[connections.lrs]
connector = "xapi"
contact = "you@example.com"
options.url = "{url}"
options.key = "{self.behaviour.key}"
options.secret = "{self.behaviour.secret}"
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
"""


Sandbox.presets = {
    "adl": lambda: Sandbox(ADL),
    "learning-locker": lambda: Sandbox(LEARNING_LOCKER),
    "postgres": lambda: Sandbox(POSTGRES_LRS),
    "ralph": lambda: Sandbox(RALPH),
}
