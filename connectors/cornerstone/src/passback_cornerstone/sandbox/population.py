"""The people of a sandbox: several pages of them, and those who make trouble."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid5

_NAMESPACE = UUID("8c2a4c0e-0f0e-4d9f-9c7e-2f1f5f0c5a11")
_FIRST = ("Ana", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gwen", "Hugo", "Ida", "Jon")
_LAST = ("Abel", "Brandt", "Castro", "Dupont", "Egli", "Fischer", "Gomez", "Huber")


@dataclass(frozen=True, kw_only=True)
class Person:
    """An employee (wire facts §2.2)."""

    number: int
    external_id: str
    username: str
    guid: str
    first: str
    last: str
    email: str | None
    active: bool = True

    def document(self) -> dict[str, object]:
        """Return the employee as the employees API shows one."""
        return {
            "id": self.number,
            "externalId": self.external_id,
            "userName": self.username,
            "guid": self.guid,
            "firstName": self.first,
            "lastName": self.last,
            "primaryEmail": self.email,
            "personalEmail": None,
            "workerStatus": {"active": self.active, "absent": False},
            "settings": {},
            "managerId": None,
            "employeeMetaData": {},
        }

    def row(self) -> dict[str, object]:
        """Return the row of the reporting view (column names are inferred, wire facts §2.2)."""
        return {
            "user_id": self.number,
            "user_ref": self.external_id,
            "user_email": self.email,
            "user_login": self.username,
        }


def seeded(count: int) -> list[Person]:
    """Return `count` people.

    The second shares the address of the last, the third is inactive, the fourth has no address.
    """
    people = [_person(place) for place in range(count)]
    people[1] = replace(people[1], email=people[-1].email)
    people[2] = replace(people[2], active=False)
    people[3] = replace(people[3], email=None)
    return people


def _person(place: int) -> Person:
    first, last = _FIRST[place % len(_FIRST)], _LAST[place % len(_LAST)]
    username = f"{first}.{last}.{place}".lower()
    return Person(
        number=1000 + place,
        external_id=f"E-{1000 + place}",
        username=username,
        guid=str(uuid5(_NAMESPACE, username)),
        first=first,
        last=last,
        email=f"{username}@example.com",
    )
