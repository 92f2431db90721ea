"""A letter as a message that mail servers carry."""

from __future__ import annotations

import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from passback.alerts.address import mailbox
from passback.alerts.letter import Letter, clean
from passback.alerts.rendering import html_of, text_of

__all__ = ["message_of"]

_LONGEST_SUBJECT = 150
_DOMAIN = re.compile(r"[A-Za-z0-9.-]+")


def message_of(letter: Letter, sender: str, recipient: str, key: str, at: datetime) -> EmailMessage:
    """Return `letter` as a message with text and HTML.

    Args:
        letter: What it says.
        sender: The address that it's from.
        recipient: The address that it goes to.
        key: What makes its Message-ID, so that a repetition can be known.
        at: Its date.

    Raises:
        ValueError: An address can't stand in a mail.
    """
    domain = sender.rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = mailbox(sender, "Passback")
    message["To"] = mailbox(recipient)
    message["Subject"] = clean(letter.subject, _LONGEST_SUBJECT)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{key}@{domain if _DOMAIN.fullmatch(domain) else 'passback.invalid'}>"
    # RFC 3834: nobody's holiday notice answers it.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text_of(letter), cte="quoted-printable")
    message.add_alternative(html_of(letter), subtype="html", cte="quoted-printable")
    return message
