"""What a result says stands in what is sent: when it was, how well, and nothing that it doesn't say."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone

import attrs

from passback.errors import ConnectionFailure, ServerError
from passback.model import AlreadyThere, Delivered, Delivery, JSONValue, Result, ResultKind, Score
from passback.testing.breaking import Broken
from passback.testing.operations import Outcome, attempt, submit
from passback.testing.rule import rule
from passback.testing.scene import Scene
from passback.testing.wire import Said, moments, said

__all__: list[str] = []

_ARRIVED = (Delivered, AlreadyThere)
# Far from every host's, and from any whole hour.
_ELSEWHERE = "KIT-11:45"
_ABROAD = timezone(timedelta(hours=5, minutes=30))
_NEAR, _DAY = timedelta(minutes=3), timedelta(hours=26)
_REFUSALS = (400, 409, 413, 414, 422)
_USUAL: Mapping[str, tuple[object, tuple[object, ...]]] = {
    "score.scaled": (Score(scaled=0.75), (Score(scaled=0.0),)),
    "score.raw": (Score(raw=75.0, min=0.0, max=100.0), (Score(raw=0.0, min=0.0, max=100.0),)),
    "progress": (0.5, (0.0,)),
    "success": (True, (False,)),
    "duration": (timedelta(hours=1), (timedelta(days=1, hours=1),)),
}
_KINDS = (ResultKind.FAILED, ResultKind.PROGRESSED, ResultKind.STARTED)
_NAMES = ("Zoë 张伟 🚀", 'O\'Neill "Bo" <b>&amp;</b>', "two\nlines\t", "\u202eabc", "x" * 5000)
_IDS = ("urn:x/1?a=b&c#d", "a b+c%41", "résultat-№-1")


@rule("submit_results.when", "submit_results")
async def _when(scene: Scene) -> None:
    """What is sent says when it happened, in whatever zone machine and result are; else dates are wrong.

    Send `result.utc`, with its zone: isoformat() of it. Neither datetime.now() nor a time without a zone.
    """
    async with scene.take() as take:
        (usual,) = take.deliveries(1)
    at = usual.result.at
    first = await _sent(scene, usual)
    with _zone(_ELSEWHERE):
        there = await _sent(scene, usual)
    abroad = await _sent(scene, _saying(usual, at=at.astimezone(_ABROAD)))
    now = datetime.now(UTC)
    if abs(now - at) <= _DAY:
        return  # the two times couldn't be told apart
    for place, moment in moments(first):
        others = {"the machine's": dict(moments(there)), "the result's": dict(moments(abroad))}
        for name, other in others.items():
            if abs(moment - at) <= _DAY and abs(other.get(place, moment) - moment) > _NEAR:
                raise Broken(f"in another time zone of {name}, {_shown(place)} is another moment")
    sent = [moment for _, moment in moments(first)]
    if not any(abs(each - at) <= _DAY for each in sent) and any(abs(each - now) <= _DAY for each in sent):
        raise Broken(f"the result says {at:%Y-%m-%d}, and what was sent says today")


@rule("submit_results.values", "submit_results")
async def _values(scene: Scene) -> None:
    """Zero and no are sent as such, None as nothing; else who failed looks as one who wasn't marked.

    Test for `is not None`, and leave out what is None; send a duration's total_seconds().
    """
    async with scene.take() as take:
        (usual,) = take.deliveries(1)
    usual = _saying(usual, score=None, progress=None, success=None, duration=None)
    nothing, again = await _sent(scene, usual), await _sent(scene, usual)
    changing = {place for place in nothing if again.get(place) != nothing[place]} | set(again) - set(nothing)
    without = _but(nothing, changing)
    for name, (typical, others) in _USUAL.items():
        field = name.partition(".")[0]
        full = _but(await _sent(scene, _saying(usual, **{field: typical})), changing)
        if full == without:
            continue  # the system has no place for it
        for other in others:
            found = _but(await _sent(scene, _saying(usual, **{field: other})), changing)
            shown = getattr(other, name.rpartition(".")[2], other)
            if found == without:
                raise Broken(f"{name} {shown!s} is sent as if the result said nothing of it")
            if found == full:
                raise Broken(f"{name} {shown!s} is sent as if it were another")


@rule("submit_results.kinds_apart", "submit_results")
async def _kinds_apart(scene: Scene) -> None:
    """Who failed, or only began, isn't reported as one who completed; else people hold what they didn't earn.

    Map each kind on its own; of one that the system has no place for send nothing.
    """
    async with scene.take() as take:
        (usual,) = take.deliveries(1)
    done = _saying(usual, kind=ResultKind.COMPLETED, score=None, progress=None, success=None, completion=None)
    completed, again = await _sent(scene, done), await _sent(scene, done)
    changing = {place for place in completed if again.get(place) != completed[place]} | (
        set(again) - set(completed)
    )
    for kind in _KINDS:
        found = await _sent(scene, _saying(done, kind=kind))
        if found and _but(found, changing) == _but(completed, changing):
            raise Broken(f"a {kind} result is sent as a completed one is")


@rule("submit_results.texts", "submit_results")
async def _texts(scene: Scene) -> None:
    """Whatever names and ids a result has, it gets a receipt and stays as it is; else a name stops everybody.

    Expect None where the model says so, encode as UTF-8, and quote what stands in a path.
    """
    async with scene.take() as take:
        (usual,) = take.deliveries(1)
    for what, odd in _odd(usual):
        async with scene.take() as take:
            before = copy.deepcopy(odd)
            try:
                outcome = await attempt(submit(take, [odd]))
            except Broken as crash:
                raise Broken(f"{what}: {crash}") from None
            if odd != before:
                raise Broken(f"it changed the result that it was given ({what})")
            if problem := _problem(outcome, what):
                raise Broken(f"{what}: {problem}")
            arrived = any(isinstance(each, _ARRIVED) for each in outcome.receipts)
            if arrived and take.record.asked and take.suite.mark(odd) not in take.arrived():
                raise Broken(f"{what}: the receipt says that it has arrived, and it has not")


def _problem(outcome: Outcome, what: str) -> str:
    error = outcome.error
    if error is None:
        return ""
    # What the system itself refuses is no defect of the connector.
    if isinstance(error, ServerError) and error.status in _REFUSALS:
        return ""
    return (
        f"it came to {outcome}" if isinstance(error, ConnectionFailure) and what.startswith("an id") else ""
    )


def _odd(usual: Delivery) -> Iterator[tuple[str, Delivery]]:
    result = usual.result
    learner, activity = result.learner, result.activity
    for name in (None, *_NAMES):
        named = {"learner": attrs.evolve(learner, name=name), "activity": attrs.evolve(activity, name=name)}
        yield "no names" if name is None else f"the name {name[:20]!r}", _saying(usual, **named)
    bare = attrs.evolve(learner, email=None, username=None, external_id=None, name=None)
    yield "a learner without an address", _saying(usual, learner=bare)
    yield "a learner without an account", attrs.evolve(usual, account=None)
    for each in _IDS:
        yield f"an id {each!r}", _saying(usual, id=each)
    more: dict[str, JSONValue] = {
        "note": "é",
        "list": [1, None],
        "deep": {"a": [{}]},
        "none": None,
        "big": 2**70,
        "no": False,
    }
    yield "extensions", _saying(usual, extensions=more)
    yield "a score of points", _saying(usual, score=Score(raw=7.5))
    yield "a negative score", _saying(usual, score=Score(scaled=-0.5), success=False)


def _saying(delivery: Delivery, **fields: object) -> Delivery:
    result: Result = attrs.evolve(delivery.result, **fields)  # type: ignore[arg-type] # fields of a result
    return attrs.evolve(delivery, result=result)


async def _sent(scene: Scene, delivery: Delivery) -> Said:
    """Return what is sent of a delivery."""
    async with scene.take() as take:
        await attempt(submit(take, [delivery]))
        return said(take.record.asked)


def _but(found: Said, places: set[str]) -> Said:
    return {place: value for place, value in found.items() if place not in places}


def _shown(place: str) -> str:
    return place.partition(" ")[2]


@contextmanager
def _zone(name: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
