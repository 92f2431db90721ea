"""What the tenant's own APIs need."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from passback import Options

__all__ = ["ApiOptions"]

_ID = r"^[A-Za-z0-9_.{}-]{1,100}$"


class ApiOptions(Options):
    """The tenant's APIs: its OAuth2 client, and how they are used."""

    client_id: str = Field(description="The client id of an OAuth2 application of this portal.")
    client_secret: SecretStr = Field(description="Its secret.")
    scope: str | None = Field(
        default=None, description="What its token is for; by default what these options need."
    )
    credentials_as: Literal["json", "form"] = Field(
        default="json", description="How id and secret are written to get a token."
    )
    users: Literal["v1", "v2"] = Field(default="v2", description="The version of the employees API.")
    page_size: int = Field(default=50, ge=1, le=1000, description="How many employees to ask for at once.")
    page_token: str = Field(
        default="nextPageToken", pattern=r"^[A-Za-z]{1,40}$", description="The parameter of the next page."
    )
    email_view: bool = Field(
        default=False,
        description="Whether e-mail addresses are looked up in the reporting view `vw_rpt_user`; otherwise "
        "all employees are listed.",
    )
    user_key: Literal["userGuid", "externalId"] = Field(
        default="userGuid",
        description="How completions name the user; without an external id it's the guid.",
    )
    ignore_workflow: bool = Field(
        default=True, description="Whether completions pass approvals and prerequisites by."
    )
    progress: bool = Field(
        default=False, description="Whether progress goes to LearningAssignments where no token lives."
    )
    learning_objects: dict[str, Annotated[str, StringConstraints(pattern=_ID)]] = Field(
        default_factory=dict,
        description="Activity id → learning object id, where the tenant API has another than the course id.",
    )
