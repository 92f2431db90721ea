"""The connector keeps what Passback asks of every connector."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from passback import Delivery, Incoming, User
from passback.testing import Conformance
from passback_go1 import Go1Connector
from passback_go1.sandbox import Sandbox
from passback_go1.sandbox.behaviour import FIRST
from passback_go1.sandbox.sender import completed, signed


class TestGo1(Conformance[Sandbox]):
    connector = Go1Connector
    activity = "777"

    def sandbox(self) -> Sandbox:
        return Sandbox()

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        like = sandbox.behaviour
        return {
            "client_id": like.client_id,
            "client_secret": like.client_secret,
            "token_url": f"{url}/oauth/token",
            "gateway_url": f"{url}/gateway",
            "api_url": f"{url}/v2",
            "webhook_secrets": ["signing-secret"],
        }

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        return [f"{each['user_account_id']} {each['lo_id']} {each['status']}" for each in sandbox.enrollments]

    def mark(self, delivery: Delivery) -> str:
        return f"{delivery.account.user_id} {self.activity} completed"

    def error_bodies(self, sandbox: Sandbox) -> Iterable[str]:
        yield '{"ref": "x", "error_code": "enrollment_invalid", "message": "it is"}'

    def population(self, sandbox: Sandbox) -> Iterable[User]:
        return [User(id=each.id, email=each.email, active=each.active) for each in sandbox.behaviour.people]

    def event(self, sandbox: Sandbox) -> Incoming:
        at = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
        return self.signed(sandbox, json.dumps(completed("e-1", FIRST, self.activity, at)).encode())

    def signed(self, sandbox: Sandbox, body: bytes) -> Incoming:
        at = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
        return Incoming(
            method="POST", headers=signed("signing-secret", body, int(at.timestamp())), body=body, received=at
        )
