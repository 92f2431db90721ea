"""What a system sends to us: events, and its pulls of the course list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta

import attrs

from passback.model import Activity, Course, CourseListRequest, Incoming, Received
from passback.testing.breaking import Broken
from passback.testing.rule import rule
from passback.testing.rules.people import quietly
from passback.testing.scene import Scene, Take

__all__: list[str] = []

_OK = range(200, 300)
_BODIES = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"id": 1, "id": 2}',
    b"x" * 300_000,
)
_NAME = "conformance-course"
_MOMENT = timedelta(seconds=7)
_OTHERS: tuple[object, ...] = (None, 17, "x", [], {}, [{}])
_COURSES = 15
# Seconds or milliseconds since 1970, as headers give them.
_EPOCH = re.compile(r"(?<![0-9A-Za-z])1[0-9]{9}(?:[0-9]{3})?(?![0-9A-Za-z])")
_MILLISECONDS, _DAY = 13, 86_400


def _received(take: Take, incoming: Incoming) -> Received:
    found = quietly("receive_results", lambda: take.connection.receive_results(incoming))
    return found if isinstance(found, Received) else Received()


def _pulled(take: Take, incoming: Incoming) -> Received:
    course = Course(activity=Activity(id=_NAME, name=_NAME), url="https://host.example/course")
    request = CourseListRequest(incoming=incoming, courses=(course,))
    found = quietly("list_courses", lambda: take.connection.list_courses(request))
    return found if isinstance(found, Received) else Received()


def _unproven(incoming: Incoming) -> Iterator[tuple[str, Incoming]]:
    yield "without headers", attrs.evolve(incoming, headers={})
    for name, value in incoming.headers.items():
        if any(part in name.lower() for part in ("auth", "sign", "token", "key", "secret")) and value:
            middle = len(value) // 2
            # Not in another case of the same letter: hexadecimal digits may be compared without regard to it.
            other = "0" if value[middle] != "0" else "1"
            changed = value[:middle] + other + value[middle + 1 :]
            yield f"with another {name}", attrs.evolve(incoming, headers={**incoming.headers, name: changed})
            cut = {each: text for each, text in incoming.headers.items() if each != name}
            yield f"without {name}", attrs.evolve(incoming, headers=cut)


def _renewed(incoming: Incoming) -> Iterator[tuple[str, Incoming]]:
    """Yield `incoming` as who recorded it sends it a day later: one time is new, the proof as it was."""
    received = incoming.received + timedelta(days=1)
    for name, value in incoming.headers.items():
        for found in _EPOCH.finditer(value):
            unit = 1000 if len(found[0]) == _MILLISECONDS else 1
            changed = f"{value[: found.start()]}{int(found[0]) + _DAY * unit}{value[found.end() :]}"
            headers = {**incoming.headers, name: changed}
            yield name, attrs.evolve(incoming, headers=headers, received=received)


@rule("receive_results.genuine", "receive_results")
async def _genuine(scene: Scene) -> None:
    """What the system reports is taken, with its results; else nobody here learns of them.

    Return Received(results=…) with a status of 2xx.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for _ in range(2):
            received = _received(take, event)
            if received.status not in _OK or not received.results:
                raise Broken(f"the sandbox's event got {received.status} and {len(received.results)} results")
            if len({each.id for each in received.results}) < len(received.results):
                raise Broken("two results of one event have the same id; one would be lost")


@rule("receive_results.again", "receive_results")
async def _again(scene: Scene) -> None:
    """The same event twice is the same results, with the same ids; else it counts twice.

    Make a result's id of what tells the event apart, not of the time or of chance.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        first = _received(take, event)
        take.connection = take.connect()
        second = _received(take, attrs.evolve(event, received=event.received + _MOMENT))
        if [each.id for each in first.results] != [each.id for each in second.results]:
            raise Broken("the ids differ the second time")
        if first.results != second.results:
            raise Broken("the ids are the same, and what they say differs")


@rule("receive_results.proof", "receive_results")
async def _proof(scene: Scene) -> None:
    """What doesn't prove where it comes from is refused; else anybody reports that anybody passed.

    Check the signature first, on the raw body, in constant time, and refuse with Received(status=401).
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for how, forged in _unproven(event):
            _require_refused(_received(take, forged), how)


@rule("receive_results.tampered", "receive_results")
async def _tampered(scene: Scene) -> None:
    """An event that was changed on its way is refused; else a score is anybody's to choose.

    Sign what is sent, and check the signature on the raw body.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for body in (event.body + b" ", event.body.replace(b"1", b"2", 1), b"{}"):
            if body != event.body:
                _require_refused(_received(take, attrs.evolve(event, body=body)), "with another body")


@rule("receive_results.old", "receive_results")
async def _old(scene: Scene) -> None:
    """An event that is an hour old is refused; whoever recorded it can send it for ever.

    Sign the time, too, and refuse what is older than a few minutes.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for hours in (1, -1, 24):
            later = attrs.evolve(event, received=event.received + timedelta(hours=hours))
            _require_refused(_received(take, later), f"{hours} hours later")
        for name, renewed in _renewed(event):
            _require_refused(_received(take, renewed), f"1 day later, with a new time in {name}")


