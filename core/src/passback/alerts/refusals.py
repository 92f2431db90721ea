"""Why a mail wasn't taken, and what a person can do."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping

from passback.alerts.letter import clean
from passback.alerts.mailserver import MailServer

__all__ = ["reason_of"]

_LONGEST_ANSWER = 200
# The mail library's errors by name, as it is imported only where mail is sent.
_NOT_SPOKEN = {
    "Unanswered": "{where} had the whole mail and said nothing of it, so it may have arrived; "
    "look into its log",
    "SMTPServerDisconnected": "{where} cut the connection; check alerts.smtp.port and security",
    "SMTPConnectTimeoutError": "no answer in time from {where}; check alerts.smtp.host and port",
    "SMTPReadTimeoutError": "no answer in time from {where}; check alerts.smtp.host and port",
    # What it says may hold what it was told.
    "SMTPAuthenticationError": "{where} refuses the credentials ({code}); "
    "check alerts.smtp.username and password",
}
_SPOKEN = {
    "SMTPRecipientsRefused": "{where} refuses the recipient ({said}); check the connection's contact",
    "SMTPSenderRefused": "{where} refuses the sender ({said}); check alerts.smtp.sender",
}
# Whatever it says it to (RFC 4954 §6, RFC 3207 §4, RFC 5321 §4.2.3).
_AT_ANY_TIME: Mapping[int | str, str] = {
    530: "{where} wants user and password, or encryption, first ({said}); "
    "check alerts.smtp.username, password and security",
    552: "{where} has no room for the mail ({said}): a mailbox is full, a quota is used up, or mails must be "
    "smaller there",
}
_NOT_YET = {
    "SMTPAuthenticationError": "{where} can't check the credentials now ({code}); it asks to try again later",
    "SMTPRecipientsRefused": "{where} doesn't take mail for the recipient yet ({said}); "
    "it asks to try again later",
    "SMTPSenderRefused": "{where} doesn't take mail from the sender yet ({said}); it asks to try again later",
}
_NO_OTHER_LETTERS = (
    "{where} takes no address with letters such as ö before the @ (no SMTPUTF8); "
    "check the connection's contact and alerts.smtp.sender"
)
_REFUSED = "{where} refuses the mail ({said})"
_LATER = "{where} doesn't take the mail yet ({said}); it asks to try again later"
# Refused for now (RFC 5321 §4.2.1), as by a greylist.
_FOR_NOW = range(400, 500)


def reason_of(error: Exception, server: MailServer) -> str:
    """Return what `error` means, and what a person can do; nothing secret is in it."""
    where = f"the mail server {server.shown}"
    kind, code, said = type(error).__name__, _code(error), _said(error, server)
    if known := _known(kind, code, said):
        return known.format(where=where, code=code, said=said)
    causes = list(_causes(error))
    if tls := next((each for each in causes if isinstance(each, ssl.SSLError)), None):
        problem = clean(
            getattr(tls, "verify_message", "") or tls.reason or "it speaks no TLS", _LONGEST_ANSWER
        )
        return f"no encrypted connection to {where}: {problem}; check alerts.smtp.host, port and security"
    if isinstance(error, ValueError):
        return "an address can't stand in a mail; check the connection's contact and alerts.smtp.sender"
    if isinstance(error, OSError):
        return f"{where} isn't reached: {_plainly(causes)}; check alerts.smtp.host and port"
    return f"{where}: {said}; check alerts.smtp"


def _known(kind: str, code: int | str, said: str) -> str | None:
    if code in _FOR_NOW:
        return _NOT_YET.get(kind, _LATER)
    if kind == "SMTPNotSupported" and "SMTPUTF8" in said:
        return _NO_OTHER_LETTERS
    always = _NOT_SPOKEN.get(kind) or _AT_ANY_TIME.get(code)
    return always or (_SPOKEN.get(kind, _REFUSED) if code else None)


def _answer(error: Exception) -> Exception:
    # Of several recipients each has its own; there is one.
    refusals = error.args[0] if error.args and isinstance(error.args[0], list) else ()
    return refusals[0] if refusals else error


def _code(error: Exception) -> int | str:
    code: int | str = getattr(_answer(error), "code", "")
    return code


def _said(error: Exception, server: MailServer) -> str:
    told = _answer(error)
    code, message = _code(error), getattr(told, "message", "") or str(told)
    said = clean(f"{code} {message}" if code else str(message), _LONGEST_ANSWER)
    return said.replace(server.password, "********") if server.password else said


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _plainly(causes: list[BaseException]) -> str:
    # The library repeats its arguments; the operating system says what happened.
    for each in causes:
        if isinstance(each, OSError) and each.errno:
            return clean(
                os.strerror(each.errno) if each.errno > 0 else each.strerror or "no such host"
            ).lower()
    return "no connection"
