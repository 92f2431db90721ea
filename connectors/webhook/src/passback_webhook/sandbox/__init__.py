"""A strict fake of a customer's API, which shares no code with the connector it keeps honest."""

from passback_webhook.sandbox.behaviour import Behaviour, Person
from passback_webhook.sandbox.sandbox import Sandbox, Seen
from passback_webhook.sandbox.server import serve
from passback_webhook.sandbox.signatures import BadSignature, verify

__all__ = ["BadSignature", "Behaviour", "Person", "Sandbox", "Seen", "serve", "verify"]
