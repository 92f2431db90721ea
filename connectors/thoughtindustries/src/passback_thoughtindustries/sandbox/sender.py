"""The other side: what the school's webhooks send (wire facts §6.2)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from passback.sandbox import BadAnswer, post

_TAKEN = range(200, 300)


def completed(event: str, user: str, course: str, at: datetime, **more: object) -> dict[str, object]:
    """Return the event that a course was completed."""
    when = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data: dict[str, object] = {
        "id": event,
        "source": "course_completed",
        "timestamp": when,
        "type": "status_change",
        "user": "ana@example.com",
        "event": "courseCompletion",
        "notifiableId": course,
        "title": "Ladder safety",
        "userDetail": {"id": user, "firstName": "Ana", "lastName": "Silva", "externalCustomerId": "E-1"},
        **more,
    }
    return {"event": "courseCompletion", "timestamp": when, "data": data}


def signed(secret: str, body: bytes) -> dict[str, str]:
    """Return the header that proves the body: hex of HMAC-SHA256, over the raw bytes."""
    return {"x-ti-signature": hmac.digest(secret.encode(), body, hashlib.sha256).hex()}


class Sender:
    """Sends to one address."""

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret

    def send(self, event: Mapping[str, object]) -> str:
        """Send `event`, and return what it was answered.

        Raises:
            BadAnswer: It wasn't taken, and the school would send it again.
            OSError: Nobody answers.
        """
        body = json.dumps(event).encode()
        headers = {"content-type": "application/json", **signed(self._secret, body)}
        answer = post(self._url, body, headers)
        if answer.status not in _TAKEN:
            raise BadAnswer(f"answered {answer.status}: {answer.text}")
        return f"{answer.status} {answer.text}".strip()
