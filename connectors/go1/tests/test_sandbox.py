"""The rules the sandbox holds a client to, broken over a real socket; test_3_1 is wire facts §3.1."""

import ast
import base64
import json
import subprocess
import sys
import tomllib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from passback.sandbox import BadAnswer, serve
from passback_go1 import Go1Options
from passback_go1.sandbox import PEOPLE, Behaviour, Sandbox, Sender, completed
from passback_go1.sandbox.__main__ import main

FORM = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
NEW = {
    "user_account_id": "501",
    "lo_id": "777",
    "enrollment_type": "self-directed",
    "status": "completed",
    "result": 90,
    "pass": True,
    "start_date": "2025-01-02T03:00:00Z",
    "end_date": "2025-01-02T03:04:05.000+01:00",
}
DROP = object()


class Client:
    """A client of one sandbox that does as it's told."""

    def __init__(self, portal, raw):
        self.raw = raw
        self.url = portal.url
        self.sandbox = portal.sandbox

    def token(self, **fields):
        answer = self.raw.post(f"{self.url}/oauth/token", data=FORM | fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]

    def ask(self, method, path, *, token=None, headers=None, **more):
        given = {"Authorization": f"Bearer {token or self.token()}", "Api-Version": "2025-01-01"}
        given = {name: text for name, text in (given | (headers or {})).items() if text is not DROP}
        return self.raw.request(method, f"{self.url}{path}", headers=given, **more)

    def enroll(self, **changes):
        body = {name: value for name, value in (NEW | changes).items() if value is not DROP}
        return self.ask("POST", "/gateway/enrollments", json=body)

    def refused(self, answer, status, code=None):
        """Wire facts §3.3: {ref, error_code, message}."""
        assert answer.status_code == status, answer.text
        said = answer.json()
        assert set(said) == {"ref", "error_code", "message"}
        assert code in (None, said["error_code"])
        return True


@pytest.fixture
def client(start, raw):
    def make(**behaviour):
        return Client(start(Behaviour(**behaviour)), raw)

    return make


def test_3_1_a_token_is_given_for_twelve_hours_and_no_refresh_token(client, raw):
    answer = raw.post(f"{client().url}/oauth/token", data=FORM)
    token = answer.json()
    assert set(token) == {"token_type", "expires_in", "access_token"}
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 43_200)


def test_3_1_the_client_may_stand_in_a_basic_header(client, raw):
    pair = base64.b64encode(b"sandbox-client:sandbox-secret").decode()
    headers = {"Authorization": f"Basic {pair}"}
    answer = raw.post(
        f"{client().url}/oauth/token", data={"grant_type": "client_credentials"}, headers=headers
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token"}, 400, "unsupported_grant_type"),
        ({"scope": "enrollment.read everything"}, 400, "invalid_scope"),
    ],
)
def test_3_1_a_wrong_client_gets_no_token(client, change, status, error, raw):
    answer = raw.post(f"{client().url}/oauth/token", data=FORM | change)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("header", ["Basic x", "Basic !", "Bearer x"])
def test_3_1_a_wrong_header_gets_no_token(client, header, raw):
    answer = raw.post(
        f"{client().url}/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
    )
    assert answer.status_code == 401


def test_3_1_a_token_is_asked_for_with_a_form(client, raw):
    assert raw.post(f"{client().url}/oauth/token", json=FORM).status_code == 400


@pytest.mark.parametrize("path", ["/gateway/enrollments", "/v2/users"])
@pytest.mark.parametrize("header", [DROP, "Bearer wrong", "Basic x", "wrong"])
def test_3_1_a_missing_or_wrong_token_is_told(client, path, header):
    one = client()
    answer = one.ask("GET", path, token="x", headers={"Authorization": header})
    assert one.refused(answer, 401)
    assert "invalid token" in answer.text


