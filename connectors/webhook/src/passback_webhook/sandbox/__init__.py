"""Strict fakes that share no code with the connector they keep honest: a customer's API, and a sender."""

from passback_webhook.sandbox.behaviour import PEOPLE, Behaviour, Person
from passback_webhook.sandbox.sandbox import Sandbox
from passback_webhook.sandbox.sender import EVENTS, Sender, six_events
from passback_webhook.sandbox.signatures import BadSignature, verify

__all__ = [
    "EVENTS",
    "PEOPLE",
    "BadSignature",
    "Behaviour",
    "Person",
    "Sandbox",
    "Sender",
    "six_events",
    "verify",
]
