"""What the sandbox refuses of a tenant's clients: wire facts §2.1, §2.2, §2.3 and §2.5, over plain HTTP."""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection
from urllib.parse import quote, urlencode, urlsplit

import pytest

from passback.sandbox import Stage
from passback_cornerstone.sandbox import Sandbox
from passback_cornerstone.sandbox.state import Assignment

TOKEN = "/services/api/oauth2/token"
EMPLOYEES = "/services/api/x/users/v2/employees"
VIEW = "/services/api/x/odata/api/views/vw_rpt_user"
COMPLETE = "/services/api/v1/transcripts/complete"
ASSIGNMENTS = "/services/api/v1/LearningAssignments"
CLIENT = {
    "clientId": "sandbox-client",
    "clientSecret": "sandbox-client-secret",
    "grantType": "client_credentials",
    "scope": "all",
}


def request(csod, method, path, body=None, headers=()):
    there = urlsplit(csod.url)
    connection = HTTPConnection(there.hostname, there.port, timeout=5)
    try:
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(), {name.lower(): text for name, text in answer.headers.items()}
    finally:
        connection.close()


def token(csod, **changes):
    body = json.dumps({name: text for name, text in (CLIENT | changes).items() if text is not None})
    status, said, _ = request(csod, "POST", TOKEN, body, {"content-type": "application/json"})
    return status, json.loads(said)


def ask(csod, method, path, body=None, scope="all", accept="application/json"):
    bearer = token(csod, scope=scope)[1]["access_token"]
    headers = {"authorization": f"Bearer {bearer}", "accept": accept}
    return request(csod, method, path, None if body is None else json.dumps(body), headers)


def get(csod, path, **query):
    status, said, _ = ask(csod, "GET", f"{path}?{urlencode(query)}")
    return status, json.loads(said)


def test_a_token_is_given_for_json_and_for_a_form(csod):
    status, given = token(csod)
    assert status == 200
    assert given.keys() == {"access_token", "token_type", "expires_in"}
    form = {
        "grant_type": "client_credentials",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-client-secret",
        "scope": "employee:read",
    }
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert request(csod, "POST", TOKEN, urlencode(form), kind)[0] == 200
    assert request(csod, "POST", TOKEN, urlencode(form), {"content-type": "application/json"})[0] == 400
    assert request(csod, "POST", TOKEN, "[]", {"content-type": "application/json"})[0] == 400


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"clientSecret": "x"}, 401),
        ({"clientId": "x"}, 401),
        ({"clientId": None}, 401),
        ({"grantType": "password"}, 400),
        ({"grantType": None}, 400),
        ({"scope": "employee:write"}, 400),
    ],
)
def test_a_client_that_is_not_known_or_asks_for_too_much_gets_none(csod, change, status):
    assert token(csod, **change)[0] == status


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer x"}, {"authorization": "Basic eDp5"}])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", EMPLOYEES), ("GET", VIEW), ("PATCH", COMPLETE), ("GET", ASSIGNMENTS)]
)
def test_nothing_is_answered_without_a_token(csod, method, path, given):
    assert request(csod, method, path, headers=given)[0] == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", VIEW), ("PATCH", COMPLETE), ("GET", ASSIGNMENTS), ("GET", f"{COMPLETE[:-8]}overview")],
)
def test_a_missing_scope_is_a_401(csod, method, path):
    status, said, _ = ask(csod, method, path, scope="employee:read")
    assert status == 401
    assert b"isn't for" in said


def test_a_token_ages(csod):
    bearer = {"authorization": f"Bearer {token(csod)[1]['access_token']}"}
    assert request(csod, "GET", EMPLOYEES, headers=bearer)[0] == 200
    csod.time.go_on(3601)
    assert request(csod, "GET", EMPLOYEES, headers=bearer)[0] == 401


def test_tokens_and_pages_can_be_made_to_end(csod):
    bearer = {"authorization": f"Bearer {token(csod)[1]['access_token']}", "accept": "application/json"}
    page = json.loads(request(csod, "GET", f"{EMPLOYEES}?pageSize=5", headers=bearer)[1])
    csod.sandbox.expire_pages()
    following = f"{EMPLOYEES}?nextPageToken={page['nextpagetoken']}"
    assert request(csod, "GET", following, headers=bearer)[0] == 400
    csod.sandbox.expire_tokens()
    assert request(csod, "GET", EMPLOYEES, headers=bearer)[0] == 401


def test_an_error_is_told_in_the_portals_envelope(csod):
    status, said, _ = ask(csod, "GET", f"{EMPLOYEES}/7")
    told = json.loads(said)
    assert status == 404
    assert told.keys() == {"status", "timeStamp", "error"}
    assert told["status"] == "404"
    assert told["error"].keys() == {"errorId", "message", "code", "description", "details"}
    assert datetime.strptime(told["timeStamp"], "%Y-%m-%dT%H:%M:%S%z").tzinfo


