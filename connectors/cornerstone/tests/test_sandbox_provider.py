"""What the sandbox refuses of content providers: each rule of wire facts §2.4, broken over plain HTTP."""

import base64
import json
from http.client import HTTPConnection
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from starlette.responses import Response

from passback.sandbox import serve

PATH = "/services/api/x/content/callback/progress"


def basic(pair):
    return "Basic " + base64.b64encode(pair.encode()).decode()


@pytest.fixture
def good(csod):
    """A record that is taken."""
    return {
        "courseId": "ladder-1",
        "userGuid": csod.sandbox.people[0].guid,
        "status": "Completed",
        "completionDate": "2025-01-02T03:04:05+00:00",
        "successStatus": "Pass",
    }


def token(csod):
    return dict(csod.sandbox.launch(csod.sandbox.people[0].username, csod.url))["sessionToken"]


def request(csod, method, path, body=None, **headers):
    there = urlsplit(csod.url)
    connection = HTTPConnection(there.hostname, there.port, timeout=5)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): text for name, text in headers.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def post(csod, content, query=None, method="POST", path=PATH, **headers):
    like = csod.sandbox.behaviour
    query = f"?sessionToken={quote(token(csod), safe='')}" if query is None else query
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {
        "authorization": basic(f"{like.key}:{like.secret}"),
        "content_type": "application/json",
    } | headers
    status, said, _ = request(csod, method, path + query, body, **headers)
    return status, said


def test_a_record_by_the_rules_is_taken(csod, good):
    assert post(csod, [good]) == (200, b"{}")
    entry = csod.entry()
    assert (entry.status, entry.success, entry.completed) == ("Completed", "Pass", good["completionDate"])


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"courseId": None}, 400),
        ({"userGuid": 7}, 400),
        ({"status": None}, 400),
        ({"status": "Incomplete"}, 400),
        ({"status": "completed"}, 400),
        ({"status": "In Progress"}, 400),
        ({"status": "In Progress", "completionDate": None}, 400),
        ({"status": "In Progress", "successStatus": None}, 400),
        ({"successStatus": "pass"}, 400),
        ({"completionDate": None}, 400),
        ({"completionDate": "2025-01-02T03:04:05"}, 400),
        ({"completionDate": "yesterday"}, 400),
        ({"completionDate": 1735786800}, 400),
        ({"courseId": "x" * 51}, 400),
        ({"courseId": "unknown"}, 404),
        ({"userGuid": "7c3f1d52-aaaa-4bbb-8ccc-000000000001"}, 404),
    ],
)
def test_a_record_that_breaks_a_rule_is_refused_and_so_is_what_comes_with_it(csod, good, change, status):
    also = good | {"userGuid": csod.sandbox.people[1].guid}
    assert post(csod, [also, good | change])[0] == status
    assert csod.sandbox.transcripts == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"[7]", b"null", b"[null]"])
def test_a_body_that_is_no_array_of_records_is_refused(csod, content):
    assert post(csod, content)[0] == 400


def test_a_record_alone_is_no_array(csod, good):
    assert post(csod, good)[0] == 400


def test_another_content_type_is_refused(csod, good):
    assert post(csod, [good], content_type="text/plain")[0] == 400
    assert post(csod, [good], content_type="application/json; charset=utf-8")[0] == 200


@pytest.mark.parametrize(
    "given", ["Bearer x", "Basic", "Basic !", basic("sandbox-provider:wrong"), basic("x:y")]
)
def test_other_credentials_are_refused(csod, good, given):
    status, said = post(csod, [good], authorization=given)
    assert status == 401
    assert json.loads(said)["error"]["code"] == "401"


@pytest.mark.parametrize("query", ["", "?sessionToken=", "?sessionToken=made-up", "?sessiontoken=x"])
def test_a_token_that_was_never_given_is_refused(csod, good, query):
    assert post(csod, [good], query=query)[0] == 401


def test_two_tokens_are_refused(csod, good):
    one = quote(token(csod), safe="")
    assert post(csod, [good], query=f"?sessionToken={one}&sessionToken={one}")[0] == 401


def test_a_token_lives_two_hours_and_serves_everybody(csod, good):
    query = f"?sessionToken={quote(token(csod), safe='')}"
    csod.time.go_on(7100)
    assert post(csod, [good | {"userGuid": csod.sandbox.people[5].guid}], query=query)[0] == 200
    csod.time.go_on(101)
    assert post(csod, [good], query=query)[0] == 401


def test_another_method_or_path_is_refused(csod, good):
    assert post(csod, [good], method="PUT")[0] == 405
    assert post(csod, [good], path=PATH.removesuffix("/progress"))[0] == 404


def test_completed_stays_completed_with_its_date_and_all_else_may_change(csod, good):
    post(csod, [good])
    later = {**good, "status": "In Progress", "completionDate": None, "successStatus": None, "score": 7}
    assert post(csod, [later])[0] == 200
    changed = good | {"completionDate": "2030-01-01T00:00:00+00:00", "successStatus": "Fail"}
    assert post(csod, [changed])[0] == 200
    entry = csod.entry()
    assert (entry.status, entry.completed) == ("Completed", good["completionDate"])
    assert (entry.success, entry.more) == ("Fail", {"score": 7})


