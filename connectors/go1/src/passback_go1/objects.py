"""Which learning object an activity is, and which activity a learning object."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["LearningObjects"]


class LearningObjects:
    """The learning objects of one connection."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._objects = dict(table)
        self._activities = {name: activity for activity, name in table.items()}

    def of(self, activity: str) -> str | None:
        """Return the learning object that `activity` is; None where nobody says."""
        number = activity if activity.isascii() and activity.isdigit() else None
        return self._objects.get(activity, number)

    def activity(self, learning_object: str) -> str:
        """Return the activity that a learning object is."""
        return self._activities.get(learning_object, learning_object)

    def lists(self, learning_object: str) -> bool:
        """Return whether a learning object is one of the table's."""
        return learning_object in self._activities

    def unknown(self, activity: str) -> str:
        """Return what to do about an activity that is none."""
        return f"{activity[:100]!r} has no learning object at GO1; add it to learning_objects"