def test_who_does_not_ask_for_json_gets_xml(csod, start):
    _, said, headers = ask(csod, "GET", EMPLOYEES, accept="*/*")
    assert headers["content-type"] == "application/xml"
    assert said.startswith(b"<?xml")
    csod = start(xml=False)
    assert ask(csod, "GET", EMPLOYEES, accept="*/*")[2]["content-type"] == "application/json"


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_employees_come_in_pages_whose_tokens_die_after_five_minutes(csod, version):
    path = EMPLOYEES.replace("v2", version)
    _, first = get(csod, path, pageSize=5)
    assert first.keys() == {"timestamp", "nextpagetoken", "count", "data"}
    assert first["count"] == len(first["data"]) == 5
    _, second = get(csod, path, pageSize=5, NEXTPAGETOKEN=first["nextpagetoken"])
    assert second["data"][0]["id"] == 1005
    csod.time.go_on(301)
    assert get(csod, path, nextPageToken=second["nextpagetoken"])[0] == 400
    assert get(csod, path, nextPageToken="made-up")[0] == 400


def test_the_last_page_has_no_token(csod):
    assert get(csod, EMPLOYEES)[1]["nextpagetoken"] is None


@pytest.mark.parametrize("size", ["0", "x", "-1", "1001", "\u00b2"])
def test_a_page_size_that_is_none_is_refused(csod, size):
    assert get(csod, EMPLOYEES, pageSize=size)[0] == 400


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("externalId", "E-1004"),
        ("userName", "EVA.EGLI.4"),
        ("ids", "1004"),
        ("firstName", "Eva"),
        ("guid", None),
    ],
)
def test_employees_are_found_by_what_is_documented(csod, name, text):
    _, found = get(csod, EMPLOYEES, **{name: text or csod.sandbox.people[4].guid})
    assert [each["externalId"] for each in found["data"]] == ["E-1004"]


def test_there_is_no_filter_by_address(start):
    address = {"primaryEmail": "eva.egli.4@example.com"}
    assert get(start(), EMPLOYEES, **address)[1]["count"] == 12
    assert get(start(unknown_filter="refused"), EMPLOYEES, **address)[0] == 400


def test_a_status_tells_who_is_let_in(csod):
    assert get(csod, EMPLOYEES, status="Inactive")[1]["count"] == 1


def test_a_look_up_may_answer_a_bare_array(start):
    assert isinstance(get(start(bare=True), EMPLOYEES, externalId="E-1004")[1], list)


def test_the_population_has_who_makes_trouble(csod):
    people = csod.sandbox.people
    assert people[1].email == people[-1].email
    assert not people[2].active
    assert people[3].email is None
    assert len(Sandbox.usual().people) > 2 * Sandbox.usual().behaviour.page_size


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "user_email eq o'neil"},
        {"$filter": "user_email eq 'o'neil'"},
        {"$filter": "user_email eq 'a' or user_id gt 0"},
        {"$filter": "password eq 'x'"},
        {"$filter": "contains(user_email,'a')"},
        {"$select": "user_id,password"},
        {"$skiptoken": "x"},
        {"$top": "1"},
        {"filter": "x"},
    ],
)
def test_a_query_of_the_view_that_is_none_is_refused(csod, query):
    assert get(csod, VIEW, **query)[0] == 400


def test_the_view_finds_an_address_and_leads_to_its_next_page(start):
    csod = start(view_page_size=1)
    text = csod.sandbox.people[1].email
    _, found = get(csod, VIEW, **{"$filter": f"user_email eq '{text}'", "$select": "user_id,user_email"})
    assert found["value"] == [{"user_id": 1001, "user_email": text}]
    there = urlsplit(found["@odata.nextLink"])
    assert there.netloc == urlsplit(csod.url).netloc
    _, said, _ = ask(csod, "GET", f"{there.path}?{there.query}")
    assert [row["user_id"] for row in json.loads(said)["value"]] == [1011]
    assert "@odata.nextLink" not in json.loads(said)


def test_a_doubled_quote_is_one(csod):
    odd = csod.sandbox.people[0].__class__(
        **csod.sandbox.people[0].__dict__ | {"email": "o'neil@example.com"}
    )
    csod.sandbox.people[0] = odd
    assert len(get(csod, VIEW, **{"$filter": "user_email eq 'o''neil@example.com'"})[1]["value"]) == 1


def test_a_view_that_is_not_enabled_is_not_there(start):
    assert get(start(view=False), VIEW)[0] == 404


def complete(csod, **body):
    status, said, _ = ask(csod, "PATCH", COMPLETE, body)
    return status, json.loads(said)


def test_a_course_is_completed_once_and_stays_so(csod):
    status, said = complete(csod, externalId="E-1000", learningObjectId="ladder-1", ignoreWorkflow=True)
    assert (status, said["status"]) == (200, "Success")
    when = csod.entry().completed
    csod.time.go_on(60)
    assert complete(csod, userGuid=csod.sandbox.people[0].guid, learningObjectId="ladder-1")[0] == 200
    assert csod.entry().completed == when
    _, overview = get(
        csod, "/services/api/v1/transcripts/overview", externalId="E-1000", statusGroups="Completed"
    )
    assert [row["learningObjectId"] for row in overview["data"]] == ["ladder-1"]
    assert get(csod, "/services/api/v1/transcripts/overview", externalId="E-1")[0] == 404


