"""The ``[alerts]`` table: who is told of trouble, when, and through which server."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, model_validator

from passback.alerts.address import in_dns
from passback.host.config.secrets import SecretText
from passback.host.config.table import Table
from passback.host.config.tables import EmailAddress, NetworkConfig

__all__ = ["AlertsConfig", "SmtpConfig", "WebhookConfig"]


def _server(value: str) -> str:
    try:
        in_dns(value)
    except ValueError as error:
        raise ValueError(f"expected a name that DNS can have: {error}") from None
    return value


class SmtpConfig(Table):
    """The mail server that takes alerts."""

    host: Annotated[str, AfterValidator(_server)] = Field(
        min_length=1, pattern=r"^[^\s/@]+$", description="The mail server's name."
    )
    port: StrictInt | None = Field(
        default=None, ge=1, le=65535, description="Its port; 587, 465 or 25 by default, by security."
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How it's encrypted: starttls, tls from the first byte, or none."
    )
    username: str | None = Field(default=None, min_length=1, description="Who we are there.")
    password: SecretText | None = Field(default=None, repr=False, description="Our password there.")
    sender: EmailAddress = Field(description="The address that mails are from.")
    timeout: StrictFloat = Field(
        default=30, gt=0, le=300, description="Seconds to wait for each of the server's answers."
    )

    @model_validator(mode="after")
    def _password_is_safe(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("expected username and password, or none of them")
        if self.password is not None and self.security == "none":
            raise ValueError("a password needs security: starttls or tls")
        return self


class WebhookConfig(Table):
    """The host's own program that is told too."""

    url: str = Field(min_length=1, repr=False, description="Where alerts are posted.")
    secret: SecretText = Field(
        repr=False, description="What signs them: whsec_ and 24 to 64 random bytes in base64."
    )
    network: NetworkConfig = Field(
        default=NetworkConfig(), description="What it may reach beyond https on the public internet."
    )

    @model_validator(mode="after")
    def _address_is_safe(self) -> Self:
        if not self.url.startswith(("https://", "http://") if self.network.allow_http else "https://"):
            raise ValueError("expected a url that starts with https://, or network.allow_http beside it")
        return self


class AlertsConfig(Table):
    """Who is told of trouble, and when; without `smtp` nobody gets a mail."""

    after: StrictFloat = Field(
        default=300, ge=0, le=86400, description="Seconds that a connection is ill until its contact is told."
    )
    calm: StrictFloat = Field(
        default=60, ge=0, le=86400, description="Seconds that it's well again until that is told."
    )
    gather: StrictFloat = Field(
        default=600,
        ge=0,
        le=86400,
        description="Seconds that a digest of rejected and waiting results waits for more.",
    )
    before_expiry: StrictFloat = Field(
        default=3,
        gt=0,
        le=365,
        description="Days before results are given up (retention.undelivered) that it's told; at most half "
        "of those.",
    )
    smtp: SmtpConfig | None = Field(default=None, description="The mail server that takes alerts.")
    webhook: WebhookConfig | None = Field(
        default=None, description="The host's own program that is told too."
    )
