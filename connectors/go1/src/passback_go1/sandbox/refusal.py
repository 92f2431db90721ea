"""How the system refuses (wire facts §3.3): ``{ref, error_code, message}``."""

from __future__ import annotations

import secrets

from starlette.responses import JSONResponse


class Refused(Exception):
    """A request is refused.

    Attributes:
        status: The status of the answer.
        code: Its error code.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def error(status: int, code: str, message: str) -> JSONResponse:
    """Return the answer that says so."""
    return JSONResponse({"ref": secrets.token_hex(4), "error_code": code, "message": message}, status)
