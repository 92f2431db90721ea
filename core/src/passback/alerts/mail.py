"""Mail: what is told a connection's contact, through the host's own mail server."""

from __future__ import annotations

from asyncio import BaseTransport, CancelledError, WriteTransport
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from email.errors import MessageError
from importlib import import_module
from typing import TYPE_CHECKING

from passback.alerts.address import in_dns, spelled
from passback.alerts.channel import InDoubt, Parcel
from passback.alerts.mailserver import MailServer
from passback.alerts.message import message_of
from passback.alerts.refusals import reason_of
from passback.alerts.wording import letter_of

if TYPE_CHECKING:
    import aiosmtplib

__all__ = ["Mailbox"]


class Mailbox:
    """Sends mails."""

    name = "mail"

    def __init__(self, server: MailServer) -> None:
        self._server = server

    def recipient(self, contact: str) -> str:
        """Return `contact`."""
        return contact

    async def send(self, parcels: Sequence[Parcel]) -> AsyncGenerator[str, None]:
        """Send `parcels` in one session; see `Channel.send`."""
        try:
            smtp = import_module("aiosmtplib")
            session = import_module("passback.alerts.session")
        except ImportError:
            for _ in parcels:
                yield "aiosmtplib isn't installed; install it: pip install 'passback[mail]'"
            return
        client = self._client(session.Session)
        try:
            try:
                await self._enter(client)
            except (smtp.SMTPException, OSError, ValueError) as error:
                # The same holds for each.
                for _ in parcels:
                    yield reason_of(error, self._server)
                return
            for parcel in parcels:
                reason = await self._send(client, parcel, smtp.SMTPException, session.Unanswered)
                yield reason
                if not client.is_connected:
                    # Perhaps because of this one; the others are tried without it.
                    return
        except CancelledError:
            # In the midst of a command nobody takes leave, and whoever stops waited long enough.
            _cut(client, client.transport)
            raise
        finally:
            await _leave(client, smtp.SMTPException)

    async def aclose(self) -> None:
        """Close nothing: a session ends with what it sent."""

    def _client(self, kind: type[aiosmtplib.SMTP]) -> aiosmtplib.SMTP:
        server = self._server
        return kind(
            hostname=server.host,
            port=server.port_used,
            use_tls=server.security == "tls",
            start_tls=False,
            timeout=server.timeout,
        )

    async def _enter(self, client: aiosmtplib.SMTP) -> None:
        # Step by step: connect() doing all of it leaves a failed one open where nobody can close it.
        server = self._server
        await client.connect(hostname=in_dns(server.host))
        if server.security == "starttls":
            await client.starttls()
        if server.username is not None:
            await client.login(server.username, server.password or "")

    async def _send(
        self,
        client: aiosmtplib.SMTP,
        parcel: Parcel,
        failure: type[Exception],
        unanswered: type[Exception],
    ) -> str:
        try:
            sender, recipient = spelled(self._server.sender), spelled(parcel.recipient)
            message = message_of(letter_of(parcel.alert), sender, recipient, parcel.key, parcel.alert.at)
            await client.send_message(message, sender=sender, recipients=[recipient])
        except unanswered as error:
            return InDoubt(reason_of(error, self._server))
        except (failure, OSError, ValueError, MessageError) as error:
            return reason_of(error, self._server)
        return ""


async def _leave(client: aiosmtplib.SMTP, failure: type[Exception]) -> None:
    transport = client.transport
    with suppress(failure, OSError):
        await client.quit()
    _cut(client, transport)


def _cut(client: aiosmtplib.SMTP, transport: BaseTransport | None) -> None:
    client.close()
    if isinstance(transport, WriteTransport):
        # Closing waits for the server's end of TLS, and the event loop may not live that long.
        transport.abort()