def test_3_1_a_token_expires(client):
    used, short, ended = client(token_uses=1), client(token_seconds=0), client()
    token = used.token()
    assert used.ask("GET", "/v2/users", token=token).status_code == 200
    assert used.refused(used.ask("GET", "/v2/users", token=token), 401)
    assert short.refused(short.ask("GET", "/v2/users"), 401)
    token = ended.token()
    ended.sandbox.expire()
    assert ended.refused(ended.ask("GET", "/v2/users", token=token), 401)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/gateway/enrollments", "enrollment.read"),
        ("POST", "/gateway/enrollments", "enrollment.write"),
        ("PATCH", "/gateway/enrollments/1", "enrollment.write"),
        ("DELETE", "/gateway/enrollments/1", "enrollment.write"),
        ("GET", "/v2/users", "user.read"),
        ("GET", "/v2/users/501", "user.read"),
        ("POST", "/v2/users/501/login", "user.read"),
    ],
)
def test_0_2_a_token_without_the_scope_is_refused_otherwise_than_a_wrong_one(client, method, path, scope):
    one = client()
    others = " ".join(each for each in one.sandbox.behaviour.scopes if each != scope)
    assert one.refused(one.ask(method, path, token=one.token(scope=others)), 403)


@pytest.mark.parametrize("version", [DROP, "", "2025-01-02", "latest"])
def test_3_1_the_gateway_wants_a_version_that_there_is(client, version):
    one = client()
    answer = one.ask("GET", "/gateway/enrollments", headers={"Api-Version": version})
    assert one.refused(answer, 400)


def test_3_1_the_older_version_and_the_older_api_without_any(client):
    one = client()
    older = {"Api-Version": "2022-07-01"}
    assert one.ask("GET", "/gateway/enrollments", headers=older).status_code == 200
    assert one.ask("GET", "/v2/users", headers={"Api-Version": DROP}).status_code == 200


def test_3_3_an_enrollment_is_made_and_listed(client):
    one = client()
    made = one.enroll()
    assert made.status_code == 201
    listed = one.ask("GET", "/gateway/enrollments").json()
    assert listed == {"total": 1, "hits": [made.json()]}
    assert set(made.json()) == {
        "id",
        "parent_enrolment_id",
        "enrollment_type",
        "user_account_id",
        "assigner_account_id",
        "assign_date",
        "lo_id",
        "created_time",
        "updated_time",
        "status",
        "result",
        "pass",
        "start_date",
        "end_date",
        "due_date",
    }
    assert all(isinstance(made.json()[name], str) for name in ("id", "user_account_id", "lo_id"))


@pytest.mark.parametrize(
    "changes",
    [
        {"user_account_id": DROP},
        {"lo_id": DROP},
        {"enrollment_type": DROP},
        {"status": DROP},
        {"user_account_id": 501},
        {"lo_id": 777},
        {"enrollment_type": "forced"},
        {"status": "done"},
        {"status": ["completed"]},
        {"result": 101},
        {"result": -1},
        {"result": 90.5},
        {"result": True},
        {"result": "90"},
        {"pass": "true"},
        {"pass": None},
        {"end_date": "2025-01-02"},
        {"end_date": "2025-01-02T03:04:05"},
        {"end_date": 1735787045},
        {"start_date": "soon"},
        {"colour": "red"},
        # Across fields.
        {"status": "in-progress", "result": DROP, "pass": DROP},
        {"status": "in-progress", "result": DROP, "end_date": DROP},
        {"status": "in-progress", "pass": DROP, "end_date": DROP},
        {"status": "not-started", "result": DROP, "pass": DROP, "end_date": DROP},
        {"assigner_account_id": "502"},
        {"assign_date": "2025-01-02T03:04:05Z"},
    ],
)
def test_3_3_what_an_enrollment_cant_be_is_refused(client, changes):
    one = client()
    assert one.refused(one.enroll(**changes), 400)
    assert one.sandbox.enrollments == []


