"""A real mail server on a real socket, which keeps what it takes; and a certificate authority for it."""

import asyncio
import ssl
from contextlib import contextmanager
from email import message_from_bytes, policy

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

USER, PASSWORD = "passback", "hush-hush-42"


class Inbox:
    """What the server took, and what it answers instead."""

    def __init__(self):
        self.messages = []
        self.envelopes = []
        self.refusing = {}
        # For how many seconds it looks through a mail before it takes it, and at how many it began to look.
        self.thinking = self.begun = 0

    async def handle_MAIL(self, _server, _session, envelope, address, options):  # noqa: N802 - aiosmtpd's
        if refusal := self.refusing.get("sender"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if refusal := self.refusing.get(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        if refusal := self.refusing.get("data"):
            return refusal
        self.begun += 1
        await asyncio.sleep(self.thinking)
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 taken"


def _authenticate(_server, _session, _envelope, _mechanism, data):
    right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class _Server(Controller):
    def __init__(self, inbox, *, implicit, **options):
        self._options = options
        super().__init__(
            inbox, hostname="127.0.0.1", port=0, ssl_context=implicit, server_hostname="localhost"
        )

    def factory(self):
        return SMTP(self.handler, hostname="mail.test", **self._options)

    def _trigger_server(self):
        # Its own way asks for the port that was configured, which is none.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(security="none", certificate=None, *, letters=False):
    """Serve mail with `security`, also where `letters` stand before the @; yield the inbox.

    It knows its port.
    """
    inbox = Inbox()
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
    options = {"enable_SMTPUTF8": letters}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if security != "none":
        # Implicit TLS isn't known to the SMTP protocol above it.
        options |= {"auth_required": True, "authenticator": _authenticate}
        options |= {"auth_require_tls": security == "starttls"}
    server = _Server(inbox, implicit=context if security == "tls" else None, **options)
    server.start()
    inbox.port = server.port
    try:
        yield inbox
    finally:
        server.stop()


def authority(folder):
    """Return a certificate for ``localhost``, and the file of the authority that signed it."""
    made = trustme.CA()
    made.cert_pem.write_to_path(folder / "ca.pem")
    return made.issue_cert("localhost", "127.0.0.1"), folder / "ca.pem"
