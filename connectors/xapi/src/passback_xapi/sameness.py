"""Whether a statement that an LRS holds tells the same fact as one that is to be sent.

An LRS answers 409 when it holds the id with other content. What differs because another policy sent it
(another identifier of the same learner, names, languages, another base of activity ids) is the same fact, and
so is what the LRS itself wrote in another form (a time without its fraction, a length of time in other units,
a number of fewer digits, an address in lower case, a domain as people read it).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeGuard
from urllib.parse import quote

from passback import Activity, Item, JSONValue, Result
from passback_xapi.actors import is_learner
from passback_xapi.endpoint import is_iri
from passback_xapi.times import read_duration, read_timestamp, timestamp

__all__ = ["difference"]

# The specification compares lengths of time no finer.
_HUNDREDTH = timedelta(milliseconds=10)
# As exact as numbers of 32 bits are.
_EXACT = 1e-6


def difference(held: object, sent: Mapping[str, JSONValue], result: Result) -> str | None:
    """Return in what the statement `held` by the LRS tells another fact than `sent`, None if it doesn't.

    Args:
        held: As the LRS returned it.
        sent: The statement for `result` under today's policy.
        result: The fact.
    """
    if not isinstance(held, Mapping):
        return "it is no statement"
    same = {
        "the verb": _same_verb(held.get("verb"), sent["verb"]),
        "the learner": _same_account(held, sent) or is_learner(held.get("actor"), result.learner),
        "the activity": _same_object(held.get("object"), sent["object"], result.item or result.activity)
        and (result.item is None or _same_object(_parent(held), _parent(sent), result.activity)),
        "the time": _same_time(held.get("timestamp"), result.at),
        "the outcome": _alike(_outcome(held.get("result")), _outcome(sent.get("result"))),
    }
    return next((part for part, agrees in same.items() if not agrees), None)


def _same_account(held: Mapping[str, JSONValue], sent: Mapping[str, JSONValue]) -> bool:
    theirs, ours = (each.get("actor") for each in (held, sent))
    if not isinstance(theirs, Mapping) or not isinstance(ours, Mapping):
        return False
    return "account" in ours and theirs.get("account") == ours["account"]


def _same_verb(held: object, sent: JSONValue) -> bool:
    return isinstance(held, Mapping) and isinstance(sent, Mapping) and held.get("id") == sent["id"]


def _parent(said: Mapping[str, JSONValue]) -> JSONValue:
    context = said.get("context")
    activities = context.get("contextActivities") if isinstance(context, Mapping) else None
    parents = activities.get("parent") if isinstance(activities, Mapping) else None
    return parents[0] if isinstance(parents, list) and parents else parents


def _same_object(held: object, sent: object, named: Activity | Item) -> bool:
    if not isinstance(held, Mapping) or not isinstance(sent, Mapping):
        return False
    theirs, ours = str(held.get("id")), str(sent["id"])
    if theirs == ours or is_iri(named.id):
        return theirs == ours
    # Made with another base of activity ids.
    own = quote(named.id, safe="")
    return theirs.endswith(tuple(f"{mark}{own}" for mark in "/:=#?"))


def _same_time(held: object, at: datetime) -> bool:
    if not isinstance(held, str):
        return False
    try:
        theirs = read_timestamp(held.replace(" ", "T", 1))
        written = timestamp(theirs.replace(tzinfo=UTC) if theirs.tzinfo is None else theirs)
    except (ValueError, OverflowError):  # none, or one before the year 1 or after 9999 in UTC
        return False
    return written == timestamp(at if theirs.microsecond else at.replace(microsecond=0))


def _outcome(result: object) -> object:
    if not isinstance(result, Mapping):
        return {}
    plain = {key: value for key, value in result.items() if value not in ({}, None)}
    if isinstance(duration := plain.get("duration"), str):
        plain["duration"] = _hundredths(duration)
    return plain


def _hundredths(duration: str) -> int | str:
    try:
        return read_duration(duration) // _HUNDREDTH
    except ValueError:
        return duration


def _alike(theirs: object, ours: object) -> bool:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        return theirs.keys() == ours.keys() and all(_alike(theirs[key], ours[key]) for key in ours)
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(theirs) == len(ours) and all(map(_alike, theirs, ours))
    if _is_number(theirs) and _is_number(ours):
        return theirs == ours or _is_close(theirs, ours)
    return theirs == ours and isinstance(theirs, bool) is isinstance(ours, bool)


def _is_close(theirs: float, ours: float) -> bool:
    try:
        return math.isclose(theirs, ours, rel_tol=_EXACT)
    except OverflowError:  # an integer of more digits than any number here has
        return False


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
