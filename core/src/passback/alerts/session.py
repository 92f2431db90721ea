"""A session with a mail server; imported only where mail is sent, as its library may not be installed."""

from __future__ import annotations

import re
from asyncio import CancelledError
from typing import Any

import aiosmtplib

from passback.alerts.channel import InDoubt

__all__ = ["Session", "Unanswered"]

# A server that looks through a mail before it takes it may need long (RFC 5321 §4.5.3.2.6 says ten minutes),
# and one that wasn't waited for is sent it again.
_PATIENCE = 300.0
_LEFT = InDoubt("this ended before the mail server said anything of the whole mail, so it may have arrived")
_DOT = re.compile(rb"^\.", re.MULTILINE)


class Unanswered(aiosmtplib.SMTPException):
    """A whole mail was sent, and the server said nothing of it: it may have taken it."""


class Session(aiosmtplib.SMTP):
    """A session in which a server may take its time for its word on a whole mail, and for no other answer."""

    async def data(self, message: str | bytes, /, **_: Any) -> aiosmtplib.SMTPResponse:  # noqa: ANN401 - the library's own
        """Send `message`, which ends with a line break, and wait long for what the server says of it."""
        ready = await self.execute_command(b"DATA")
        if ready.code != aiosmtplib.SMTPStatus.start_input:
            raise aiosmtplib.SMTPDataError(ready.code, ready.message)
        if self.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        body = message.encode("ascii") if isinstance(message, str) else message
        try:
            self.protocol.write(_DOT.sub(b"..", body) + b".\r\n")
            taken = await self.protocol.read_response(timeout=max(_PATIENCE, self.timeout or 0))
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError) as error:
            self.close()
            raise Unanswered(error.message) from error
        except CancelledError:
            raise CancelledError(_LEFT) from None
        if taken.code != aiosmtplib.SMTPStatus.completed:
            raise aiosmtplib.SMTPDataError(taken.code, taken.message)
        return taken
