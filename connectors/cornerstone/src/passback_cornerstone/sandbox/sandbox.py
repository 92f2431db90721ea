"""The sandbox: a portal with the settings that it's given."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from starlette.responses import Response

from passback.sandbox import Stage
from passback_cornerstone.sandbox.answers import error
from passback_cornerstone.sandbox.app import application
from passback_cornerstone.sandbox.behaviour import LEGACY, STRICT, Behaviour
from passback_cornerstone.sandbox.catalogue import Pull
from passback_cornerstone.sandbox.population import Person
from passback_cornerstone.sandbox.portal import Portal
from passback_cornerstone.sandbox.state import Assignment, Entry, State

__all__ = ["Sandbox"]


class Sandbox(Stage):
    """A strict fake of a Cornerstone portal: what content providers see of it, and what its tenant sees.

    Attributes:
        behaviour: Its settings.
    """

    title = "a Cornerstone portal"

    def __init__(self, behaviour: Behaviour | None = None) -> None:
        self.behaviour = behaviour or Behaviour()
        self._state = State(self.behaviour)
        self._portal = Portal(self._state)
        super().__init__(application(self._state, self._portal))

    @property
    def people(self) -> list[Person]:
        """Its users; whom you add is known at once."""
        return self._state.people

    @property
    def courses(self) -> dict[str, dict[str, object]]:
        """Its catalogue, by course id."""
        return self._state.courses

    @property
    def transcripts(self) -> dict[tuple[str, str], Entry]:
        """What it was told, by the user's guid and the course's id."""
        return self._state.entries

    @property
    def assignments(self) -> list[Assignment]:
        """Who was told to take what; add to it."""
        return self._state.assignments

    def learning_object(self, course: str) -> str:
        """Return how the tenant API knows a course."""
        return self._state.learning_object(course)

    def launch(self, username: str, url: str) -> list[tuple[str, str]]:
        """Return the query with which the portal, served at `url`, opens a course for somebody."""
        return self._portal.launch(username, urlsplit(url).netloc)

    def pull(self, url: str) -> Pull:
        """Pull the provider's course list: what changed since the last time."""
        return self._portal.pull(url)

    def advance(self, seconds: float) -> None:
        """Let time pass over there, so that tokens age."""
        self._state.offset += timedelta(seconds=seconds)

    def expire_tokens(self) -> None:
        """Forget every access token."""
        self._state.grants.clear()

    def expire_pages(self) -> None:
        """Forget every token of a next page."""
        self._state.places.clear()

    def expire_sessions(self) -> None:
        """Forget the token of every launch."""
        self._state.sessions.clear()

    def refusal(self, status: int) -> Response:
        """Return an error as the portal words it."""
        return error(status, "the sandbox was told to fail", self._state.now())

    def guide(self, url: str) -> str:
        """Return the configuration to paste, and how to be one of its users."""
        like = self.behaviour
        return f"""
[connections.cornerstone]
connector = "cornerstone"
contact = "you@example.com"
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}

[connections.cornerstone.options]
url = "{url}"
subdomain = "{like.subdomain}"
callback = {{ key = "{like.key}", secret = "{like.secret}", suffix = "{like.suffix}" }}
api = {{ client_id = "{like.client_id}", client_secret = "{like.client_secret}", email_view = true }}

# Its courses: {", ".join(self.courses)}. Its users, among {len(self.people)}:
{self._users()}
# Open a course of yours as one of them, in a browser:
#   {url}/sandbox/launch?user={self.people[0].username}&to=https://your.example/launch
# Have your course list pulled:  curl -X POST '{url}/sandbox/pull?from=https://your.example/courses'
# See what it was told:          curl {url}/sandbox/transcripts
"""

    def _users(self) -> str:
        lines = []
        for each in self.people[:4]:
            also = "" if each.active else ", inactive"
            lines.append(f"#   {each.username} ({each.external_id}, {each.email or 'no e-mail'}{also})")
        return "\n".join(lines)


Sandbox.presets = {"legacy": lambda: Sandbox(LEGACY), "strict": lambda: Sandbox(STRICT)}
