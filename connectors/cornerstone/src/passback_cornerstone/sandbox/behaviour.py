"""How one portal behaves where the wire facts leave room."""

from dataclasses import dataclass
from typing import Literal

SCOPES = (
    "employee:read",
    "learningassignment:read",
    "learningassignment:update",
    "transcript:read",
    "transcript:update",
    "vw_rpt_user:read",
)


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The settings of a sandbox; the defaults are the wire facts (§2), and what they infer.

    Attributes:
        key: The provider's key.
        secret: The provider's secret.
        client_id: The id of the tenant's OAuth2 application.
        client_secret: Its secret.
        scopes: What the application may ask for.
        token_seconds: How long an access token lives.
        session_seconds: How long the token of a launch lives.
        callback: The path that launches name.
        suffix: What follows it where records are taken.
        names: Whether launches name the portal by ``fqdn``, by ``subdomain``, or by both.
        subdomain: The portal's name.
        demotion: Whether In Progress after Completed changes what else it may, or is refused with 409.
        strict_keys: Whether records with keys that aren't documented are refused.
        courses: The ids of the courses that the catalogue has from the start.
        learning_objects: Whether the tenant API knows courses by their id, or by a guid of its own.
        unknown_status: What the transcript API answers for users and courses that it doesn't know.
        page_size: How many employees are in a page where nothing else is asked for.
        page_token_seconds: How long the token of a next page lives.
        bare: Whether a look-up of employees by a filter answers a bare array.
        unknown_filter: Whether a filter that isn't known is ignored, or refused with 400.
        view: Whether the reporting view is enabled.
        view_page_size: How many rows are in a page of it.
        hourly: How many requests an hour each address takes; a sixtieth in a minute.
        retry_after: How a 429 says when to come again: not at all, in seconds, or by a date.
        xml: Whether answers are XML where JSON isn't asked for.
        employees: How many people there are.
    """

    key: str = "sandbox-provider"
    secret: str = "sandbox-provider-secret"  # noqa: S105 - made up, and printed for whoever tries the sandbox
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-client-secret"  # noqa: S105 - as above
    scopes: tuple[str, ...] = SCOPES
    token_seconds: int = 3600
    session_seconds: int = 7200
    callback: str = "/services/api/x/content/callback"
    suffix: str = "/progress"
    names: Literal["fqdn", "subdomain", "both"] = "fqdn"
    subdomain: str = "sandbox"
    demotion: Literal["ignored", "refused"] = "ignored"
    strict_keys: bool = False
    courses: tuple[str, ...] = ("ladder-1", "crane-1")
    learning_objects: Literal["course", "guid"] = "course"
    unknown_status: Literal[400, 404] = 404
    page_size: int = 50
    page_token_seconds: int = 300
    bare: bool = False
    unknown_filter: Literal["ignored", "refused"] = "ignored"
    view: bool = True
    view_page_size: int = 50
    hourly: int = 4500
    retry_after: Literal["never", "seconds", "date"] = "never"
    xml: bool = True
    employees: int = 130


LEGACY = Behaviour(names="subdomain", bare=True)
"""A portal that names itself by its subdomain, and answers look-ups with bare arrays."""

STRICT = Behaviour(
    demotion="refused",
    strict_keys=True,
    learning_objects="guid",
    unknown_filter="refused",
    unknown_status=400,
)
"""A portal that refuses whatever the wire facts leave open."""
