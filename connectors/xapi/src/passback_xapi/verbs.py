"""Which verb says which kind of result, in both directions.

Source: ADL's vocabulary, cmi5 §9.3 (verbs), and the registry of Tin Can verbs.
"""

from __future__ import annotations

from collections.abc import Mapping

from passback import ResultKind

__all__ = ["COURSE", "ITEM_TYPES", "KNOWN", "VERBS", "VOIDED", "kind_of"]

_ADL = "http://adlnet.gov/expapi/verbs/"
_CMI5 = "https://w3id.org/xapi/adl/verbs/"
_TIN_CAN = "http://id.tincanapi.com/verb/"
_STREAMS = "http://activitystrea.ms/schema/1.0/"
_ACTIVITIES = "http://adlnet.gov/expapi/activities/"

COURSE = f"{_ACTIVITIES}course"
VOIDED = f"{_ADL}voided"
VERBS: Mapping[ResultKind, tuple[str, str]] = {
    ResultKind.STARTED: (f"{_ADL}initialized", "started"),
    ResultKind.PROGRESSED: (f"{_ADL}progressed", "progressed"),
    ResultKind.COMPLETED: (f"{_ADL}completed", "completed"),
    ResultKind.PASSED: (f"{_ADL}passed", "passed"),
    ResultKind.FAILED: (f"{_ADL}failed", "failed"),
    ResultKind.SCENE_ENTERED: (f"{_ADL}experienced", "entered"),
    ResultKind.TASK_STARTED: (f"{_ADL}initialized", "started"),
    ResultKind.TASK_COMPLETED: (f"{_ADL}completed", "completed"),
    ResultKind.BADGE_AWARDED: (f"{_TIN_CAN}earned", "earned"),
}
ITEM_TYPES: Mapping[ResultKind, tuple[str, str]] = {
    ResultKind.SCENE_ENTERED: ("scene", f"{_ACTIVITIES}module"),
    ResultKind.TASK_STARTED: ("task", f"{_ACTIVITIES}interaction"),
    ResultKind.TASK_COMPLETED: ("task", f"{_ACTIVITIES}interaction"),
    ResultKind.BADGE_AWARDED: ("badge", f"{_STREAMS}badge"),
}

# What a verb says of a whole activity.
_OF_ACTIVITY: Mapping[str, ResultKind] = {
    f"{_ADL}initialized": ResultKind.STARTED,
    f"{_ADL}launched": ResultKind.STARTED,
    f"{_ADL}attempted": ResultKind.STARTED,
    f"{_STREAMS}start": ResultKind.STARTED,
    f"{_ADL}progressed": ResultKind.PROGRESSED,
    f"{_ADL}experienced": ResultKind.PROGRESSED,
    f"{_ADL}interacted": ResultKind.PROGRESSED,
    f"{_ADL}answered": ResultKind.PROGRESSED,
    f"{_ADL}scored": ResultKind.PROGRESSED,
    f"{_ADL}suspended": ResultKind.PROGRESSED,
    f"{_ADL}resumed": ResultKind.PROGRESSED,
    f"{_ADL}exited": ResultKind.PROGRESSED,
    f"{_ADL}terminated": ResultKind.PROGRESSED,
    f"{_CMI5}abandoned": ResultKind.PROGRESSED,
    f"{_TIN_CAN}viewed": ResultKind.PROGRESSED,
    f"{_ADL}completed": ResultKind.COMPLETED,
    f"{_CMI5}satisfied": ResultKind.COMPLETED,
    f"{_CMI5}waived": ResultKind.COMPLETED,
    f"{_STREAMS}complete": ResultKind.COMPLETED,
    f"{_ADL}passed": ResultKind.PASSED,
    f"{_ADL}mastered": ResultKind.PASSED,
    f"{_ADL}failed": ResultKind.FAILED,
}
# What it says of a part of one, as soon as the statement names the whole as its parent.
_OF_PART: Mapping[str, ResultKind] = {
    f"{_ADL}experienced": ResultKind.SCENE_ENTERED,
    f"{_TIN_CAN}viewed": ResultKind.SCENE_ENTERED,
    f"{_ADL}answered": ResultKind.TASK_COMPLETED,
    f"{_TIN_CAN}earned": ResultKind.BADGE_AWARDED,
}
# What it says of a part that is a task by its type; another part is an activity of its own.
_OF_TASK: Mapping[str, ResultKind] = {
    f"{_ADL}initialized": ResultKind.TASK_STARTED,
    f"{_ADL}completed": ResultKind.TASK_COMPLETED,
}
_TASKS = frozenset({f"{_ACTIVITIES}interaction", f"{_ACTIVITIES}cmi.interaction"})
KNOWN = sorted({*_OF_ACTIVITY, *_OF_PART})


def kind_of(verb: str, *, part: bool, object_type: str | None) -> ResultKind | None:
    """Return what `verb` says, None if no result does.

    Args:
        verb: The verb's IRI.
        part: Whether the statement names a parent of its object.
        object_type: The type of its object, where it says one.
    """
    if part and verb in _OF_PART:
        return _OF_PART[verb]
    if part and object_type in _TASKS and verb in _OF_TASK:
        return _OF_TASK[verb]
    return _OF_ACTIVITY.get(verb)
