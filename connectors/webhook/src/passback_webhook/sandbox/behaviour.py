"""How one customer's API behaves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Auth = Literal["none", "basic", "key", "oauth2"]
ClientAuth = Literal["basic", "form", "json"]
Kind = Literal["string", "integer", "number", "boolean", "object", "array"]

# Of each field of a message: its kind; with a question mark, it may be null or missing.
USUAL_FIELDS = {
    "event": "string",
    "id": "string",
    "sent_at": "string",
    "user": "string",
    "activity": "string",
    "item": "string?",
    "last_activity": "string",
    "course_started": "integer?",
    "score": "integer?",
    "percentage_complete": "number?",
    "total_awards": "integer?",
    "awards_unlocked": "integer?",
    "total_tasks": "integer?",
    "tasks_completed": "integer?",
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the fake.

    Attributes:
        id: Their id.
        mail: Their e-mail address.
        login: Their login name.
        number: Their number at the customer.
        first: Their first name.
        last: Their last name.
        state: ``active`` or ``left``.
    """

    id: int
    mail: str
    login: str = ""
    number: str = ""
    first: str = "Ana"
    last: str = "Bell"
    state: str = "active"


PEOPLE = (
    Person(id=1, mail="ana@example.com", login="ana", number="E-1001"),
    Person(id=2, mail="ben@example.com", login="ben", number="E-1002", first="Ben", last="Cole"),
    Person(
        id=3, mail="cleo@example.com", login="cleo", number="E-1003", first="Cleo", last="Dunn", state="left"
    ),
)
"""Whom a sandbox knows that is started by its name; they fill two pages."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The settings of a sandbox.

    Attributes:
        auth: What every request but those for a token must carry.
        username: The user name of Basic.
        password: The password of Basic.
        key_header: The header of a key.
        key: What it must hold.
        client_id: The OAuth2 client.
        client_secret: Its secret.
        client_auth: How the client may say who it is.
        parameters: What a request for a token must hold besides.
        lifetime: How long a token is good, in seconds; it's told as it is.
        signing_secrets: With any, messages must be signed with one of them (Standard Webhooks 1.0.0).
        style: How messages are written.
        fields: The fields of a message: exactly these, by kind.
        users: Whom messages may be about; everybody where there are none.
        user_field: The field that says whom a message is about.
        known_id: The field by which a repetition is told where nothing is signed.
        batches: Whether messages come as an array.
        says: How a refusal is told: by status, or by 200 with ``{"ok": false}``.
        paging: How users are listed.
        page: The most users on a page, whatever is asked for.
        filters: Whether the parameters of a look-up narrow it.
    """

    auth: Auth = "oauth2"
    username: str = "us"
    password: str = "sandbox-password"  # noqa: S105 - made up, and printed for whoever tries the sandbox
    key_header: str = "X-Api-Key"
    key: str = "sandbox-key"
    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105
    client_auth: tuple[ClientAuth, ...] = ("basic", "form", "json")
    parameters: Mapping[str, str] = field(default_factory=dict)
    lifetime: float = 3600
    signing_secrets: tuple[str, ...] = ()
    style: Literal["json", "form", "query"] = "json"
    fields: Mapping[str, str] = field(default_factory=lambda: dict(USUAL_FIELDS))
    users: tuple[Person, ...] = ()
    user_field: str = "user"
    known_id: str = "id"
    batches: bool = False
    says: Literal["status", "body"] = "status"
    paging: Literal["page", "offset", "cursor", "next", "link"] = "page"
    page: int = 2
    filters: bool = True
