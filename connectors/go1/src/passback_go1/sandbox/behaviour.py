"""Whom the sandbox knows, and what it does where the wire facts leave it open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FIRST, DOUBLE, INACTIVE, MAILLESS = "501", "502", "503", "504"
"""The ids of a usual user, one who shares their address with another, one who left, one without address."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the portal.

    Attributes:
        id: Their account id.
        email: Their address.
        first: Their first name.
        last: Their last name.
        active: Whether they may come in.
    """

    id: str
    email: str | None
    first: str = "Ana"
    last: str = ""
    active: bool = True


def _people() -> tuple[Person, ...]:
    special = (
        Person(id=FIRST, email="ana@example.com", last="Silva"),
        Person(id=DOUBLE, email="twin@example.com", first="Bo", last="Twin"),
        Person(id=INACTIVE, email="gone@example.com", first="Cy", last="Gone", active=False),
        Person(id=MAILLESS, email=None, first="Di", last="Post"),
    )
    many = (Person(id=str(n), email=f"person{n}@example.com", last=f"Number {n}") for n in range(505, 629))
    # The address that is there twice is on two pages.
    return (*special, *many, Person(id="629", email="twin@example.com", first="Ed", last="Twin"))


PEOPLE = _people()
"""The usual population: three pages of it, and the four above among them."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Settings of the sandbox; what the wire facts mark as inferred is one of them.

    Attributes:
        client_id: The API client.
        client_secret: Its secret.
        scopes: What the client may ask for (§3.1; those of users are inferred).
        token_seconds: How long a token works (§3.1).
        token_uses: After how many requests a token is taken for expired; None for never.
        versions: The versions that ``Api-Version`` may name (§3.1).
        people: Who uses the portal.
        learning_objects: What they may learn.
        filters: Whether users are filtered by e-mail (§3.2; inferred).
        users_key: Where a page of users has its list (§3.2; inferred).
        users_page: The most users on a page (§3.2; inferred).
        unknown: The status for a user or learning object that there is none of (§0.2, §3.3; inferred).
        login_answer: What a one-time login is answered with (§3.5; inferred).
    """

    client_id: str = "sandbox-client"
    client_secret: str = "sandbox-secret"  # noqa: S105 - made up
    scopes: tuple[str, ...] = ("enrollment.read", "enrollment.write", "user.read")
    token_seconds: int = 43_200
    token_uses: int | None = None
    versions: tuple[str, ...] = ("2025-01-01", "2022-07-01")
    people: tuple[Person, ...] = PEOPLE
    learning_objects: tuple[str, ...] = ("777", "778", "779")
    filters: bool = True
    users_key: str = "hits"
    users_page: int = 50
    unknown: Literal[400, 404] = 404
    login_answer: Literal["url", "one_time_token"] = "url"