def test_3_3_what_goes_together_is_taken(client):
    one = client()
    nothing = dict.fromkeys(("result", "pass", "end_date", "start_date"), DROP)
    assert one.enroll(status="not-started", **nothing).status_code == 201
    assigned = {"enrollment_type": "assigned", "assigner_account_id": "502", "assign_date": NEW["start_date"]}
    assert one.enroll(lo_id="778", **assigned).status_code == 201
    assert one.enroll(lo_id="779", status="in-progress", **nothing | {"start_date": NEW["start_date"]})


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"'])
def test_3_3_a_body_is_an_object(client, content):
    one = client()
    headers = {"Content-Type": "application/json"}
    answer = one.ask("POST", "/gateway/enrollments", content=content, headers=headers)
    assert one.refused(answer, 400)


def test_3_3_a_body_is_json(client):
    one = client()
    answer = one.ask("POST", "/gateway/enrollments", content=json.dumps(NEW).encode())
    assert one.refused(answer, 400)


def test_3_3_a_second_enrollment_is_refused_unless_its_asked_for(client):
    one = client()
    one.enroll()
    assert one.refused(one.enroll(), 409, "enrollment_exists")
    again = one.ask("POST", "/gateway/enrollments", params={"re-enroll": "true"}, json=NEW)
    assert again.status_code == 201
    assert len(one.sandbox.enrollments) == 2


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("changes", [{"user_account_id": "99"}, {"lo_id": "99"}])
def test_3_3_nobody_is_enrolled_who_or_in_what_there_isnt(client, status, changes):
    one = client(unknown=status)
    assert one.refused(one.enroll(**changes), status)


def test_3_3_a_change_holds_to_the_same_rules(client):
    one = client()
    made = one.enroll(status="in-progress", result=DROP, **{"pass": DROP, "end_date": DROP}).json()
    path = f"/gateway/enrollments/{made['id']}"
    for wrong in (
        {"result": 5},
        {"pass": True},
        {"end_date": NEW["end_date"]},
        {"status": "done"},
        {"status": "completed", "assigner_account_id": "502"},
        {"status": "not-started", "start_date": NEW["start_date"]},
        {"lo_id": "778"},
        {"user_account_id": "502"},
        {"enrollment_type": "assigned"},
        {"id": "1"},
        {"colour": "red"},
    ):
        assert one.refused(one.ask("PATCH", path, json=wrong), 400)
    (there,) = one.sandbox.enrollments
    assert there == made
    good = {"status": "completed", "result": 5, "pass": False, "end_date": NEW["end_date"]}
    changed = one.ask("PATCH", path, json=good)
    assert changed.status_code == 200
    assert {**made, **good, "updated_time": changed.json()["updated_time"]} == changed.json()


def test_3_3_what_isnt_there_cant_be_changed_and_what_is_can_be_removed(client):
    one = client()
    path = f"/gateway/enrollments/{one.enroll().json()['id']}"
    assert one.refused(one.ask("DELETE", path, params={"retain_original": "maybe"}), 400)
    assert one.ask("DELETE", path, params={"retain_original": "true"}).status_code == 204
    assert one.refused(one.ask("DELETE", path), 404)
    assert one.refused(one.ask("PATCH", path, json={"status": "completed"}), 404)


