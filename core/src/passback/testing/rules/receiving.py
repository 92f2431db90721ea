"""What a system sends to us: events, and its pulls of the course list."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import attrs

from passback.model import Activity, Course, CourseListRequest, Incoming, Received
from passback.testing.rule import broken, rule
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
            other = "A" if value[middle] != "A" else "B"
            changed = value[:middle] + other + value[middle + 1 :]
            yield f"with another {name}", attrs.evolve(incoming, headers={**incoming.headers, name: changed})
            cut = {each: text for each, text in incoming.headers.items() if each != name}
            yield f"without {name}", attrs.evolve(incoming, headers=cut)


@rule("receive_results.genuine", "receive_results")
async def _genuine(scene: Scene) -> None:
    """What the system reports is taken, with its results; else nobody here learns of them.

    Return Received(results=…) with a status of 2xx.
    """
    async with scene.take() as take:
        received = _received(take, take.suite.event(take.sandbox))
        if received.status not in _OK or not received.results:
            raise broken(f"the sandbox's own event got {received.status} and {len(received.results)} results")


@rule("receive_results.again", "receive_results")
async def _again(scene: Scene) -> None:
    """The same event twice is the same results, with the same ids; else it counts twice.

    Make a result's id of what tells the event apart, not of the time or of chance.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        first = _received(take, event)
        take.connection = take.connect()
        second = _received(take, event)
        if [each.id for each in first.results] != [each.id for each in second.results]:
            raise broken("the ids differ the second time")
        if first.results != second.results:
            raise broken("the ids are the same, and what they say differs")


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
    """An event that is a day old is refused; whoever recorded it can send it for ever.

    Sign the time, too, and refuse what is older than a few minutes.
    """
    async with scene.take() as take:
        event = take.suite.event(take.sandbox)
        for days in (1, -1):
            later = attrs.evolve(event, received=event.received + timedelta(days=days))
            _require_refused(_received(take, later), f"{days} day later")


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


@rule("receive_results.asks_nobody", "receive_results")
async def _asks_nobody(scene: Scene) -> None:
    """An event is read without asking anybody; who sends many would make us call as often.

    Take what the event says, and leave the rest to a look-up.
    """
    async with scene.take() as take:
        _received(take, take.suite.event(take.sandbox))
        if take.record.asked:
            raise broken("receive_results sent a request")


@rule("list_courses.genuine", "list_courses")
async def _listed(scene: Scene) -> None:
    """The system that pulls the course list gets every course that is offered to it.

    Return Received(status=200, body=…) with each course.
    """
    async with scene.take() as take:
        received = _pulled(take, take.suite.course_request(take.sandbox))
        if received.status not in _OK:
            raise broken(f"the sandbox's own pull got {received.status}")
        if _NAME not in str(received.body):
            raise broken("the list lacks a course that is offered")


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
                raise broken(f"{how}, it was answered {received.status}")


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
        raise broken(f"{how}, it was answered {received.status} with {len(received.results)} results")
