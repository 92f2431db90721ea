"""The school's webhooks: a completed course is a result (wire facts §6.1, §6.2)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import msgspec

from passback import Activity, Incoming, InvalidResult, JSONValue, Learner, Received, Result, ResultKind
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["Receiver"]

_COMPLETION = "courseCompletion"
_OK, _REFUSED, _UNREADABLE = 200, 401, 400


class Receiver:
    """Reads what one school sends."""

    def __init__(self, options: ThoughtIndustriesOptions) -> None:
        self._secrets = tuple(each.get_secret_value().encode() for each in options.webhook_secrets)
        self._prefix = options.webhook_learner_prefix
        self._activities = {course: activity for activity, course in options.courses.items()}

    def received(self, incoming: Incoming) -> Received:
        """Return the result in what came, if its signature is good; the same event gives the same result."""
        if incoming.method != "POST" or not self._is_signed(incoming):
            return Received(status=_REFUSED, body={"error": "the signature isn't good"})
        try:
            event = msgspec.json.decode(incoming.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            event = None
        if not isinstance(event, dict):
            return Received(status=_UNREADABLE, body={"error": "expected a JSON object"})
        if event.get("event") != _COMPLETION:
            return Received(status=_OK)
        result = self._result(event)
        if result is None:
            return Received(
                status=_UNREADABLE, body={"error": "the event lacks its id, user, course or time"}
            )
        return Received(results=(result,), status=_OK)

    def _is_signed(self, incoming: Incoming) -> bool:
        given = incoming.headers.get("x-ti-signature", "").strip().lower().encode()
        # All of them, so that the time it takes doesn't tell which one it was.
        good = [
            hmac.compare_digest(hmac.digest(secret, incoming.body, hashlib.sha256).hex().encode(), given)
            for secret in self._secrets
        ]
        return any(good)

    def _result(self, event: dict[str, JSONValue]) -> Result | None:
        data = event.get("data")
        said = data if isinstance(data, dict) else event
        detail = said.get("userDetail")
        person = detail if isinstance(detail, dict) else {}
        number, course, user = (
            _text(each) for each in (said.get("id"), said.get("notifiableId"), person.get("id"))
        )
        at = _moment(said.get("timestamp") or event.get("timestamp"))
        if number is None or course is None or user is None or at is None:
            return None
        try:
            return Result(
                id=f"ti-{number}",
                kind=ResultKind.COMPLETED,
                at=at,
                learner=Learner(
                    id=f"{self._prefix}{user}",
                    email=_text(said.get("user")),
                    external_id=_text(person.get("externalCustomerId")),
                ),
                activity=Activity(id=self._activities.get(course, course), name=_text(said.get("title"))),
            )
        except InvalidResult:
            return None


def _text(value: JSONValue) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _moment(value: JSONValue) -> datetime | None:
    if not isinstance(value, str) or len(value) > 64:  # noqa: PLR2004 - any bound will do
        return None
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
