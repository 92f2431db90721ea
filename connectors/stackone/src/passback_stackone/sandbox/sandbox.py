"""The sandbox: StackOne, with one linked account and a learning system behind it."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from passback.sandbox import Stage
from passback_stackone.sandbox.answers import Refused, refusal
from passback_stackone.sandbox.app import application
from passback_stackone.sandbox.behaviour import CORNERSTONE, DISTRIBUTION, GO1, Behaviour
from passback_stackone.sandbox.lms import LMS
from passback_stackone.sandbox.people import Person, population
from passback_stackone.sandbox.records import Records

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of StackOne's unified LMS.

    Attributes:
        behaviour: Its settings.
    """

    title = "StackOne"

    def __init__(self, behaviour: Behaviour | None = None, people: Sequence[Person] | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._records = Records(self.behaviour)
        self._lms = LMS(self.behaviour, population() if people is None else people, self._records)
        super().__init__(application(self.behaviour, self._lms))

    @property
    def people(self) -> list[Person]:
        """The users, who may be changed while it serves."""
        return self._lms.people

    @property
    def completions(self) -> list[dict[str, object]]:
        """The completions that were written, oldest first."""
        return self._records.kept["completions"]

    @property
    def assignments(self) -> list[dict[str, object]]:
        """The assignments that were written, oldest first."""
        return self._records.kept["assignments"]

    def refusal(self, status: int) -> Response:
        """Return an error as StackOne words it."""
        return refusal(Refused(status, "the sandbox was told to fail"))

    def guide(self, url: str) -> str:
        """Return the configuration to paste, and whom it knows."""
        more = "options.passthrough = true\n" if self.behaviour.wants_passthrough else ""
        if self.behaviour.email_filter:
            more += 'options.filters = ["external_reference", "email"]\n'
        known = "Users answer 501: content distribution."
        if self.behaviour.integration == "tenant":
            known = "\n".join(_described(person) for person in [*self.people[:5], self.people[-1]])
        return f"""
[connections.stackone]
connector = "stackone"
contact = "you@example.com"
options.url = "{url}"
options.api_key = "{self.behaviour.api_key}"
options.account_id = "{self.behaviour.account_id}"
{more}network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}

{known}
"""


def _described(person: Person) -> str:
    active = "" if person.active in (True, "true") else ", not active"
    return f"{person.id}: {person.name}, {person.email}, {person.external_reference}{active}"


Sandbox.presets = {
    "cornerstone": lambda: Sandbox(CORNERSTONE),
    "distribution": lambda: Sandbox(DISTRIBUTION),
    "go1": lambda: Sandbox(GO1),
    "tenant": Sandbox,
}
