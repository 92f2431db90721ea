"""Whom the sandbox knows, and what it does where the wire facts leave it open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FIRST, DOUBLE, INACTIVE, MAILLESS = "u-501", "u-502", "u-503", "u-504"
"""The ids of a usual user, one who shares their address with another, one who left, one without address."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the school.

    Attributes:
        id: Their id.
        email: Their address.
        first: Their first name.
        last: Their last name.
        external: Their ``externalCustomerId``.
        active: Whether they may come in.
    """

    id: str
    email: str | None
    first: str = "Ana"
    last: str = ""
    external: str | None = None
    active: bool = True


def _people() -> tuple[Person, ...]:
    special = (
        Person(id=FIRST, email="ana@example.com", last="Silva", external="E-1"),
        Person(id=DOUBLE, email="twin@example.com", first="Bo", last="Twin"),
        Person(id=INACTIVE, email="gone@example.com", first="Cy", last="Gone", active=False),
        Person(id=MAILLESS, email=None, first="Di", last="Post", external="E-4"),
    )
    many = (
        Person(id=f"u-{n}", email=f"person{n}@example.com", last=f"Number {n}", external=f"E-{n}")
        for n in range(505, 765)
    )
    # The address that is there twice is on two pages.
    return (*special, *many, Person(id="u-765", email="Twin@Example.com", first="Ed", last="Twin"))


PEOPLE = _people()
"""The usual population: three pages of it, and the four above among them."""


@dataclass(frozen=True, kw_only=True)
class Client:
    """A customer of the school's (§6.3).

    Attributes:
        slug: Its slug.
        sku: Its SKU.
        licenses: Its licences: SKUs by ids.
    """

    slug: str
    sku: str
    licenses: Mapping[str, str]


def _clients() -> dict[str, Client]:
    return {
        "cl-1": Client(slug="north", sku="NORTH", licenses={"li-1": "GOLD", "li-2": "TIN"}),
        "cl-2": Client(slug="south", sku="SOUTH", licenses={"li-3": "GOLD"}),
    }


@dataclass(frozen=True, kw_only=True)
class Course:
    """A course.

    Attributes:
        slug: Its slug.
        sku: Its SKU.
        title: Its title.
    """

    slug: str
    sku: str
    title: str


def _courses() -> dict[str, Course]:
    return {
        "c-7": Course(slug="ladder", sku="LADDER", title="Ladder safety"),
        "c-8": Course(slug="crane", sku="CRANE", title="Crane signals"),
        "c-9": Course(slug="fire", sku="FIRE", title="Fire drill"),
    }


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """Settings of the sandbox; what the wire facts mark as inferred or contradictory is one of them.

    Attributes:
        api_key: The key, which signs sign-ins, too.
        people: Who uses the school.
        courses: What they may learn, by ids.
        bundles: Bundles, by slugs.
        learning_paths: Learning paths: slugs by ids.
        clients: Its customers, by ids.
        roles: The slugs of its roles.
        shape: How a list of users looks (§6.1 has two).
        most_per_page: The most users on a page (§6.1).
        paths_enabled: Whether the school has ``externalActivity`` switched on (§6.1).
        by_address: Whether a user is found by their address (§6.1; inferred).
        unknown: The status for a user or course that there is none of (§6.1; inferred).
        jwt_seconds: By how many seconds a sign-in may be off (§6.3).
        form: Whether a sign-in may come in a form (sso.md §1.1).
    """

    api_key: str = "sandbox-key-0123456789-0123456789"
    people: tuple[Person, ...] = PEOPLE
    courses: Mapping[str, Course] = field(default_factory=_courses)
    bundles: tuple[str, ...] = ("starter", "expert")
    learning_paths: Mapping[str, str] = field(default_factory=lambda: {"p-1": "onboarding"})
    clients: Mapping[str, Client] = field(default_factory=_clients)
    roles: tuple[str, ...] = ("learner", "course-manager")
    shape: Literal["nested", "meta"] = "nested"
    most_per_page: int = 100
    paths_enabled: bool = True
    by_address: bool = True
    unknown: Literal[400, 404] = 400
    jwt_seconds: int = 500
    form: bool = True
