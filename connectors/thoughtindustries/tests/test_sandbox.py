"""The sandbox's own rules, by plain HTTP: what the connector is measured by (wire facts §6)."""

import time
from uuid import uuid4

import jwt
import pytest

from passback_thoughtindustries.sandbox import Behaviour, Sandbox

DONE = {"courseId": "c-7", "userId": "u-501", "completionDate": "2026-11-02T08:30:00Z"}
PATH = {"userId": "u-501", "learningPathId": "p-1"}


@pytest.fixture
def api(start, raw, made):
    """Call a school's API."""

    def call(method, path, *, behaviour=None, key=made.key, **more):
        nonlocal school
        if behaviour is not None or school is None:
            school = start(behaviour)
        call.school = school
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return raw.request(method, f"{school.url}/incoming/v2/{path}", headers=headers, **more)

    school = None
    return call


@pytest.mark.parametrize("key", [None, "", "another-key"])
def test_no_key_no_answer(api, key):
    answer = api("GET", "ping", key=key)
    assert (answer.status_code, answer.content) == (401, b"")
    assert api("GET", "ping").json() == {"valid": True}


@pytest.mark.parametrize(
    "query", ["perPage=101", "perPage=0", "perPage=x", "page=0", "colour=red", "page=1&page=2"]
)
def test_a_query_is_read_strictly(api, query):
    assert api("GET", f"users?{query}").status_code == 400


def test_a_page_has_25_users_unless_it_is_asked_for_more(api):
    assert len(api("GET", "users").json()["data"]["APIUsers"]["users"]) == 25
    meta = api("GET", "users?perPage=100&page=3", behaviour=Behaviour(shape="meta")).json()["meta"]
    assert meta == {"page": 3, "perPage": 100, "totalCount": 265, "totalPages": 3, "nextCursor": None}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"courseSku": "LADDER"}, "either courseId or courseSku"),
        ({"courseId": None}, "either courseId or courseSku"),
        ({"userEmail": "ana@example.com"}, "either userId or userEmail"),
        ({"userId": None}, "either userId or userEmail"),
        ({"courseId": "c-99"}, "Course not found"),
        ({"userId": "u-1"}, "User not found"),
        ({"completionDate": None}, "date and time with a zone"),
        ({"completionDate": "2026-11-02"}, "date and time with a zone"),
        ({"completionDate": "2026-11-02T08:30:00"}, "date and time with a zone"),
        ({"completionDate": "2999-11-02T08:30:00Z"}, "in the future"),
        ({"colour": "red"}, "isn't known here"),
    ],
)
def test_a_completion_is_read_strictly(api, change, message):
    content = {name: value for name, value in (DONE | change).items() if value is not None}
    answer = api("POST", "courseExternalActivity", json=content)
    assert answer.status_code == 400
    assert message in answer.json()["errors"][0]


def test_a_completion_is_answered_with_nothing_and_told_as_an_event(api):
    answer = api("POST", "courseExternalActivity", json=DONE)
    assert (answer.status_code, answer.content) == (200, b"")
    (event,) = api("GET", "events/courseCompletion?userId=u-501").json()["events"]
    assert (event["notifiableId"], event["user"]) == ("c-7", "ana@example.com")
    assert event["userDetail"]["externalCustomerId"] == "E-1"
    assert api("GET", "events/courseCompletion?startDate=2026-11-03T00:00:00Z").json()["events"] == []
    assert api("POST", "courseExternalActivity", content=b"{").status_code == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"completionDate": "2026-11-02T08:30:00Z"}, 200),
        ({}, 400),
        ({"timeStampDate": "2026-11-02T08:30:00Z"}, 400),
        ({"status": "started", "timeStampDate": "2026-11-02T08:30:00Z"}, 200),
        ({"status": "started", "completionDate": "2026-11-02T08:30:00Z"}, 400),
        ({"status": "begun", "timeStampDate": "2026-11-02T08:30:00Z"}, 400),
        ({"learningPathId": "p-9", "completionDate": "2026-11-02T08:30:00Z"}, 400),
    ],
)
def test_a_learning_path_has_a_time_of_its_own_for_each_status(api, change, status):
    assert api("POST", "learningPathExternalActivity", json=PATH | change).status_code == status


@pytest.fixture
def door(start, raw, made):
    """Bring a token to a school."""
    school = start()

    def bring(key=made.key, algorithm="HS256", **claims):
        said = {"email": "ana@example.com", "iat": int(time.time()), "jti": uuid4().hex} | claims
        said = {name: value for name, value in said.items() if value is not None}
        token = jwt.encode(said, key, algorithm=algorithm)
        return raw.get(f"{school.url}/access/jwt", params={"jwt": token})

    bring.school = school
    return bring


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({}, 200),
        ({"iat": 0}, 403),
        ({"iat": None}, 403),
        ({"exp": 1}, 403),
        ({"email": None}, 400),
        ({"email": None, "externalCustomerId": "E-1"}, 200),
        ({"firstname": "Ana"}, 400),
        ({"courseSlugs": "ladder"}, 400),
        ({"courseSlugs": ["no-such"]}, 400),
        ({"courseSlugs": ["ladder"], "replaceCourseAccess": "true"}, 400),
        ({"ref1": "x" * 32}, 200),
        ({"ref1": "x" * 33}, 400),
        ({"ref11": "x"}, 400),
        ({"role": "course-manager"}, 200),
        ({"role": "Course Manager"}, 400),
        ({"role": "nobody"}, 400),
        ({"studentLicenseIds": ["li-1"]}, 200),
        ({"studentLicenseSkus": ["GOLD"]}, 400),
        ({"studentLicenseSkus": ["GOLD"], "clientSku": "NORTH"}, 200),
        ({"studentLicenseSkus": ["TIN"], "clientId": "cl-2"}, 400),
        ({"clientSlug": "nowhere"}, 400),
        ({"studentLicenseIds": ["li-1"], "managerLicenseIds": ["li-3"]}, 400),
        ({"studentLicenseIds": ["li-1"], "clientSlug": "south"}, 400),
        ({"returnTo": "/learn"}, 200),
        ({"returnTo": "https://evil.example"}, 400),
        ({"returnTo": "//evil.example"}, 400),
    ],
)
def test_the_rules_of_a_token(door, claims, status):
    answer = door(**claims)
    assert answer.status_code == status, answer.text


def test_a_token_is_good_once_and_of_the_schools_key(door):
    assert door(jti="t-1").status_code == 200
    assert door(jti="t-1").status_code == 403
    assert door(key="another-key-of-at-least-32-bytes-it-is").status_code == 403
    assert door(email="gone@example.com").status_code == 403


def test_to_replace_with_nothing_revokes_everything(door):
    door(courseSlugs=["ladder"], studentLicenseIds=["li-1"])
    door(replaceCourseAccess=True)
    assert door.school.sandbox.held("u-501").courses == set()
    assert door.school.sandbox.held("u-501").student == {"li-1"}
    door(replaceLicenseAccess=True, clientSlug="south")
    assert door.school.sandbox.held("u-501").student == {"li-1"}
    door(replaceLicenseAccess=True)
    assert door.school.sandbox.held("u-501").student == set()


def test_a_stranger_becomes_a_user(door):
    assert door(email="new@example.com", firstName="Neu").text == "signed in as u-1265 at /"


@pytest.mark.parametrize("like", sorted(Sandbox.presets))
def test_every_kind_of_it_tells_how_it_is_reached(like):
    guide = Sandbox.presets[like]().guide("http://127.0.0.1:9")
    assert 'options.url = "http://127.0.0.1:9"' in guide
