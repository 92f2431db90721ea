"""The connector keeps what Passback asks of every connector, configured as its sandbox says."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import ClassVar

from standardwebhooks import Webhook

from passback import Incoming, Sending, User
from passback.testing import Conformance
from passback_webhook import WebhookConnector
from passback_webhook.sandbox import Behaviour, Person, Sandbox

SIGNING = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
PEOPLE = tuple(Person(id=n, mail=f"user{n}@example.com", login=f"u{n}", number=f"E-{n}") for n in range(1, 8))
TWIN = Person(id=8, mail="User7@example.com", login="u8", number="E-8", state="left")


class TestWebhook(Conformance[Sandbox]):
    connector = WebhookConnector

    def sandbox(self) -> Sandbox:
        return Sandbox(Behaviour(users=(*PEOPLE, TWIN)))

    def options(self, sandbox: Sandbox, url: str) -> Mapping[str, object]:
        like = sandbox.behaviour
        return {
            "url": f"{url}/events",
            "user": "learner.email",
            "auth": {
                "kind": "oauth2",
                "token_url": f"{url}/token",
                "client_id": like.client_id,
                "client_secret": like.client_secret,
            },
            "check": {"url": f"{url}/me", "success": "body.ok"},
            "answer": {"success": "body.ok", "user_unknown": [404], "reason": "body.error"},
            "users": {
                "url": f"{url}/users",
                "query": {"mail": "query.email", "login": "query.username", "number": "query.external_id"},
                "items": "body.data",
                "paging": {"kind": "page"},
                "user": {
                    "id": "id",
                    "email": "mail",
                    "username": "login",
                    "external_id": "number",
                    "active": "state == 'active'",
                },
            },
            "identity": {"user": "learner.email", "matched_by": "email"},
            "receive": {"signing": {"secrets": [SIGNING]}},
        }

    def arrived(self, sandbox: Sandbox) -> Iterable[str]:
        return [str(each["id"]) for each in sandbox.messages]

    def error_bodies(self, sandbox: Sandbox) -> Iterable[str]:
        yield '{"ok": false, "error": "no"}'

    def population(self, sandbox: Sandbox) -> Iterable[User]:
        for each in sandbox.behaviour.users:
            yield User(
                id=str(each.id),
                email=each.mail,
                username=each.login,
                external_id=each.number,
                active=each.state == "active",
            )

    def event(self, sandbox: Sandbox) -> Incoming:
        now = datetime.now(UTC)
        said = {
            "event": "course_completed",
            "user": "u1",
            "course": "crane-1",
            "last_activity": now.isoformat(),
        }
        return self.signed(sandbox, json.dumps(said).encode())

    def signed(self, sandbox: Sandbox, body: bytes) -> Incoming:
        now = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "webhook-id": "msg-1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SIGNING).sign("msg-1", now, body.decode("latin-1")),
        }
        return Incoming(method="POST", headers=headers, body=body, received=now)


class InBatches(WebhookConnector):
    """Asks for several at once, as a connection's configuration may."""

    sending = Sending(batch=3)


class TestWebhookInBatches(TestWebhook):
    connector = InBatches
    waivers: ClassVar = {"contract.entry_point": "a host installs the one that asks for one at a time"}
