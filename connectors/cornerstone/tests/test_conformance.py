"""The connector keeps what Passback asks of every connector, by the tenant's APIs and by callbacks."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from passback import Delivery, Incoming, User, basic_auth
from passback.testing import Conformance
from passback_cornerstone import CornerstoneConnector
from passback_cornerstone.sandbox import Behaviour, Sandbox


class TestTenant(Conformance[Sandbox]):
    connector = CornerstoneConnector
    activity = "ladder-1"

    def sandbox(self) -> Sandbox:
        return Sandbox(Behaviour(employees=12, page_size=4))

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        like = sandbox.behaviour
        return {
            "url": url,
            "subdomain": like.subdomain,
            "callback": {"key": like.key, "secret": like.secret},
            "api": {"client_id": like.client_id, "client_secret": like.client_secret, "page_size": 4},
        }

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        return [f"{user} {course} {kept.status}" for (user, course), kept in sandbox.transcripts.items()]

    def mark(self, delivery: Delivery) -> str:
        return f"{delivery.account.user_id} {self.activity} Completed"

    def error_bodies(self, sandbox: Sandbox) -> Iterable[str]:
        yield '{"status": "404", "timeStamp": "x", "error": {"message": "unknown", "code": "404"}}'
        yield '{"status": "Failure", "timeStamp": "x", "data": []}'

    def population(self, sandbox: Sandbox) -> Iterable[User]:
        for each in sandbox.people:
            yield User(
                id=each.guid,
                email=each.email,
                username=each.username,
                external_id=each.external_id,
                active=each.active,
            )

    def launch(self, sandbox: Sandbox, url: str) -> Iterable[tuple[str, str]]:
        return sandbox.launch(sandbox.people[0].username, url)

    def course_request(self, sandbox: Sandbox) -> Incoming:
        like = sandbox.behaviour
        headers = {"authorization": basic_auth(like.key, like.secret)}
        return Incoming(method="GET", headers=headers, received=datetime.now(UTC))
