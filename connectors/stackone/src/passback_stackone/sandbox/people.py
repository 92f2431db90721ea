"""Who is in the learning system behind the sandbox."""

from collections.abc import Sequence
from dataclasses import dataclass

_COUNT = 83
_NAMES = ("Ana", "Bram", "Chidi", "Dana", "Emre", "Fatou", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lea")


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user of the learning system.

    Attributes:
        id: StackOne's id.
        remote_id: The learning system's id.
        external_reference: The customer's id.
        email: Their address; some have none.
        name: As shown.
        active: Whether they are let in; some systems say so by a text (wire facts §4.2).
    """

    id: str
    remote_id: str
    external_reference: str | None
    email: str | None
    name: str
    active: bool | str = True


def population(count: int = _COUNT) -> Sequence[Person]:
    """Return the people of a fresh sandbox: some pages of them, with what is found in real systems.

    The second and the last share an address, the third isn't active any more, the fourth has no address, and
    the fifth no external reference.
    """
    return [_person(number, count) for number in range(1, count + 1)]


def _person(number: int, count: int) -> Person:
    name = f"{_NAMES[number % len(_NAMES)]} {number}"
    email: str | None = f"user{number}@example.com"
    if number in (2, count):
        email = "shared@example.com" if number == 2 else "Shared@example.com"  # noqa: PLR2004 - the second
    return Person(
        id=f"c28x{number:04}",
        remote_id=str(8000 + number),
        external_reference=None if number == 5 else f"E-{1000 + number}",  # noqa: PLR2004 - the fifth
        email=None if number == 4 else email,  # noqa: PLR2004 - the fourth
        name=name,
        active="false" if number == 3 else "true" if number % 2 else True,  # noqa: PLR2004 - the third
    )
