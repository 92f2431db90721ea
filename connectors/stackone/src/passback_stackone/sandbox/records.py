"""What was written about users: completions and assignments (wire facts §4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from passback_stackone.sandbox.answers import stamp
from passback_stackone.sandbox.behaviour import Behaviour

Kind = Literal["completions", "assignments"]


@dataclass
class Records:
    """Everything that was written. Nothing tells a repeated write from a new one (wire facts §4.4).

    Attributes:
        behaviour: The settings of the sandbox.
        kept: What is there, the oldest first.
        written: How many were written, those included that were deleted.
    """

    behaviour: Behaviour
    kept: dict[Kind, list[dict[str, object]]] = field(
        default_factory=lambda: {"completions": [], "assignments": []}
    )
    written: int = 0

    def add(self, kind: Kind, user: str, body: Mapping[str, object]) -> dict[str, object]:
        """Keep `body` and return its record, as it's read."""
        self.written += 1
        number = self.written
        now = stamp()
        record: dict[str, object] = {
            "id": f"{kind[:-1]}-{number}",
            "remote_id": str(9000 + number),
            "user_id": user,
            "created_at": now,
            "updated_at": now,
            "learning_object_type": {"value": "content", "source_value": "course"},
            **{name: value for name, value in body.items() if name != "passthrough"},
        }
        if self.behaviour.day_only and isinstance(record.get("completed_at"), str):
            record["completed_at"] = f"{str(record['completed_at'])[:10]}T00:00:00.000Z"
        self.kept[kind].append(record)
        return record

    def of(self, kind: Kind, user: str | None) -> list[dict[str, object]]:
        """Return the records of a user; everybody's for None."""
        return [record for record in self.kept[kind] if user in (None, record["user_id"])]

    def one(self, kind: Kind, user: str, number: str) -> dict[str, object] | None:
        """Return one record of a user, if there is one."""
        return next((record for record in self.of(kind, user) if record["id"] == number), None)

    def remove(self, kind: Kind, record: dict[str, object]) -> None:
        """Forget `record`."""
        self.kept[kind].remove(record)
