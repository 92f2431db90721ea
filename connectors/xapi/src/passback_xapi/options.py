"""What a connection to a Learning Record Store needs, in the words of LRS administrators."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from passback import Options
from passback_xapi.endpoint import iri, normalized

__all__ = ["LANGUAGE", "ActorPolicy", "NamePolicy", "XapiOptions"]


# RFC 5646 without its rarities: language, script, region, variants.
LANGUAGE = (
    r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-([A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*$"
)


class ActorPolicy(StrEnum):
    """How a learner is identified in statements (xAPI 1.0.3, Data §2.4.2.3)."""

    MBOX = "mbox"
    MBOX_SHA1SUM = "mbox_sha1sum"
    ACCOUNT = "account"
    OPENID = "openid"
    SSO = "sso"


class NamePolicy(StrEnum):
    """Which of a learner's names an account carries."""

    ID = "id"
    USERNAME = "username"
    EXTERNAL_ID = "external_id"


def _without_colon(key: str) -> str:
    if ":" in key:
        raise ValueError("expected no colon: HTTP Basic ends the key there (RFC 7617 §2)")
    return key


class XapiOptions(Options):
    """Options of an xAPI connection."""

    url: Annotated[str, AfterValidator(normalized)] = Field(
        description="The LRS's xAPI endpoint, with or without /statements at its end.",
        examples=["https://lrs.example.com/xapi/"],
    )
    key: Annotated[str, AfterValidator(_without_colon)] = Field(
        description="The key (user name) of an LRS client that may write and read statements."
    )
    secret: SecretStr = Field(description="Its secret (password).")
    actor: ActorPolicy = Field(default=ActorPolicy.MBOX, description="How learners are identified.")
    home_page: Annotated[str, AfterValidator(iri)] | None = Field(
        default=None, description="With actor = account: the system that the account names belong to."
    )
    account_name: NamePolicy = Field(default=NamePolicy.ID, description="With actor = account: which name.")
    send_names: bool = Field(default=True, description="Whether statements carry the learner's name.")
    activity_base: Annotated[str, AfterValidator(iri)] | None = Field(
        default=None,
        description="Put before activity ids that are no IRIs; by default urn:x-passback:activity: is.",
    )
    language: str = Field(
        default="en",
        pattern=LANGUAGE,
        description="The language of names (RFC 5646).",
    )
    version: Literal["auto", "1.0.3", "2.0.0"] = Field(
        default="auto", description="The xAPI version to speak; auto asks the LRS."
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse a policy that lacks what it needs."""
        if self.actor is ActorPolicy.ACCOUNT and self.home_page is None:
            raise ValueError(
                "home_page: missing; actor = account needs the system that account names belong to"
            )
