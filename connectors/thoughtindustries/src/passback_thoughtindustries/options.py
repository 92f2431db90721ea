"""What a connection to a school of Thought Industries needs, in the words of its administrators."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, WebAddress
from passback_thoughtindustries.addresses import local_path

__all__ = ["ThoughtIndustriesOptions"]

_SHORTEST_KEY = 16

_School: TypeAlias = Annotated[
    str,
    AfterValidator(
        WebAddress(example="https://acme.thoughtindustries.com", credentials="the key is api_key")
    ),
]


def _key(secret: SecretStr) -> SecretStr:
    # It signs sign-ins, too, and a short one can be guessed from any of them (RFC 7518 §3.2).
    if len(secret.get_secret_value().encode()) < _SHORTEST_KEY:
        raise ValueError(f"expected a key of at least {_SHORTEST_KEY} characters, as the school shows it")
    return secret


def _paths(given: dict[str, str]) -> dict[str, str]:
    for activity, path in given.items():
        if local_path(path, "https://school.invalid") != path:
            raise ValueError(f"{activity[:100]!r}: expected a path such as /learn/course/ladder")
    return given


class ThoughtIndustriesOptions(Options):
    """Options of a connection to one school."""

    url: _School = Field(description="The school's address, such as https://acme.thoughtindustries.com.")
    api_key: Annotated[SecretStr, AfterValidator(_key)] = Field(
        description="Its API key (Settings > Security); it signs sign-ins, too."
    )
    courses: dict[str, str] = Field(
        default_factory=dict,
        description="Which course each activity is; one that isn't in it is the course of its own id.",
        examples=[{"https://example.com/ladder": "c-7"}],
    )
    course_by: Literal["id", "sku"] = Field(
        default="id", description="What courses are named by, there and in activities: `id` or `sku`."
    )
    learning_paths: dict[str, str] = Field(
        default_factory=dict,
        description="Which learning path, by its id, an activity is that is one; those take progress, too.",
    )
    learner_by: Literal["account", "email"] = Field(
        default="account",
        description="Whom results are addressed to: the user who was found there, or whoever has the "
        "learner's e-mail address; learning paths always want a user.",
    )
    when_unsure: Literal["look", "send"] = Field(
        default="look",
        description="What is done with a completion that may have arrived: `look` for it in the school's "
        "events first, which the key must be allowed to read, or `send` it again.",
    )
    email_lookup: bool = Field(
        default=False,
        description="Whether the school finds a user by `/users/` and an e-mail address; that isn't "
        "documented. Otherwise all users are listed.",
    )
    active_key: str = Field(
        default="active",
        min_length=1,
        description='Where a user has whether they may come in; `false`, `"inactive"`, `"disabled"` say no.',
    )
    external_id_attribute: str = Field(
        default="externalCustomerId",
        min_length=1,
        description="Which attribute of a sign-in has `externalCustomerId`; upper and lower case count.",
    )
    email_attribute: str = Field(
        default="email", min_length=1, description="Which attribute of a sign-in has the e-mail address."
    )
    external_id: Literal["external_id", "id", "none"] = Field(
        default="external_id",
        description="What the school is told of a learner as `externalCustomerId` at sign-in: the customer's "
        "id of them, yours, or nothing. It keeps them the same user when their address changes.",
    )
    send_names: bool = Field(
        default=True, description="Whether first and last name are told at sign-in, split at the last space."
    )
    paths: Annotated[dict[str, str], AfterValidator(_paths)] = Field(
        default_factory=dict,
        description="The page of the school at which an activity is opened, such as /learn/course/ladder.",
    )
    sign_in_by: Literal["redirect", "form"] = Field(
        default="redirect",
        description="How a browser brings the token: by a redirect, or by a form, which leaves no trace in "
        "histories and logs; see whether your school takes it.",
    )
    sign_in_seconds: int = Field(
        default=60, ge=5, le=500, description="How long a sign-in is good, in seconds; the school takes 500."
    )
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(),
        max_length=4,
        description="The secrets of the school's webhooks to us; while one is replaced, both.",
    )
    webhook_learner_prefix: str = Field(
        default="ti:",
        description="Put before the school's user id, which a webhook names; empty where they are yours.",
    )
