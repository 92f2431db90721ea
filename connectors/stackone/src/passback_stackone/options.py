"""What a connection through StackOne needs, in the words of administrators."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, WebAddress

__all__ = ["StackOneOptions"]

_Api: TypeAlias = Annotated[
    str,
    AfterValidator(WebAddress(example="https://api.stackone.com", credentials="the key is api_key")),
]


def _key(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text or ":" in text:
        raise ValueError("expected a key without a colon: HTTP Basic ends the user name there (RFC 7617 §2)")
    return secret


def _plain(text: str) -> str:
    if not (text.isascii() and text.isprintable()) or text != text.strip() or not text:
        raise ValueError("expected printable ASCII without spaces around it: it's sent in a header")
    return text


class StackOneOptions(Options):
    """Options of a StackOne connection: one linked account."""

    url: _Api = Field(default="https://api.stackone.com", description="Where StackOne's API is.")
    api_key: Annotated[SecretStr, AfterValidator(_key)] = Field(
        description="The project's API key, from StackOne's dashboard."
    )
    account_id: Annotated[str, AfterValidator(_plain)] = Field(
        description="The id of the customer's linked account (`x-account-id`)."
    )
    filters: tuple[Literal["email", "external_reference"], ...] = Field(
        default=("external_reference",),
        description="By what the LMS behind it looks users up; `email` is known to work with GO1 only. "
        "By anything else, all users are listed and compared.",
    )
    external_id: Literal["external_reference", "remote_id"] = Field(
        default="external_reference",
        description="Which field is the customer's id for a user: `remote_id` is the LMS's own id.",
    )
    page_size: int = Field(default=25, ge=1, le=1000, description="How many users to ask for at once.")
    learning_object: Literal["external_reference", "id"] = Field(
        default="external_reference",
        description="Whether an activity is named by its external reference or by StackOne's own id.",
    )
    learning_objects: dict[str, str] = Field(
        default_factory=dict,
        description="Activities that are called otherwise over there: our id, and theirs.",
    )
    score: Literal["raw", "percent", "none"] = Field(
        default="raw",
        description="What is sent as `source_value`: the points, the share in percent, or nothing.",
    )
    progress: bool = Field(
        default=False,
        description="Whether starts and progress are sent, as assignments. They are left out otherwise.",
    )
    completed_at: Literal["second", "day"] = Field(
        default="second",
        description="How exactly the LMS keeps the time of a completion, by which one is recognised.",
    )
    when_unsure: Literal["send", "hold"] = Field(
        default="send",
        description="What to do with a completion that may have arrived where the LMS can't be read: send it "
        "again, or reject it for a person to decide.",
    )
    passthrough: bool = Field(
        default=False,
        description="Whether a completion carries the whole query of its launch, as Cornerstone wants it. "
        "Without a launch it waits for one.",
    )
    launch_user: tuple[str, ...] = Field(
        default=("userGuid", "user_id", "userId"),
        description="The parameters of a launch that may hold the user's id; the first that's there counts.",
    )
    identity_attribute: str | None = Field(
        default=None,
        description="The attribute in which an identity provider says who somebody is over there; by default "
        "it's the learner's external id, else the subject.",
    )
    webhook_secrets: tuple[SecretStr, ...] = Field(
        default=(),
        max_length=4,
        description="The signing secrets of StackOne's webhooks; two while one is replaced.",
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse what can't be: an empty secret signs nothing."""
        if not all(secret.get_secret_value() for secret in self.webhook_secrets):
            raise ValueError("webhook_secrets: a secret is empty; expected the one that StackOne shows")
