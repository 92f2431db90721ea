"""Replies as StackOne words them (wire facts §4.3, §4.4)."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from starlette.responses import Response


class Refused(Exception):
    """A request that breaks a rule."""

    def __init__(self, status: int, message: str, provider: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.provider = provider
        self.headers: dict[str, str] = {}


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON reply."""
    return Response(json.dumps(content), status, dict(headers or {}), media_type="application/json")


def stamp() -> str:
    """Return the time as StackOne writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written(status: int, message: str, **more: object) -> Response:
    """Make the reply to what was written: ``{statusCode, message, timestamp, …}`` (wire facts §4.3)."""
    return reply({"statusCode": status, "message": message, "timestamp": stamp(), **more}, status)


def refusal(refused: Refused) -> Response:
    """Make the reply to a request that is refused (wire facts §4.4)."""
    content: dict[str, object] = {
        "statusCode": refused.status,
        "message": refused.message,
        "timestamp": stamp(),
    }
    if refused.status == 400:  # noqa: PLR2004 - the one status with more to it
        content["provider_errors"] = list(refused.provider)
        content["data"] = {"statusCode": 400, "message": refused.message, "headers": {}}
    return reply(content, refused.status, refused.headers)
