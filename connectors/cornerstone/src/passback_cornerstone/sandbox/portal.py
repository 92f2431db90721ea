"""What a portal does by itself: it opens courses, and pulls the provider's list of them (wire facts §2.4)."""

from urllib.parse import urlencode, urlsplit

from passback_cornerstone.sandbox.answers import Refused
from passback_cornerstone.sandbox.catalogue import Pull, pull
from passback_cornerstone.sandbox.state import State


class Portal:
    """One portal."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._since: dict[str, str] = {}

    def launch(self, username: str, netloc: str) -> list[tuple[str, str]]:
        """Return the query with which the portal at `netloc` opens a course for somebody."""
        person = next((each for each in self._state.people if each.username == username), None)
        if person is None or not person.active:
            raise Refused(404, f"nobody is let in as {username!r}")
        behaviour = self._state.behaviour
        query = [("userGuid", person.guid), ("sessionToken", self._state.session())]
        query.append(("callbackUrl", behaviour.callback))
        query += [("fqdn", netloc)] if behaviour.names != "subdomain" else []
        query += [("subdomain", behaviour.subdomain)] if behaviour.names != "fqdn" else []
        return query

    def launch_url(self, to: str, username: str, netloc: str) -> str:
        """Return the address of a course as the portal opens it for somebody."""
        mark = "&" if urlsplit(to).query else "?"
        return f"{to}{mark}{urlencode(self.launch(username, netloc))}"

    def pull(self, url: str) -> Pull:
        """Pull the list of courses at `url`: what changed since the last time."""
        done = pull(self._state, url, self._since.get(url))
        if done.modified is not None:
            self._since[url] = done.modified
        return done
