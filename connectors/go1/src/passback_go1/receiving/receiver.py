"""A webhook is proven, read and translated, all of it or nothing."""

from __future__ import annotations

import logging

import msgspec

from passback import Incoming, JSONValue, Received
from passback_go1.objects import LearningObjects
from passback_go1.options import Go1Options
from passback_go1.receiving.events import Translator
from passback_go1.receiving.refusal import Refused
from passback_go1.receiving.signatures import HEADER, require_signed

__all__ = ["Receiver"]

log = logging.getLogger(__name__)


class Receiver:
    """Takes what GO1 sends to one connection."""

    def __init__(self, options: Go1Options, objects: LearningObjects, connection: str) -> None:
        self._connection = connection
        self._secrets = [each.get_secret_value() for each in options.webhook_secrets]
        self._translator = Translator(options, objects, connection)

    def received(self, incoming: Incoming) -> Received:
        """Return the result in `incoming`, and the answer: that it's taken, or why not."""
        try:
            event = self._event(incoming)
            result = self._translator.result(event)
        except Refused as refused:
            log.warning(
                "connection %r: what was sent isn't taken: %d, %s", self._connection, refused.status, refused
            )
            return Received(status=refused.status, body={"error": str(refused)})
        if result is None:
            return Received(status=200, body={"accepted": 0})
        user = self._translator.user(event)
        users = {} if user is None else {result.learner.id: user}
        return Received(status=200, results=(result,), users=users, body={"accepted": 1})

    def _event(self, incoming: Incoming) -> dict[str, JSONValue]:
        if incoming.method != "POST":
            raise Refused(405, "events are sent here with POST")
        signature = incoming.headers.get(HEADER, "")
        require_signed(signature, incoming.body, self._secrets, incoming.received)
        return _read(incoming.body)


def _read(body: bytes) -> dict[str, JSONValue]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refused(400, "expected JSON") from None
    if not isinstance(found, dict):
        raise Refused(400, "expected an object")
    return found