def test_3_3_enrollments_are_filtered_and_come_in_pages(client):
    one = client()
    for n in range(60):
        one.sandbox.enroll(user_account_id=str(505 + n % 2), lo_id="777" if n < 30 else "778")

    def listed(**query):
        return one.ask("GET", "/gateway/enrollments", params=query).json()

    assert [len(listed(**query)["hits"]) for query in ({}, {"limit": 50}, {"offset": 50})] == [20, 50, 10]
    assert listed(offset=60) == {"total": 60, "hits": []}
    assert listed(user_account_id="505", lo_ids="777")["total"] == 15
    assert listed(lo_ids="777,778", status="not-started", enrollment_type="self-directed")["total"] == 60
    assert listed(status="completed")["total"] == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"end_date_gte": "2025-02-01T00:00:00Z"}, ["778"]),
        ({"end_date_lte": "2025-02-01T00:00:00+00:00"}, ["777"]),
        ({"due_date_exists": "true"}, ["779"]),
        ({"due_date_exists": "false"}, ["777", "778"]),
        ({"due_date_gte": "2025-01-01T00:00:00Z", "due_date_lte": "2025-01-01T00:00:00Z"}, ["779"]),
        ({"assign_date_gte": "2020-01-01T00:00:00Z"}, []),
        (
            {"update_time_gte": "2020-01-01T00:00:00Z", "sort": "lo_id", "order": "desc"},
            ["779", "778", "777"],
        ),
        ({"assigner_account_id": "502"}, []),
    ],
)
def test_3_3_enrollments_are_filtered_by_time_and_sorted(client, query, found):
    one = client()
    one.sandbox.enroll(lo_id="777", status="completed", end_date="2025-01-02T00:00:00Z")
    one.sandbox.enroll(lo_id="778", status="completed", end_date="2025-03-02T00:00:00Z")
    one.sandbox.enroll(lo_id="779", due_date="2025-01-01T00:00:00Z")
    listed = one.ask("GET", "/gateway/enrollments", params=query).json()
    assert [each["lo_id"] for each in listed["hits"]] == found


@pytest.mark.parametrize(
    "query", ["end_date_gte=soon", "end_date_gte=2025-01-01", "due_date_exists=1", "order=up", "sort=colour"]
)
def test_3_3_a_filter_that_isnt_one_is_refused(client, query):
    one = client()
    one.enroll()
    assert one.refused(one.ask("GET", f"/gateway/enrollments?{query}"), 400)


@pytest.mark.parametrize("path", ["/gateway/enrollments", "/v2/users"])
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=51", "limit=x", "limit=-1", "offset=-1", "offset=", "x=1", "limit=1&limit=2"]
)
def test_3_2_and_3_3_pages_are_asked_for_as_documented(client, path, query):
    one = client()
    assert one.refused(one.ask("GET", f"{path}?{query}"), 400)


def test_3_2_users_come_in_pages_and_are_filtered_by_address(client):
    one = client()
    page = one.ask("GET", "/v2/users", params={"limit": 50, "offset": 100}).json()
    assert (page["total"], len(page["hits"])) == (len(PEOPLE), 29)
    found = one.ask("GET", "/v2/users", params={"email": "TWIN@example.com"}).json()
    assert [user["id"] for user in found["hits"]] == ["502", "629"]
    assert set(found["hits"][0]) == {"id", "email", "first_name", "last_name", "status"}


def test_3_2_what_is_inferred_of_users_is_a_setting(client):
    one = client(filters=False, users_key="users", users_page=10)
    found = one.ask("GET", "/v2/users", params={"email": "ana@example.com", "limit": 10}).json()
    assert (set(found), len(found["users"])) == ({"total", "users"}, 10)
    assert one.refused(one.ask("GET", "/v2/users", params={"limit": 11}), 400)


def test_3_2_one_user_is_shown_and_a_missing_one_isnt(client):
    one = client()
    assert one.ask("GET", "/v2/users/503").json()["status"] == 0
    assert one.refused(one.ask("GET", "/v2/users/99"), 404)


