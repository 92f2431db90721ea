"""How a rule that a request breaks becomes an answer."""

from starlette.responses import JSONResponse, Response


class Refused(Exception):
    """A request that is refused.

    Attributes:
        status: The status of the answer.
        code: What programs are told.
        message: What people are told.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def refusal(status: int, code: str, message: str) -> Response:
    """Make the answer to a request that is refused."""
    return JSONResponse({"ok": False, "code": code, "error": message}, status)
