"""Looking users up, and telling who is who, in the words of administrators."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from passback import Options
from passback_webhook.auth import HeaderName
from passback_webhook.fields import (
    AnyExpression,
    IdentityExpression,
    PageExpression,
    QueryAddress,
    QueryExpression,
)

__all__ = ["IdentityOptions", "Paging", "UserOptions", "UsersOptions"]


class UserOptions(Options):
    """Where each user that is listed has what; expressions over the item."""

    id: AnyExpression = Field(description="The system's own id.")
    email: AnyExpression | None = Field(default=None, description="The e-mail address.")
    username: AnyExpression | None = Field(default=None, description="The login name.")
    external_id: AnyExpression | None = Field(default=None, description="The customer's id for them.")
    name: AnyExpression | None = Field(default=None, description="The name as shown.")
    active: AnyExpression | None = Field(default=None, description="Whether they are let in.")


class Paging(Options):
    """How a long list comes in pages."""

    kind: Literal["page", "offset", "cursor", "next"] = Field(
        description="By page number, by offset, by a cursor that each page gives, or by its link to the next."
    )
    parameter: str = Field(default="page", description="The query parameter for page, offset or cursor.")
    first: int = Field(default=1, ge=0, description="With `page`: the first page's number.")
    size_parameter: str | None = Field(default=None, description="The parameter for a page's size.")
    size: int = Field(default=100, ge=1, le=10_000, description="With `size_parameter`: the size asked for.")
    next: PageExpression | None = Field(
        default=None,
        description="With `cursor` and `next`: where a page has the cursor or address; `links.next` is the "
        "Link header's.",
    )
    most: int = Field(default=1000, ge=1, le=100_000, description="The most pages to read.")

    def model_post_init(self, _: object, /) -> None:
        """Refuse a way that lacks what it needs."""
        if self.kind in ("cursor", "next") and self.next is None:
            raise ValueError(f"next: missing; with kind = {self.kind} it says where a page leads")


class UsersOptions(Options):
    """How users are looked up, always with GET."""

    url: QueryAddress = Field(description="Where users are listed; expressions may stand in it, in braces.")
    query: dict[str, QueryExpression] = Field(
        default_factory=dict, description="Query parameters: name and expression; left out where null."
    )
    headers: dict[HeaderName, QueryExpression] = Field(
        default_factory=dict, description="Headers to send: name and expression."
    )
    items: PageExpression = Field(default="body", description="Where a page has its list of users.")
    user: UserOptions = Field(description="Where each user has what.")
    paging: Paging | None = Field(default=None, description="How a long list comes; by default in one page.")
    none: tuple[int, ...] = Field(default=(), description="Statuses that mean there is no such user, as 404.")


class IdentityOptions(Options):
    """Which user of this system somebody is."""

    user: IdentityExpression = Field(description="The user's id; null where that can't be told.")
    matched_by: str = Field(default="expression", description="What they are recognised by, for people.")
