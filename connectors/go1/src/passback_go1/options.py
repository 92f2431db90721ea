"""What a connection to a GO1 portal needs, in the words of its administrators."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, WebAddress
from passback_go1.addresses import host

__all__ = ["Go1Options"]

_LONGEST_SECRET = 64
_MOST_SECRETS = 4

_Api: TypeAlias = Annotated[
    str,
    AfterValidator(
        WebAddress(example="https://gateway.go1.com", credentials="they are client_id and client_secret")
    ),
]


def _signing(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if len(secrets) > _MOST_SECRETS:
        raise ValueError(f"expected at most {_MOST_SECRETS} secrets, got {len(secrets)}")
    if any(not 1 <= len(each.get_secret_value()) <= _LONGEST_SECRET for each in secrets):
        raise ValueError(f"expected secrets of 1 to {_LONGEST_SECRET} characters, as GO1 has them")
    return secrets


def _each_once(objects: dict[str, str]) -> dict[str, str]:
    for name, count in Counter(objects.values()).items():
        if count > 1:
            raise ValueError(f"expected one activity for each learning object, got {count} for {name!r}")
    for name in objects.values():
        if not (name.isascii() and name.isdigit()):
            raise ValueError(f'expected ids of learning objects, such as "777", got {name[:40]!r}')
    return objects


class Go1Options(Options):
    """Options of a connection to one portal of GO1."""

    client_id: str = Field(min_length=1, description="The portal's API client.")
    client_secret: SecretStr = Field(description="Its secret.")
    scope: str = Field(
        default="enrollment.read enrollment.write user.read",
        description="What the token is for, separated by spaces.",
    )
    learning_objects: Annotated[dict[str, str], AfterValidator(_each_once)] = Field(
        default_factory=dict,
        description="Which learning object each activity is; an activity whose id is a number is that one.",
        examples=[{"https://example.com/ladder": "777"}],
    )
    enrollment_type: Literal["self-directed", "assigned"] = Field(
        default="self-directed", description="What kind of enrollment is made for a learner who has none."
    )
    assigner: str | None = Field(
        default=None, description="With assigned: the account id of whoever assigns them."
    )
    identity_attribute: str = Field(
        default="email",
        min_length=1,
        description="Which attribute of a sign-in has the e-mail address; upper and lower case count.",
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], AfterValidator(_signing)] = Field(
        default=(),
        description="The secret keys of GO1's webhooks to us; while one is replaced, the old and the new.",
    )
    webhook_learner: str = Field(
        default="user_account_id",
        min_length=1,
        description="Which field of an event's enrollment says who the learner is.",
    )
    webhook_learner_prefix: str = Field(
        default="go1:",
        description="Put before that, so that GO1's numbers are nobody else's; empty where they are yours.",
    )
    webhook_objects: Literal["all", "others"] = Field(
        default="all",
        description="Which learning objects events are taken of; `others` leaves out those in "
        "`learning_objects`, of which the connection itself reports.",
    )
    email_filter: str = Field(
        default="email", description="The parameter that filters users by e-mail; empty where there is none."
    )
    users_key: str = Field(default="hits", min_length=1, description="Where a page of users has its list.")
    active_key: str = Field(
        default="status",
        min_length=1,
        description='Where a user has whether they may come in; `false`, `0` and `"inactive"` say no.',
    )
    login_answer: Literal["url", "one_time_token"] = Field(
        default="url", description="What a one-time login is answered with: an address, or only its token."
    )
    portal: Annotated[str, AfterValidator(host)] | None = Field(
        default=None, description="With one_time_token: the portal's host, such as acme.mygo1.com."
    )
    api_version: str = Field(
        default="2025-01-01",
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
        description="The version of the gateway's API.",
    )
    token_url: _Api = Field(
        default="https://auth.go1.com/oauth/token", description="Where tokens are given out."
    )
    gateway_url: _Api = Field(default="https://gateway.go1.com", description="The API that has enrollments.")
    api_url: _Api = Field(default="https://api.go1.com/v2", description="The older API, which has users.")

    def model_post_init(self, _: object, /) -> None:
        """Refuse options that lack each other."""
        if self.assigner is not None and self.enrollment_type != "assigned":
            raise ValueError("assigner: goes with enrollment_type = assigned; GO1 refuses it otherwise")
        if self.login_answer == "one_time_token" and self.portal is None:
            raise ValueError("portal: missing; login_answer = one_time_token needs the portal's host")
