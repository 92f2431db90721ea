"""Answers in the portal's own words."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import Response


class Refused(Exception):
    """A request that breaks a rule."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


def reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Make an answer in JSON, in ASCII so that any text can be sent."""
    return Response(json.dumps(content), status, dict(headers or {}), media_type="application/json")


def error(status: int, message: str, now: datetime, headers: Mapping[str, str] | None = None) -> Response:
    """Make the answer to a request that is refused: the envelope of wire facts §2.5."""
    envelope = {
        "status": str(status),
        "timeStamp": stamp(now),
        "error": {
            "errorId": str(uuid4()),
            "message": message,
            "code": str(status),
            "description": None,
            "details": None,
        },
    }
    return reply(envelope, status, headers)


def stamp(at: datetime) -> str:
    """Write a time as the envelope has it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S%z")


def asked_for(request: Request, content: object, *, xml: bool) -> Response:
    """Make an answer in JSON where that is asked for, else in XML (wire facts §2.1)."""
    if not xml or "application/json" in request.headers.get("accept", "").lower():
        return reply(content)
    return Response(f'<?xml version="1.0"?>{_element("response", content)}', media_type="application/xml")


def _element(name: str, content: object) -> str:
    if isinstance(content, dict):
        inner = "".join(_element(key, value) for key, value in content.items())
    elif isinstance(content, list):
        inner = "".join(_element("item", value) for value in content)
    else:
        inner = "" if content is None else escape(str(content))
    return f"<{name}>{inner}</{name}>"
