"""Strict fakes that share no code with the connector they keep honest: a customer's API, and a sender."""

from passback_webhook.sandbox.behaviour import Behaviour, Person
from passback_webhook.sandbox.sandbox import Sandbox, Seen
from passback_webhook.sandbox.sender import EVENTS, BadAnswer, Sender, six_events
from passback_webhook.sandbox.server import serve
from passback_webhook.sandbox.signatures import BadSignature, verify

__all__ = [
    "EVENTS",
    "BadAnswer",
    "BadSignature",
    "Behaviour",
    "Person",
    "Sandbox",
    "Seen",
    "Sender",
    "serve",
    "six_events",
    "verify",
]