def test_the_population_has_what_makes_trouble():
    mails = Counter(person.email for person in PEOPLE)
    assert [mail for mail, times in mails.items() if times > 1] == ["twin@example.com"]
    assert [person.id for person in PEOPLE if not person.active] == ["503"]
    assert [person.id for person in PEOPLE if person.email is None] == ["504"]
    twins = [at for at, person in enumerate(PEOPLE) if person.email == "twin@example.com"]
    assert (twins[0] // 50, twins[1] // 50) == (0, 2)


def test_3_5_a_login_works_once(client, raw):
    one = client()
    url = one.ask("POST", "/v2/users/501/login", params={"redirect_url": "/play/777"}).json()["url"]
    assert url.startswith(f"{one.url}/play/777?oneTimeToken=")
    assert [raw.get(url).status_code for _ in range(2)] == [200, 403]
    assert raw.get(f"{one.url}/play/777").status_code == 403


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "play/777"])
def test_3_5_a_login_leads_nowhere_else(client, path):
    one = client()
    assert one.refused(one.ask("POST", "/v2/users/501/login", params={"redirect_url": path}), 400)


def test_3_5_who_is_inactive_or_unknown_gets_no_login(client):
    one = client()
    assert one.refused(one.ask("POST", "/v2/users/503/login"), 403)
    assert one.refused(one.ask("POST", "/v2/users/99/login"), 404)


@pytest.mark.parametrize("path", ["/", "/gateway", "/gateway/users", "/v2/enrollments", "/v2"])
def test_what_there_isnt_isnt_there(client, path):
    one = client()
    assert one.ask("GET", path).status_code in (403, 404)


def test_a_method_that_there_isnt_is_refused(client):
    one = client()
    assert one.refused(one.ask("PUT", "/gateway/enrollments"), 405)


def test_it_fails_in_the_words_of_go1(client):
    one = client()
    one.sandbox.fail(status=503, headers={"Retry-After": "3"}, on="/v2")
    answer = one.ask("GET", "/v2/users")
    assert one.refused(answer, 503)
    assert answer.headers["retry-after"] == "3"


@pytest.mark.parametrize("like", [None, *Sandbox.presets])
def test_what_the_guide_shows_is_a_configuration(like):
    sandbox = Sandbox() if like is None else Sandbox.presets[like]()
    with serve(sandbox) as url:
        text, _, told = sandbox.guide(url).partition("\nUsers: ")
    table = tomllib.loads(text)["connections"]["go1"]
    Go1Options.model_validate(table["options"])
    assert told.startswith(f"{len(PEOPLE)}, ")


def test_it_shares_no_code_with_the_connector():
    for path in Path(sys.modules[Sandbox.__module__].__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                ours = (node.module or "").startswith("passback")
                allowed = (node.module or "").startswith(("passback.sandbox", "passback_go1.sandbox"))
                assert allowed or not ours, f"{path.name}: {node.module}"


def test_it_runs_in_the_foreground_and_shows_what_arrives(raw):
    command = [sys.executable, "-m", "passback_go1.sandbox", "--fault", "429=7@/v2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith("GO1, played at http://127.0.0.1:")
        said = [process.stdout.readline() for _ in range(12)]
        url = next(line for line in said if "gateway_url" in line).split('"')[1].removesuffix("/gateway")
        assert raw.get(f"{url}/v2/users?secret=1").headers["retry-after"] == "7"
        seen = next(line for line in iter(process.stdout.readline, "") if line.startswith("GET"))
        assert seen == "GET    /v2/users → 429\n"
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        ("http://127.0.0.1:9/hooks/go1", "", "SANDBOX_SECRET isn't set"),
        ("http://127.0.0.1:9/hooks/go1", "s", "refused"),
        ("ftp://127.0.0.1/", "s", "expected an address"),
    ],
)
def test_the_sender_says_what_is_wrong(monkeypatch, url, secret, message):
    monkeypatch.setenv("SANDBOX_SECRET", secret)
    with pytest.raises(SystemExit, match=message):
        main(["send", url])


def test_3_4_whatever_isnt_2xx_is_no_answer_to_an_event(client):
    one = client()
    event = completed("evt-1", "501", "777", datetime.now(UTC))
    with pytest.raises(BadAnswer, match="405"):
        Sender(f"{one.url}/v2/users", "s").send(event)
