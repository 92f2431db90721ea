"""The connector keeps what Passback asks of every connector, for a tenant's own account."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from passback import Delivery, Incoming, User
from passback.testing import Conformance
from passback_stackone import StackOneConnector
from passback_stackone.sandbox import Sandbox, signature

SIGNING = "signing-secret"
LEARNT = "learning_object_external_reference"


class TestStackOne(Conformance[Sandbox]):
    connector = StackOneConnector
    waivers = {
        "receive_results.genuine": "StackOne's events are about linked accounts, never about results (§4.4)",
        "receive_results.old": "StackOne's signature carries no time (§4.4)",
    }

    def sandbox(self) -> Sandbox:
        return Sandbox()

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        like = sandbox.behaviour
        return {
            "url": url,
            "api_key": like.api_key,
            "account_id": like.account_id,
            "webhook_secrets": [SIGNING],
        }

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        return [f"{each['user_id']} {each[LEARNT]}" for each in sandbox.completions]

    def mark(self, delivery: Delivery) -> str:
        return f"{delivery.account.user_id} {self.activity}"

    def error_bodies(self, sandbox: Sandbox) -> Iterable[str]:
        yield '{"statusCode": 400, "message": "Bad Request", "timestamp": "x"}'
        yield '{"statusCode": 503, "message": "Unavailable", "timestamp": "x"}'

    def population(self, sandbox: Sandbox) -> Iterable[User]:
        for each in sandbox.people:
            active = each.active in (True, "true")
            yield User(id=each.id, email=each.email, external_id=each.external_reference, active=active)

    def launch(self, sandbox: Sandbox, url: str) -> Iterable[tuple[str, str]]:
        return [("user_id", sandbox.people[0].id), ("sessionToken", "a-token-of-a-launch")]

    def event(self, sandbox: Sandbox) -> Incoming:
        return self.signed(sandbox, b'{"event": "account.updated", "account_id": "1"}')

    def signed(self, sandbox: Sandbox, body: bytes) -> Incoming:
        headers = {"x-stackone-signature": signature(SIGNING, body)}
        return Incoming(method="POST", headers=headers, body=body, received=datetime.now(UTC))