def test_a_demotion_can_be_refused(start, good):
    csod = start(demotion="refused")
    post(csod, [good])
    assert (
        post(csod, [{**good, "status": "In Progress", "completionDate": None, "successStatus": None}])[0]
        == 409
    )


def test_unknown_keys_can_be_refused(start, good):
    assert post(start(), [good | {"score": 7}])[0] == 200
    assert post(start(strict_keys=True), [good | {"score": 7}])[0] == 400


@pytest.mark.parametrize(
    ("names", "there"), [("fqdn", {"fqdn"}), ("subdomain", {"subdomain"}), ("both", {"fqdn", "subdomain"})]
)
def test_a_launch_opens_a_course_with_what_its_provider_needs(start, names, there):
    csod = start(names=names)
    user = csod.sandbox.people[0].username
    status, _, headers = request(csod, "GET", f"/sandbox/launch?user={user}&to=https://us.example/l%3Fa%3D1")
    assert status == 307
    query = dict(parse_qsl(urlsplit(headers["location"]).query))
    assert headers["location"].startswith("https://us.example/l?a=1&")
    assert query.keys() == {"a", "userGuid", "sessionToken", "callbackUrl"} | there
    assert query["callbackUrl"].startswith("/")


def test_only_active_users_launch_and_only_an_address_is_opened(csod):
    inactive = csod.sandbox.people[2].username
    assert request(csod, "GET", f"/sandbox/launch?user={inactive}&to=https://us.example")[0] == 404
    assert request(csod, "GET", "/sandbox/launch?user=x&to=https://us.example")[0] == 404
    assert request(csod, "GET", "/sandbox/launch?user=x&to=javascript:x")[0] == 400


def test_what_it_was_told_can_be_looked_at(csod, good):
    post(csod, [good])
    (row,) = json.loads(request(csod, "GET", "/sandbox/transcripts")[1])
    assert (row["course"], row["status"], row["way"]) == ("ladder-1", "Completed", "callback")


COURSE = {
    "ID": "crane-2",
    "Title": "Crane",
    "Description": "",
    "URL": "https://us.example/crane",
    "Thumbnail": "",
    "IsActive": True,
    "LastModifiedUTC": "2026-01-01T00:00:00Z",
    "Duration": "00:10:00",
    "Partners": [{"Name": "Us"}],
    "Languages": ["en"],
    "Subjects": [],
    "IsMobile": True,
}


class Provider:
    """A provider's list, as it is given."""

    base = ""

    def __init__(self, content):
        self.content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.headers = {}

    async def app(self, scope, receive, send):
        self.headers = {name.decode(): text.decode() for name, text in scope["headers"]}
        answer = Response(self.content, headers={"last-modified": "Thu, 01 Jan 2026 00:00:00 GMT"})
        await answer(scope, receive, send)


@pytest.mark.parametrize(
    "change",
    [
        {"ID": "x" * 51},
        {"ID": "a.b"},
        {"ID": "a/b"},
        {"ID": "a b"},
        {"ID": ""},
        {"ID": 7},
        {"Description": "x" * 10_001},
        {"Duration": "10 min"},
        {"Duration": "00:61:00"},
        {"IsActive": "true"},
        {"Thumbnail": None},
        {"Partners": ["Us"]},
        {"LastModifiedUTC": "yesterday"},
    ],
)
def test_a_course_that_breaks_a_rule_is_not_taken(csod, change):
    with serve(Provider([COURSE, COURSE | {"ID": "good"} | change])) as url:
        pulled = csod.sandbox.pull(url)
    assert pulled.taken == ["crane-2"]
    assert [each.partition(":")[0] for each in pulled.refused] == [*change]


@pytest.mark.parametrize("content", [b"{}", b"x", b"[7]", b"null"])
def test_a_list_that_is_none_is_not_taken(csod, content):
    with serve(Provider(content)) as url:
        pulled = csod.sandbox.pull(url)
    assert pulled.taken == []
    assert len(pulled.refused) == 1


def test_a_course_that_is_no_newer_is_ignored_and_the_list_is_asked_for_what_changed(csod):
    provider = Provider([COURSE])
    with serve(provider) as url:
        assert csod.sandbox.pull(url).taken == ["crane-2"]
        assert "if-modified-since" not in provider.headers
        assert request(csod, "POST", f"/sandbox/pull?from={url}")[0] == 200
        assert provider.headers["if-modified-since"] == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert provider.headers["authorization"] == basic("sandbox-provider:sandbox-provider-secret")
        assert csod.sandbox.pull(url).ignored == ["crane-2"]


def test_nothing_but_an_address_is_pulled(csod):
    assert csod.sandbox.pull("file:///etc/passwd").status == 0
    assert csod.sandbox.pull("http://127.0.0.1:9/").status == 0
