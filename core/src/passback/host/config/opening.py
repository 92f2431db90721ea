"""The ``[launches]`` and ``[web]`` tables: how content is opened from an LMS, and where."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, StrictFloat

from passback.host.config.secrets import SecretText
from passback.host.config.table import Table

__all__ = ["LaunchesConfig", "WebConfig"]

_LEAST_KEY = 16


def _address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(each.isspace() for each in value):
        raise ValueError("expected an address that starts with https://")
    return value.rstrip("/")


def _long(value: SecretStr | dict[str, str]) -> SecretStr | dict[str, str]:
    if isinstance(value, SecretStr) and len(value.get_secret_value()) < _LEAST_KEY:
        raise ValueError(f"expected at least {_LEAST_KEY} characters, as openssl rand -base64 32 writes")
    return value


class LaunchesConfig(Table):
    """How long launches are kept: tokens of other people's systems."""

    hours: StrictFloat = Field(
        default=24,
        gt=0,
        le=24 * 90,
        description="How long a launch is kept that doesn't say when it expires.",
    )


class WebConfig(Table):
    """Where the mountable app is, as browsers and other systems reach it, and what seals what they bring."""

    url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None,
        description="The address under which it's mounted.",
        examples=["https://app.example.com/passback"],
    )
    keys: tuple[Annotated[SecretText, AfterValidator(_long)], ...] = Field(
        default=(),
        repr=False,
        description="What seals launches and sign-ins that are on their way: the first key seals, all of "
        "them open. Without one, neither is possible.",
    )
