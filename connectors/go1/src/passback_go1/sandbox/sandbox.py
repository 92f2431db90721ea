"""The sandbox: a portal of GO1 with the settings that it's given."""

from __future__ import annotations

from starlette.responses import Response

from passback.sandbox import Stage
from passback_go1.sandbox.app import application
from passback_go1.sandbox.behaviour import DOUBLE, FIRST, INACTIVE, MAILLESS, Behaviour
from passback_go1.sandbox.enrollments import Enrollments
from passback_go1.sandbox.refusal import error
from passback_go1.sandbox.tokens import Tokens

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of one portal of GO1: tokens, gateway and older API below one address.

    Attributes:
        behaviour: Its settings.
    """

    title = "GO1"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._tokens = Tokens(self.behaviour)
        self._enrollments = Enrollments(self.behaviour)
        super().__init__(application(self.behaviour, self._tokens, self._enrollments))

    @property
    def enrollments(self) -> list[dict[str, object]]:
        """The enrollments kept, the oldest first."""
        return list(self._enrollments.kept.values())

    def enroll(self, **fields: object) -> dict[str, object]:
        """Keep an enrollment that somebody else made, and return it."""
        made: dict[str, object] = {
            "lo_id": "777",
            "enrollment_type": "self-directed",
            "status": "not-started",
        }
        return self._enrollments.add({"user_account_id": FIRST, **made, **fields})

    def expire(self) -> None:
        """Let every token that was given out be worth nothing from now on."""
        self._tokens.expire()

    def refusal(self, status: int) -> Response:
        """Return an error as GO1 words it."""
        return error(status, "sandbox", "the sandbox was told to fail")

    def guide(self, url: str) -> str:
        """Return the configuration to paste, and whom it knows."""
        like = self.behaviour
        given = f'options.users_key = "{like.users_key}"\n' if like.users_key != "hits" else ""
        return f"""
[connections.go1]
connector = "go1"
contact = "you@example.com"
options.client_id = "{like.client_id}"
options.client_secret = "{like.client_secret}"
options.token_url = "{url}/oauth/token"
options.gateway_url = "{url}/gateway"
options.api_url = "{url}/v2"
options.login_answer = "{like.login_answer}"
options.portal = "acme.mygo1.example"
options.learning_objects = {{ "https://example.com/ladder" = "{like.learning_objects[0]}" }}
options.webhook_secrets = ["sandbox-signing-secret"]
{given}network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}

Users: {len(like.people)}, among them ana@example.com ({FIRST}), twin@example.com ({DOUBLE} and 629),
gone@example.com ({INACTIVE}, inactive), and {MAILLESS}, who has no address.
Learning objects: {", ".join(like.learning_objects)}.
The other side: python -m passback_go1.sandbox send URL
"""


Sandbox.presets = {
    "no-filter": lambda: Sandbox(Behaviour(filters=False)),
    "one-time-token": lambda: Sandbox(Behaviour(login_answer="one_time_token")),
    "strict-400": lambda: Sandbox(Behaviour(unknown=400)),
}
