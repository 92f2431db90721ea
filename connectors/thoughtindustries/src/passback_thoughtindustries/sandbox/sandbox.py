"""The sandbox: a school of Thought Industries with the settings that it's given."""

from __future__ import annotations

from starlette.responses import Response

from passback.sandbox import Stage
from passback_thoughtindustries.sandbox.activity import Activity
from passback_thoughtindustries.sandbox.app import application
from passback_thoughtindustries.sandbox.behaviour import DOUBLE, FIRST, INACTIVE, MAILLESS, Behaviour
from passback_thoughtindustries.sandbox.door import Door, Held
from passback_thoughtindustries.sandbox.refusal import error
from passback_thoughtindustries.sandbox.users import Users

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of one school: its API, and the door that sign-ins open.

    Attributes:
        behaviour: Its settings.
    """

    title = "Thought Industries"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._users = Users(self.behaviour)
        self._activity = Activity(self.behaviour, self._users)
        self._door = Door(self.behaviour, self._users)
        super().__init__(application(self.behaviour, self._users, self._activity, self._door))

    @property
    def completions(self) -> list[dict[str, object]]:
        """The completions of courses kept, the oldest first, as events tell them."""
        return list(self._activity.completions)

    @property
    def learning_paths(self) -> list[dict[str, object]]:
        """What was told of learning paths, the oldest first."""
        return list(self._activity.paths)

    def held(self, user: str) -> Held:
        """Return what somebody may learn and manage."""
        return self._door.held.get(user, Held())

    def refusal(self, status: int) -> Response:
        """Return an error as the school words it."""
        return error(status, "the sandbox was told to fail")

    def guide(self, url: str) -> str:
        """Return the configuration to paste, and whom it knows."""
        like = self.behaviour
        return f"""
[connections.academy]
connector = "thoughtindustries"
contact = "you@example.com"
options.url = "{url}"
options.api_key = "{like.api_key}"
options.courses = {{ "https://example.com/ladder" = "c-7" }}
options.learning_paths = {{ "https://example.com/onboarding" = "p-1" }}
options.paths = {{ "https://example.com/ladder" = "/learn/course/ladder" }}
options.webhook_secrets = ["sandbox-signing-secret"]
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}

Users: {len(like.people)}, among them ana@example.com ({FIRST}), twin@example.com ({DOUBLE} and u-765),
gone@example.com ({INACTIVE}, inactive), and {MAILLESS}, who has no address.
Courses: {", ".join(like.courses)}. Learning paths: {", ".join(like.learning_paths)}.
The other side: python -m passback_thoughtindustries.sandbox send URL
"""


Sandbox.presets = {
    "meta-pages": lambda: Sandbox(Behaviour(shape="meta")),
    "no-form": lambda: Sandbox(Behaviour(form=False)),
    "no-paths": lambda: Sandbox(Behaviour(paths_enabled=False)),
    "strict-404": lambda: Sandbox(Behaviour(unknown=404)),
}
