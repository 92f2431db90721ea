"""The course list that Cornerstone pulls: proven, what changed, in its own form; and the portal takes it."""

import base64
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from passback import Activity, Course, CourseListRequest, Delivered, Incoming, Unsupported
from passback.sandbox import serve
from passback_cornerstone import course_id

CHANGED = datetime(2026, 10, 1, 12, 0, 0, 500_000, tzinfo=UTC)
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def course(name="ladder-1", changed=CHANGED, **more):
    given = {"activity": Activity(id=name, name="Ladder safety"), "url": f"https://us.example/{name}"}
    return Course(**given | {"changed": changed} | more)


def basic(csod, secret=None):
    like = csod.sandbox.behaviour
    return "Basic " + base64.b64encode(f"{like.key}:{secret or like.secret}".encode()).decode()


def asked(csod, *courses, query=(), method="GET", configured=None, now=NOW, **headers):
    headers = {"authorization": basic(csod)} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    incoming = Incoming(method=method, query=query, headers=headers, received=now)
    request = CourseListRequest(incoming=incoming, courses=courses)
    return csod.connection(**(configured or {})).list_courses(request)


def test_a_course_is_told_in_the_form_that_cornerstone_reads(csod):
    full = course(
        "https://us.example/ladder",
        description="x" * 20_000,
        image="https://us.example/ladder.png",
        seconds=5025,
        languages=("en-GB",),
        subjects=("Safety",),
        active=False,
    )
    received = asked(csod, full, configured={"catalogue": {"provider": "Us"}})
    assert received.status == 200
    assert received.body == [
        {
            "ID": course_id("https://us.example/ladder"),
            "Title": "Ladder safety",
            "Description": "x" * 10_000,
            "URL": full.url,
            "Thumbnail": "https://us.example/ladder.png",
            "IsActive": False,
            "LastModifiedUTC": "2026-10-01T12:00:00Z",
            "Duration": "01:23:45",
            "Partners": [{"Name": "Us"}],
            "Languages": ["en-GB"],
            "Subjects": ["Safety"],
            "IsMobile": True,
        }
    ]


def test_a_course_without_a_name_is_called_by_its_id(csod):
    nameless = attrs.evolve(course(), activity=Activity(id="ladder-1"))
    assert asked(csod, nameless).body[0]["Title"] == "ladder-1"


def test_a_long_course_lasts_more_than_a_day(csod):
    assert asked(csod, course(seconds=100 * 3600)).body[0]["Duration"] == "100:00:00"


@pytest.mark.parametrize(
    "given", ["", "Basic", "Basic !!", "Bearer x", "Basic wrong", "basic  ", "Basic \u00e9"]
)
def test_whoever_has_not_the_providers_key_gets_nothing(csod, given):
    received = asked(csod, course(), authorization=given)
    assert (received.status, received.body) == (401, None)
    assert asked(csod, course(), authorization=basic(csod, "not-it")).status == 401


def test_only_get_is_taken(csod):
    assert asked(csod, course(), method="POST").status == 405


def test_without_a_provider_key_there_is_no_list(csod):
    with pytest.raises(Unsupported, match="callback"):
        asked(csod, course(), configured={"callback": None})


def test_only_what_changed_since_is_listed_and_else_nothing(csod):
    old, new = course("old"), course("new", CHANGED + timedelta(days=1))
    since = asked(csod, old).headers["last-modified"]
    assert since == "Thu, 01 Oct 2026 12:00:00 GMT"
    assert [each["ID"] for each in asked(csod, old, new, if_modified_since=since).body] == ["new"]
    received = asked(csod, old, if_modified_since=since)
    assert (received.status, received.body) == (304, None)


@pytest.mark.parametrize("since", ["yesterday", "", "Thu, 99 Oct 2026", "0", "\u00e9"])
def test_a_date_that_cannot_be_read_is_as_if_there_were_none(csod, since):
    assert asked(csod, course(), if_modified_since=since).status == 200


def test_what_changes_in_the_second_it_is_listed_is_listed_again(csod):
    now = CHANGED.replace(microsecond=600_000)
    since = asked(csod, course(), now=now).headers["last-modified"]
    later = course(changed=CHANGED.replace(microsecond=900_000))
    assert asked(csod, later, if_modified_since=since).status == 200


@pytest.mark.parametrize(("count", "shown"), [("2", 2), ("0", 3), ("x", 3), ("-1", 3), ("9" * 30, 3)])
def test_no_more_are_listed_than_asked_for_and_the_rest_comes_next(csod, count, shown):
    courses = [course(f"c{n}", CHANGED + timedelta(days=n)) for n in (2, 0, 1)]
    received = asked(csod, *courses, query=(("count", count),))
    assert [each["ID"] for each in received.body] == ["c0", "c1", "c2"][:shown]
    rest = asked(csod, *courses, if_modified_since=received.headers["last-modified"])
    assert [each["ID"] for each in rest.body or ()] == ["c0", "c1", "c2"][shown:]


class Provider:
    """Our side of the list, on a socket."""

    base = ""

    def __init__(self, csod):
        self._csod = csod
        self.courses = ()

    async def app(self, scope, receive, send):
        request = Request(scope, receive)
        incoming = Incoming(
            method=request.method,
            query=tuple(request.query_params.multi_items()),
            headers=dict(request.headers),
            received=datetime.now(UTC),
        )
        received = self._csod.connection().list_courses(
            CourseListRequest(incoming=incoming, courses=self.courses)
        )
        given = (received.status, dict(received.headers))
        response = Response(None, *given) if received.body is None else JSONResponse(received.body, *given)
        await response(scope, receive, send)


def test_the_portal_takes_the_list_and_knows_its_courses_in_results(csod, sent, made):
    provider = Provider(csod)
    activity = Activity(id="https://us.example/crane", name="Crane")
    provider.courses = (attrs.evolve(course(), activity=activity),)
    with serve(provider) as url:
        pulled = csod.sandbox.pull(url)
        assert (pulled.status, pulled.refused) == (200, [])
        assert pulled.taken == [course_id(activity.id)]
        assert csod.sandbox.pull(url).status == 304
        provider.courses = (attrs.evolve(provider.courses[0], changed=CHANGED + timedelta(days=1)),)
        assert csod.sandbox.pull(url).taken == [course_id(activity.id)]
    receipts = csod.submit(sent(result=made(activity=activity)), launches=[csod.launch()])
    assert receipts == [Delivered(1, course_id(activity.id), 1)]
