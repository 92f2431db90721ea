"""The tables of the configuration, each field with what it's for."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Field, InstanceOf, StrictBool, StrictFloat, StrictInt

from passback.alerts.address import mailbox, spelled
from passback.contract import Options
from passback.host.config.signing_in import SignInConfig
from passback.host.config.table import Table
from passback.identity import ORDER, KeyName
from passback.model import DEFAULT_ORGANISATION

__all__ = [
    "ConnectionConfig",
    "EmailAddress",
    "NetworkConfig",
    "PluginConfig",
    "RetentionConfig",
    "SendingConfig",
]

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def _email(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("expected an e-mail address")
    try:
        known = spelled(value)
    except ValueError as error:
        raise ValueError(f"expected an e-mail address whose domain DNS can have: {error}") from None
    try:
        mailbox(known)
    except ValueError:
        raise ValueError("expected an e-mail address that can stand in a mail") from None
    return value


def _once(names: tuple[KeyName, ...]) -> tuple[KeyName, ...]:
    if len(set(names)) < len(names):
        raise ValueError("expected each key once")
    return names


EmailAddress: TypeAlias = Annotated[str, AfterValidator(_email)]


def _network(value: str) -> str:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        raise ValueError(f"expected a network such as 10.0.0.0/8: {error}") from None
    return value


def _no_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("expected a text that isn't empty")
    return value


_Activities: TypeAlias = tuple[str, ...] | Literal["*"] | None


def _every(value: _Activities) -> _Activities:
    # No activity is called so: whoever lists it means all of them.
    if value == ("*",):
        return "*"
    if isinstance(value, tuple) and "*" in value:
        raise ValueError('"*" means every activity, so it stands alone; leave it out, or the others')
    return value


class NetworkConfig(Table):
    """What a connection may reach beyond ``https`` on the public internet."""

    allow_http: StrictBool = Field(default=False, description="Whether http:// may be used.")
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="Private networks that may be reached, as 10.0.0.0/8."
    )


class SendingConfig(Table):
    """How a connection is served; what isn't given is the connector's own choice."""

    batch: StrictInt | None = Field(
        default=None, ge=1, le=10_000, description="The most results in one request."
    )
    linger: StrictFloat | None = Field(
        default=None, ge=0, le=60, description="Seconds to wait for a batch to fill."
    )
    first_probe: StrictFloat = Field(
        default=1.0, gt=0, le=900, description="Seconds until the first probe in an outage."
    )
    longest_probe: StrictFloat = Field(
        default=900.0, gt=0, le=900, description="The most seconds between two probes."
    )
    concurrency: StrictInt | None = Field(
        default=None, ge=1, le=100, description="How many batches may be on the wire at once."
    )
    per_minute: StrictInt | None = Field(default=None, ge=1, description="The most requests in a minute.")
    per_hour: StrictInt | None = Field(default=None, ge=1, description="The most requests in an hour.")
    per_day: StrictInt | None = Field(default=None, ge=1, description="The most requests in a day (UTC).")


class ConnectionConfig(Table):
    """One connection.

    From Python, `options` may also be the connector's own `Options`, and a secret a ``SecretStr``.
    """

    connector: str = Field(description="The kind of system: the name under which its connector is offered.")
    contact: EmailAddress = Field(description="Who is told when it breaks and heals.")
    organisation: Annotated[str, AfterValidator(_no_blank)] = Field(
        default=DEFAULT_ORGANISATION,
        min_length=1,
        max_length=1024,
        description="The customer whose results and learners it serves.",
    )
    options: dict[str, Any] | InstanceOf[Options] = Field(
        default_factory=dict, repr=False, description="What its connector needs."
    )
    activities: Annotated[_Activities, AfterValidator(_every)] = Field(
        default=None,
        description="The ids of the activities attached to it; * for all, which is the default where it "
        "signs nobody in.",
    )
    distribution: str | None = Field(
        default=None, description="The only distribution that may offer the connector."
    )
    extensions: tuple[str, ...] = Field(default=(), description="Extensions, asked before the connector.")
    network: NetworkConfig = Field(
        default=NetworkConfig(), description="What it may reach beyond https on the public internet."
    )
    match: Annotated[tuple[KeyName, ...], AfterValidator(_once)] = Field(
        default=ORDER, min_length=1, description="What learners are recognised by there, the surest first."
    )
    sync_every: StrictFloat = Field(
        default=24, gt=0, le=24 * 365, description="Hours between two comparisons of all its users."
    )
    sending: SendingConfig = Field(default=SendingConfig(), description="How it's served.")
    sign_in: SignInConfig | None = Field(
        default=None, description="How people are signed in by it, where it's an identity provider."
    )

    @property
    def attached(self) -> tuple[str, ...] | Literal["*"]:
        """The activities attached to it: where it doesn't say so, all, or none if it signs people in."""
        if self.activities is not None:
            return self.activities
        return "*" if self.sign_in is None else ()


class RetentionConfig(Table):
    """How long results are kept, in days."""

    undelivered: StrictFloat = Field(
        default=30, gt=0, le=3650, description="Days until what couldn't be delivered is rejected."
    )
    settled: StrictFloat = Field(
        default=90,
        gt=0,
        le=3650,
        description="Days that a result is kept after its last delivery was delivered or rejected. "
        "Where learners stand is kept longer.",
    )


class PluginConfig(Table):
    """Which plugins may be loaded."""

    block: dict[str, str] = Field(
        default_factory=dict, description="Plugin or distribution → why it's blocked."
    )
    disable: tuple[str, ...] = Field(default=(), description="Plugins that are off.")