@pytest.mark.parametrize("unknown", [400, 404])
@pytest.mark.parametrize(
    ("body", "is_unknown"),
    [
        ({"learningObjectId": "ladder-1"}, False),
        ({"externalId": "E-1000", "userGuid": "x", "learningObjectId": "ladder-1"}, False),
        ({"externalId": "E-1000", "learningObjectId": "ladder-1", "completionDate": "x"}, False),
        ({"externalId": "E-9", "learningObjectId": "ladder-1"}, True),
        ({"userGuid": "E-1000", "learningObjectId": "ladder-1"}, True),
        ({"externalId": "E-1000", "learningObjectId": "nowhere"}, True),
        ({"externalId": "E-1000"}, True),
    ],
)
def test_a_completion_that_names_nobody_or_nothing_is_refused(start, body, is_unknown, unknown):
    csod = start(unknown_status=unknown)
    assert complete(csod, **body)[0] == (unknown if is_unknown else 400)
    assert csod.sandbox.transcripts == {}


def test_a_completion_is_an_object(csod):
    assert ask(csod, "PATCH", COMPLETE, ["x"])[0] == 400
    assert ask(csod, "POST", COMPLETE, {})[0] == 405


def test_a_learning_object_may_have_a_guid_of_its_own(start):
    csod = start(learning_objects="guid")
    assert complete(csod, externalId="E-1000", learningObjectId="ladder-1")[0] == 404
    own = csod.sandbox.learning_object("ladder-1")
    assert complete(csod, externalId="E-1000", learningObjectId=own)[0] == 200


def test_an_assignment_is_found_and_changed(csod):
    guid = csod.sandbox.people[0].guid
    assert get(csod, ASSIGNMENTS, userId=guid, loId="ladder-1") == (200, [])
    csod.sandbox.assignments.append(Assignment(number="71", guid=guid, course="ladder-1"))
    (found,) = get(csod, ASSIGNMENTS, userId=guid, loId="ladder-1")[1]
    path = f"{ASSIGNMENTS}/{found['assignmentId']}"
    assert ask(csod, "PATCH", path, {"Status": "In Progress", "LastAccessDate": "x"})[0] == 200
    assert csod.sandbox.assignments[0].status == "In Progress"
    assert ask(csod, "PATCH", path, {"status": "x"})[0] == 400
    assert ask(csod, "PATCH", f"{ASSIGNMENTS}/72", {"Status": "x"})[0] == 404
    assert get(csod, ASSIGNMENTS, userId=guid)[0] == 400


def test_each_address_has_its_share_of_an_hour_for_each_minute(start):
    csod = start(hourly=120)
    answers = [ask(csod, "GET", EMPLOYEES) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    _, said, headers = answers[2]
    assert json.loads(said)["error"]["message"] == "CSOD Too many requests."
    assert headers["x-csod-throttling-rate-limit-urilevel"] == "120"
    assert [each["x-csod-requests-remaining-urilevel"] for _, _, each in answers] == ["1", "0", "0"]
    assert "retry-after" not in headers
    assert ask(csod, "GET", VIEW)[0] == 200
    csod.time.go_on(60)
    assert ask(csod, "GET", EMPLOYEES)[0] == 200


def test_a_refused_request_counts_too(start):
    csod = start(hourly=60)
    assert request(csod, "GET", EMPLOYEES)[0] == 401
    assert request(csod, "GET", EMPLOYEES)[0] == 429


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_when_to_come_again_can_be_told(start, form):
    csod = start(hourly=60, retry_after=form)
    ask(csod, "GET", EMPLOYEES)
    told = ask(csod, "GET", EMPLOYEES)[2]["retry-after"]
    if form == "seconds":
        assert 0 < int(told) <= 61
    else:
        assert parsedate_to_datetime(told).second == 0
        assert parsedate_to_datetime(told) > datetime.now(UTC)


def test_what_is_told_to_fail_fails_in_the_portals_words(csod):
    csod.sandbox.fail(status=503, on=f"GET {EMPLOYEES}")
    status, said, _ = ask(csod, "GET", EMPLOYEES)
    assert (status, json.loads(said)["error"]["code"]) == (503, "503")


@pytest.mark.parametrize("preset", sorted(Sandbox.presets))
def test_each_preset_is_a_portal(preset):
    assert isinstance(Sandbox.presets[preset](), Stage)


def test_a_path_that_is_not_there_is_told_so(csod):
    status, said, _ = request(csod, "GET", "/nowhere")
    assert (status, json.loads(said)["status"]) == (404, "404")
    assert request(csod, "GET", f"/{quote('é')}")[0] == 404