@rule("receive_results.hostile", "receive_results")
async def _hostile(scene: Scene) -> None:
    """Whatever is sent to the address gets an answer, and never a crash; everybody can reach it.

    Answer 4xx for what can't be read.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for body in _BODIES:
            for method in ("POST", "GET", "DELETE"):
                _received(take, attrs.evolve(event, body=body, method=method))
        long = {name: value * 5000 for name, value in event.headers.items()}
        _received(take, attrs.evolve(event, headers=long))
        _received(take, attrs.evolve(event, headers=dict.fromkeys(event.headers, "\x00💥")))
        _received(take, attrs.evolve(event, path="../../x", query=(("a", "\x00"),) * 100))


@rule("receive_results.other_events", "receive_results")
async def _other_events(scene: Scene) -> None:
    """An event of another kind, or with less in it, gets an answer; else the system sends it for days.

    Read each field as it may be missing; answer 2xx to what you have no use for, 4xx to what can't be read.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for body in (*_BODIES, *_lesser(event.body)):
            signed = take.suite.signed(take.sandbox, body)
            if signed is not None:
                received = _received(take, signed)
                if received.status >= 500:  # noqa: PLR2004 - which is our fault
                    raise Broken(f"an event of another kind was answered {received.status}")


def _lesser(body: bytes) -> Iterator[bytes]:
    """Yield JSON without one of its fields, with null or something else in it, and several of it at once."""
    try:
        said = json.loads(body)
    except (ValueError, UnicodeError):
        return
    yield json.dumps([said, said]).encode()
    for name in said if isinstance(said, dict) else ():
        yield json.dumps({key: value for key, value in said.items() if key != name}).encode()
        for other in _OTHERS:
            yield json.dumps({**said, name: other}).encode()


@rule("receive_results.asks_nobody", "receive_results")
async def _asks_nobody(scene: Scene) -> None:
    """An event is read without asking anybody; who sends many would make us call as often.

    Take what the event says, and leave the rest to a look-up.
    """
    async with scene.take() as take:
        _received(take, take.suite.event(take.sandbox))
        if take.record.asked:
            raise Broken("receive_results sent a request")


@rule("list_courses.genuine", "list_courses")
async def _listed(scene: Scene) -> None:
    """The system that pulls the course list gets every course that is offered to it.

    Return Received(status=200, body=…) with each course.
    """
    async with scene.take() as take:
        received = _pulled(take, take.suite.course_request(take.sandbox))
        if received.status not in _OK:
            raise Broken(f"the sandbox's own pull got {received.status}")
        if _NAME not in str(received.body):
            raise Broken("the list lacks a course that is offered")


@rule("list_courses.any_list", "list_courses")
async def _any_list(scene: Scene) -> None:
    """Whatever is offered is listed as it is now, bare or nothing; else the catalogue is old, or gone.

    Expect None and an empty list, answer what JSON has, and keep no list on self.
    """
    async with scene.take() as take:
        incoming = take.suite.course_request(take.sandbox)
        for count in (0, 1, _COURSES):
            some = [f"{_NAME}-{number}" for number in range(count)]
            courses = tuple(Course(activity=Activity(id=each)) for each in some)
            request = CourseListRequest(incoming=incoming, courses=courses)
            found = quietly("list_courses", lambda request=request: take.connection.list_courses(request))  # type: ignore[misc]
            if not isinstance(found, Received) or found.status not in _OK:
                raise Broken(f"a list of {count} courses without names came to {found!r}")
            try:
                said = json.dumps(found.body)
            except (TypeError, ValueError) as error:
                raise Broken(f"the answer is no JSON: {error}") from None
            if missing := [each for each in some if f"{each}" not in said]:
                raise Broken(f"{len(missing)} of {count} courses aren't listed, among them {missing[0]}")
            if count == 0 and _NAME in said:
                raise Broken("a course is listed that isn't offered any more")


@rule("list_courses.proof", "list_courses")
async def _list_proof(scene: Scene) -> None:
    """Who doesn't prove who they are gets no list; it may name what isn't for the public.

    Check the credentials first, in constant time, and refuse with Received(status=401).
    """
    async with scene.take() as take:
        request = take.suite.course_request(take.sandbox)
        for how, forged in _unproven(request):
            received = _pulled(take, forged)
            if received.status in _OK or _NAME in str(received.body):
                raise Broken(f"{how}, it was answered {received.status}")


@rule("list_courses.hostile", "list_courses")
async def _list_hostile(scene: Scene) -> None:
    """Whatever a pull asks for gets an answer, and never a crash.

    Answer 4xx for a query that can't be read.
    """
    async with scene.take() as take:
        request = take.suite.course_request(take.sandbox)
        names = [name for name, _ in request.query] or ["page", "since"]
        for text in ("", "-1", "\x00", "9" * 400, "NaN", "0001-01-01", "💥", "a" * 100_000):
            _pulled(take, attrs.evolve(request, query=tuple((name, text) for name in names)))
        for method in ("GET", "POST", "DELETE"):
            for body in _BODIES:
                _pulled(take, attrs.evolve(request, method=method, body=body))


def _require_refused(received: Received, how: str) -> None:
    if received.status in _OK or received.results:
        raise Broken(f"{how}, it was answered {received.status} with {len(received.results)} results")
