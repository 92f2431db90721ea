"""Alerts as they are configured: which channels there are, and what runs beside the dispatcher."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from passback.alerts import (
    AlertPolicy,
    Alerts,
    Broken,
    Channel,
    Mailbox,
    MailServer,
    Parcel,
    Watched,
    Webhook,
    key_of,
)
from passback.clock import Clock
from passback.contract import Alerted, AlertKind
from passback.errors import ConfigError
from passback.host.config import Config, Mistake, SmtpConfig, WebhookConfig
from passback.http import HTTP, AddressPolicy, Timeouts
from passback.store import Store

__all__ = ["Alerting", "alert_mistakes", "alert_policy", "try_alerts"]

# A mail that is just being sent may end; longer than that no process that is to stop waits for it.
_GRACE = 30.0


class Alerting:
    """Runs the alerts of this process, by one configuration at a time."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._alerts: Alerts | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self, config: Config) -> None:
        """Tell people by `config` from now on; a mail that is being sent goes on."""
        policy, watched = alert_policy(config), _watched(config, self._clock)
        if self._alerts is not None:
            self._alerts.renew(policy, watched)
            return
        self._alerts = Alerts(self._store, self._clock, policy, watched, self._store.member)
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._alerts.run(self._stopping), name="passback alerts")

    async def end(self) -> None:
        """Let what is being sent arrive, and stop."""
        task, self._task, self._alerts = self._task, None, None
        if task is None:
            return
        self._stopping.set()
        await asyncio.wait([task], timeout=_GRACE)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def try_alerts(config: Config, clock: Clock, connection: str) -> Mapping[str, str]:
    """Send a test to whoever is told of `connection`; return why it failed, by recipient, empty if it didn't.

    Raises:
        ConfigError: The configuration has no such connection, or no alerts are configured.
    """
    contacts = _contacts(config)
    if connection not in contacts:
        have = ", ".join(sorted(contacts)) or "none"
        raise ConfigError(f"the configuration has no connection {connection!r}; it has {have}")
    channels = _channels(config, clock)
    if not channels:
        raise ConfigError(
            "nobody is told anything: the configuration has no [alerts.smtp] or [alerts.webhook]"
        )
    now = clock.now()
    alert = Alerted(kind=AlertKind.TEST, connection=connection, at=now)
    said: dict[str, str] = {}
    for channel in channels:
        recipient = channel.recipient(contacts[connection])
        if recipient:
            parcel = Parcel(key=f"test-{now.timestamp():.0f}", recipient=recipient, alert=alert)
            async for reason in channel.send([parcel]):
                said[f"{channel.name} to {recipient}"] = reason
        await channel.aclose()
    return said


def alert_mistakes(config: Config) -> list[ConfigError]:
    """Return what keeps alerts from being sent, each with its place."""
    found: list[Mistake] = []
    _smtp_password(config, found)
    _webhook_key(config, found)
    return [config.error(each) for each in found]


def _watched(config: Config, clock: Clock) -> Watched:
    channels = tuple(_channels(config, clock))
    return Watched(contacts=_contacts(config), channels=channels, observers=config.watching)


def _contacts(config: Config) -> Mapping[str, str]:
    return {
        name: "" if "contact" in draft.unread else draft.config.contact
        for name, draft in config.drafts.items()
    }


def alert_policy(config: Config) -> AlertPolicy:
    """Return when somebody is told by `config`."""
    alerts = config.alerts
    return AlertPolicy(
        after=timedelta(seconds=alerts.after),
        calm=timedelta(seconds=alerts.calm),
        gather=timedelta(seconds=alerts.gather),
        undelivered=timedelta(days=config.retention.undelivered),
        before_expiry=timedelta(days=alerts.before_expiry),
    )


def _channels(config: Config, clock: Clock) -> list[Channel]:
    alerts = config.alerts
    channels: list[Channel] = []
    if alerts.smtp is not None:
        found: list[Mistake] = []
        password = _smtp_password(config, found)
        channels.append(_broken("mail", found) if found else _mailbox(alerts.smtp, password))
    if alerts.webhook is not None:
        found = []
        key = _webhook_key(config, found)
        channels.append(_broken("webhook", found) if key is None else _webhook(alerts.webhook, key, clock))
    return channels


def _mailbox(smtp: SmtpConfig, password: str | None) -> Mailbox:
    server = MailServer(**smtp.model_dump(exclude={"password"}), password=password)
    return Mailbox(server)


def _webhook(webhook: WebhookConfig, key: bytes, clock: Clock) -> Webhook:
    network = webhook.network
    policy = AddressPolicy(allow_http=network.allow_http, allow=network.allow)
    return Webhook(webhook.url, key, HTTP(policy, Timeouts(read=20.0, total=30.0), clock), clock)


def _broken(name: str, mistakes: list[Mistake]) -> Broken:
    return Broken(name, "; ".join(str(each) for each in mistakes))


def _smtp_password(config: Config, mistakes: list[Mistake]) -> str | None:
    smtp = config.alerts.smtp
    return config.revealed(smtp.password, ("alerts", "smtp", "password"), mistakes) if smtp else None


def _webhook_key(config: Config, mistakes: list[Mistake]) -> bytes | None:
    webhook = config.alerts.webhook
    place = ("alerts", "webhook", "secret")
    secret = config.revealed(webhook.secret, place, mistakes) if webhook else None
    if secret is None:
        return None
    try:
        return key_of(secret)
    except ConfigError as error:
        mistakes.append(Mistake(place, error.problem))
        return None
