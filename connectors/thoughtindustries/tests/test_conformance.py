"""The connector keeps what Passback asks of every connector."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from passback import Delivery, Incoming, User
from passback.testing import Conformance
from passback_thoughtindustries import ThoughtIndustriesConnector
from passback_thoughtindustries.sandbox import Sandbox, completed, signed

SIGNING = "signing-secret"


class TestThoughtIndustries(Conformance[Sandbox]):
    connector = ThoughtIndustriesConnector
    activity = "c-7"
    waivers = {"receive_results.old": "the school's signature carries no time, and it tries for a day (§6.2)"}

    def sandbox(self) -> Sandbox:
        return Sandbox()

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        return {
            "url": url,
            "api_key": sandbox.behaviour.api_key,
            "webhook_secrets": [SIGNING],
            "paths": {self.activity: "/learn/course/ladder"},
        }

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        return [f"{each['userDetail']['id']} {each['notifiableId']}" for each in sandbox.completions]

    def mark(self, delivery: Delivery) -> str:
        return f"{delivery.account.user_id} {self.activity}"

    def error_bodies(self, sandbox: Sandbox) -> Iterable[str]:
        yield '{"errors": ["no such course"]}'
        yield '[{"errors": ["no such course"]}]'
        yield '{"error": "rate_limit_exceeded", "message": "slow down", "retryAfter": 32}'
        yield '{"success": false}'

    def population(self, sandbox: Sandbox) -> Iterable[User]:
        for each in sandbox.behaviour.people:
            yield User(id=each.id, email=each.email, external_id=each.external, active=each.active)

    def event(self, sandbox: Sandbox) -> Incoming:
        at = datetime.now(UTC)
        return self.signed(sandbox, json.dumps(completed("e-1", "u-501", self.activity, at)).encode())

    def signed(self, sandbox: Sandbox, body: bytes) -> Incoming:
        headers = signed(SIGNING, body)
        return Incoming(method="POST", headers=headers, body=body, received=datetime.now(UTC))
