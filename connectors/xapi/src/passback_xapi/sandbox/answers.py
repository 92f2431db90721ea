"""Replies in JSON."""

import json
from collections.abc import Mapping

from starlette.responses import Response


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make a JSON reply, in ASCII so that any text kept can be sent."""
    text = json.dumps(content)
    return Response(text, status, dict(headers or {}), media_type="application/json")


def error(status: int, message: str) -> Response:
    """Make the reply to a request that is refused."""
    return reply({"error": True, "message": message}, status)
