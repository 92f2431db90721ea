"""GO1 as it reports to us: events of version 3, signed (wire facts §3.4)."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from passback.sandbox import BadAnswer, post


class Sender:
    """A webhook of GO1 that reports to one address."""

    def __init__(self, url: str, secret: str) -> None:
        """Prepare it.

        Args:
            url: The address of our connection, as ``https://host.example/passback/hooks/go1``.
            secret: The secret key, at most 64 characters.
        """
        self._url = url
        self._secret = secret

    def send(self, event: Mapping[str, object], skew: int = 0) -> str:
        """Send `event`, and return what was answered.

        Args:
            event: What is reported.
            skew: By how many seconds the signature's time is off.

        Raises:
            BadAnswer: It isn't taken: any answer but 2xx (§3.4).
            OSError: Nobody answers.
        """
        body = json.dumps(event).encode()
        headers = {"content-type": "application/json", **signed(self._secret, body, int(time.time()) + skew)}
        answer = post(self._url, body, headers)
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            raise BadAnswer(f"expected an answer of 2xx, got {answer.status}: {answer.text}")
        return answer.text


def signed(secret: str, body: bytes, stamp: int) -> dict[str, str]:
    """Return the header that signs `body` at `stamp`, in seconds since 1970."""
    message = str(stamp).encode() + b"." + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {"go1-signature": f"t={stamp},v1={digest}"}


def completed(event: str, user: str, learning_object: str, at: datetime, **more: object) -> dict[str, object]:
    """Return the event of an enrollment that was completed at `at`; `more` are fields of the enrollment."""
    return {
        "id": event,
        "event_type": "enrollment.complete",
        "webhook_version": "3.0.0",
        "sent": _text(datetime.now(UTC)),
        "attempt_number": 1,
        "webhook_id": "wh-1",
        "data": {
            "id": "9001",
            "parent_enrolment_id": None,
            "enrollment_type": "self-directed",
            "user_account_id": user,
            "assigner_account_id": None,
            "assign_date": None,
            "lo_id": learning_object,
            "created_time": _text(at - timedelta(minutes=5)),
            "updated_time": _text(at),
            "status": "completed",
            "result": None,
            "pass": None,
            "start_date": _text(at - timedelta(minutes=5)),
            "end_date": _text(at),
            "due_date": None,
            **more,
        },
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
