"""The tables of the configuration, each field with what it's for."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    ModelWrapValidatorHandler,
    StrictBool,
    StrictFloat,
    StrictInt,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from passback.contract import Options
from passback.host.config.mistakes import unknown
from passback.identity import ORDER, KeyName
from passback.model import DEFAULT_ORGANISATION

__all__ = [
    "ConnectionConfig",
    "EmailAddress",
    "NetworkConfig",
    "PluginConfig",
    "RetentionConfig",
    "SendingConfig",
    "Table",
]

_UNKNOWN = "unknown_key"
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def _email(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("expected an e-mail address")
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


class Table(BaseModel):
    """One kind of table; an unknown key is an error, and no message shows a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="wrap")
    @classmethod
    def _suggest_keys(cls, given: Any, validate: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401
        try:
            return validate(given)
        except ValidationError as error:
            details = [_suggesting(each, cls) for each in error.errors(include_url=False)]
            raise ValidationError.from_exception_data(cls.__name__, details, hide_input=True) from None


def _suggesting(detail: ErrorDetails, model: type[BaseModel]) -> InitErrorDetails:
    """Return `detail` as it was; an unknown key with what was probably meant, for whoever writes Python."""
    kind: str | PydanticCustomError = detail["type"]
    if kind == "extra_forbidden":
        kind = PydanticCustomError(_UNKNOWN, unknown(detail["loc"][-1], [model]))
    elif kind == _UNKNOWN:  # in a table within this one
        kind = PydanticCustomError(_UNKNOWN, detail["msg"])
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=detail.get("ctx", {}))


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
    activities: tuple[str, ...] | Literal["*"] = Field(
        default="*", description="The ids of the activities attached to it; * for all."
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
