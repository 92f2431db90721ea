"""Alerts: who is told of a connection's trouble, once, and when it's over."""

from passback.alerts.alerts import Alerts
from passback.alerts.audience import Watched
from passback.alerts.channel import Broken, Channel, Parcel
from passback.alerts.listing import Notice, list_notices
from passback.alerts.mail import Mailbox
from passback.alerts.mailserver import MailServer
from passback.alerts.policy import AlertPolicy
from passback.alerts.webhook import Webhook, key_of

__all__ = [
    "AlertPolicy",
    "Alerts",
    "Broken",
    "Channel",
    "MailServer",
    "Mailbox",
    "Notice",
    "Parcel",
    "Watched",
    "Webhook",
    "key_of",
    "list_notices",
]
