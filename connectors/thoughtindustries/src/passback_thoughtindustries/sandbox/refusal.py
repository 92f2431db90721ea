"""How the system refuses (wire facts §6.1, §6.2): ``{errors: […]}``, nothing at all, or ``retryAfter``."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """A request is refused.

    Attributes:
        status: The status of the answer.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def error(status: int, message: str) -> Response:
    """Return the answer that says so."""
    if status == 401:  # noqa: PLR2004 - the status is the name
        return Response(status_code=401)
    if status == 429:  # noqa: PLR2004
        return JSONResponse({"error": "rate_limit_exceeded", "message": message, "retryAfter": 32}, 429)
    return JSONResponse({"errors": [message]}, status)
