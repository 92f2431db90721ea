"""The rules the sandbox holds a client to, broken over a real socket; test_1_2 is wire facts §1.2."""

import ast
import base64
import copy
import itertools
import json
import ssl
import subprocess
import sys
import tomllib
import uuid
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urljoin

import httpx2
import pytest

from passback.sandbox import serve
from passback_xapi.sandbox import ADL, LEARNING_LOCKER, POSTGRES_LRS, RALPH, Behaviour, Sandbox

TLS = ssl.create_default_context()  # one for all: to make one takes longer than most tests
DROP = object()
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
VERSION = "X-Experience-API-Version"
BOTH = Behaviour(versions=("2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0"))
ANA = {"objectType": "Agent", "mbox": "mailto:ana@example.com"}
TEAM = {"objectType": "Group", "name": "crew", "member": [ANA]}
COURSE = {"objectType": "Activity", "id": "https://content.example.com/courses/ladder-1"}
STATEMENT = {
    "actor": {"objectType": "Agent", "account": {"homePage": "https://hr.example.com", "name": "E-1001"}},
    "verb": {"id": "http://adlnet.gov/expapi/verbs/completed", "display": {"en": "completed"}},
    "object": {
        **COURSE,
        "definition": {"type": "http://adlnet.gov/expapi/activities/course", "name": {"en": "Ladder safety"}},
    },
    "result": {
        "score": {"scaled": 0.9, "raw": 9, "min": 0, "max": 10},
        "success": True,
        "completion": True,
        "duration": "PT12M30.25S",
        "extensions": {"https://x.example/free": {"anything": [None, 1]}},
    },
    "context": {"registration": "0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33"},
    "timestamp": "2025-01-02T03:04:05.678Z",
}


def fresh():
    return str(uuid.uuid4())


def made(**changes):
    """A valid statement with a new id; each change names a path, its parts apart by two underscores."""
    return changed({path.replace("__", "."): value for path, value in changes.items()})


def changed(changes):
    statement = {"id": fresh(), **copy.deepcopy(STATEMENT)}
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = statement
        for parent in parents:
            place = place.setdefault(parent, {})
        if value is DROP:
            del place[last]
        else:
            place[last] = copy.deepcopy(value)
    return statement


class Lrs:
    def __init__(self, sandbox, url):
        self.sandbox = sandbox
        self.url = url
        self.key = (sandbox.behaviour.key, sandbox.behaviour.secret)
        self.http = httpx2.Client(
            base_url=url, auth=self.key, headers={VERSION: "1.0.3"}, timeout=5, verify=TLS
        )

    def get(self, **params):
        return self.http.get("statements", params=params)

    def post(self, content, **headers):
        return self.http.post("statements", json=content, headers=headers)

    def put(self, content, **params):
        return self.http.put("statements", json=content, params=params)

    def ids(self, **params):
        return [statement["id"] for statement in self.get(**params).json()["statements"]]


@contextmanager
def running(behaviour=None):
    sandbox = Sandbox(behaviour)
    with serve(sandbox) as url:
        lrs = Lrs(sandbox, url)
        with lrs.http:
            yield lrs


@pytest.fixture(scope="module")
def shared():
    """One store for the rules that keep nothing, or whose ids are their own."""
    with running(BOTH) as lrs:
        yield lrs


@pytest.fixture
def lrs():
    with running() as lrs:
        yield lrs


def refused(response, status, *words):
    assert response.status_code == status, response.text
    content = response.json()
    assert content["error"] is True
    for word in words:
        assert word in content["message"]


# --- §1.1 and §1.8: credentials, versions, about ---


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic Og==",
        "Basic not-base64",
        "Basic",
        "Bearer x",
        "Basic " + base64.b64encode(b"sandbox-key:no").decode(),
    ],
)
def test_1_1_wrong_credentials_are_401(shared, authorization):
    response = httpx2.get(
        shared.url + "statements", headers={VERSION: "1.0.3", "Authorization": authorization}
    )
    refused(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Basic")


def test_1_1_missing_credentials_are_401_on_every_method(shared):
    for method in ("GET", "PUT", "POST"):
        refused(httpx2.request(method, shared.url + "statements", headers={VERSION: "1.0.3"}), 401)


@pytest.mark.parametrize(
    "version", [None, "", "0.9.5", "1.1.0", "2.1.0", "3.0", "1.0.x", "1", "1.00", "2.0.0"]
)
def test_1_1_a_version_that_is_missing_or_not_offered_is_400_and_the_reply_names_the_newest(lrs, version):
    headers = {} if version is None else {VERSION: version}
    response = httpx2.get(lrs.url + "statements", auth=lrs.key, headers=headers)
    refused(response, 400, VERSION)
    assert response.headers[VERSION] == "1.0.3"


@pytest.mark.parametrize(
    ("version", "answered"),
    [("1.0", "1.0.3"), ("1.0.0", "1.0.3"), ("1.0.9", "1.0.3"), ("2.0", "2.0.0"), ("2.0.0", "2.0.0")],
)
def test_1_8_both_lines_are_served_side_by_side_and_the_reply_names_the_newest_of_its_line(
    shared, version, answered
):
    response = shared.http.get("statements", headers={VERSION: version})
    assert (response.status_code, response.headers[VERSION]) == (200, answered)


def test_1_8_a_store_of_2_0_alone_refuses_1_0_3_and_says_so_as_2_0_0():
    with running(Behaviour(versions=("2.0.0",))) as lrs:
        response = lrs.get()
        refused(response, 400)
        assert response.headers[VERSION] == "2.0.0"


def test_1_1_about_needs_neither_credentials_nor_version(shared):
    response = httpx2.get(shared.url + "about")
    assert response.json() == {"version": list(BOTH.versions), "extensions": {}}
    assert response.headers[VERSION] == "2.0.0"


def test_1_1_head_answers_where_get_does_without_a_body(shared):
    for resource in ("statements", "about"):
        response = shared.http.head(resource)
        assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "statements", 405),
        ("PATCH", "statements", 405),
        ("GET", "Statements", 404),
        ("GET", "", 404),
    ],
)
def test_1_1_what_is_no_resource_or_no_method_of_it_is_refused_in_json(shared, method, path, status):
    refused(shared.http.request(method, path), status)


# --- §1.2: the statement ---

BAD = {
    "unknown property": ("extra", 1),
    "wrong case": ("Actor", ANA),
    "id no UUID": ("id", "1"),
    "id no string": ("id", 1),
    "id null": ("id", None),
    "actor missing": ("actor", DROP),
    "verb missing": ("verb", DROP),
    "object missing": ("object", DROP),
    "actor null": ("actor", None),
    "actor a list": ("actor", [ANA]),
    "no identifier": ("actor", {"name": "Ana"}),
    "two identifiers": ("actor", {**ANA, "openid": "https://ana.example.com"}),
    "homePage relative": ("actor.account.homePage", "hr.example.com"),
    "homePage missing": ("actor.account.homePage", DROP),
    "account name missing": ("actor.account.name", DROP),
    "account name a number": ("actor.account.name", 1001),
    "account name null": ("actor.account.name", None),
    "account with more": ("actor.account.id", "x"),
    "agent name null": ("actor.name", None),
    "agent type in wrong case": ("actor.objectType", "agent"),
    "agent with members": ("actor.member", [ANA]),
    "verb id missing": ("verb.id", DROP),
    "verb id relative": ("verb.id", "completed"),
    "verb id with a space": ("verb.id", "http://example.com/a b"),
    "verb display no map": ("verb.display", "completed"),
    "verb display tag": ("verb.display.english_language", "completed"),
    "verb display number": ("verb.display.en", 1),
    "verb with more": ("verb.name", "completed"),
    "activity id relative": ("object.id", "course-1"),
    "activity id missing": ("object.id", DROP),
    "object type in wrong case": ("object.objectType", "activity"),
    "object type unknown": ("object.objectType", "Course"),
    "definition type relative": ("object.definition.type", "course"),
    "definition unknown property": ("object.definition.title", "x"),
    "definition moreInfo relative": ("object.definition.moreInfo", "/more"),
    "definition extension relative": ("object.definition.extensions.level", 1),
    "interaction unknown": ("object.definition.interactionType", "quiz"),
    "score with more": ("result.score.grade", "A"),
    "scaled above one": ("result.score.scaled", 1.01),
    "scaled below minus one": ("result.score.scaled", -1.01),
    "scaled as text": ("result.score.scaled", "0.9"),
    "scaled a boolean": ("result.score.scaled", True),
    "scaled null": ("result.score.scaled", None),
    "raw above max": ("result.score.raw", 11),
    "raw below min": ("result.score.raw", -1),
    "min not below max": ("result.score.min", 10),
    "success as text": ("result.success", "true"),
    "success null": ("result.success", None),
    "completion a number": ("result.completion", 1),
    "response a number": ("result.response", 1),
    "duration a number": ("result.duration", 750),
    "duration in words": ("result.duration", "12 minutes"),
    "duration empty": ("result.duration", "P"),
    "duration with an empty time": ("result.duration", "PT"),
    "duration of weeks and days": ("result.duration", "P1W2D"),
    "duration null": ("result.duration", None),
    "result extension relative": ("result.extensions.level", 1),
    "result with more": ("result.grade", 1),
    "registration no UUID": ("context.registration", "first"),
    "registration null": ("context.registration", None),
    "instructor without identifier": ("context.instructor", {"name": "Bo"}),
    "context activities a list": ("context.contextActivities", [COURSE]),
    "context activities key": ("context.contextActivities.siblings", [COURSE]),
    "language in another form": ("context.language", "en_US"),
    "context extension relative": ("context.extensions.level", 1),
    "context agents before 2.0": ("context.contextAgents", []),
    "timestamp without zone": ("timestamp", "2025-01-02T03:04:05"),
    "timestamp of negative zero": ("timestamp", "2025-01-02T03:04:05-00:00"),
    "timestamp a date": ("timestamp", "2025-01-02"),
    "timestamp a number": ("timestamp", 1735787045),
    "timestamp of no day": ("timestamp", "2025-02-30T03:04:05Z"),
    "timestamp null": ("timestamp", None),
    "stored malformed": ("stored", "now"),
    "version below": ("version", "0.9.9"),
    "version above": ("version", "1.1.0"),
    "version of 2.0 in 1.0": ("version", "2.0.0"),
    "authority a group of one": ("authority", TEAM),
}
CHOICE = {"object.definition.interactionType": "choice"}
REFERENCE = {"objectType": "StatementRef", "id": "0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33"}
LINKED = {"usageType": "urn:use", "display": {"en": "x"}, "contentType": "a/b", "length": 1, "sha2": "0"}
BAD_WHERE = {
    "mbox without mailto": ("actor.mbox", {"actor": {"mbox": "ana@example.com"}}),
    "mbox of no address": ("actor.mbox", {"actor": {"mbox": "mailto:ana"}}),
    "mbox null": ("actor.mbox", {"actor": {"mbox": None}}),
    "sha1sum too short": ("actor.mbox_sha1sum", {"actor": {"mbox_sha1sum": "5807f05d"}}),
    "sha1sum not hexadecimal": ("actor.mbox_sha1sum", {"actor": {"mbox_sha1sum": "z" * 40}}),
    "openid relative": ("actor.openid", {"actor": {"openid": "ana"}}),
    "group without type": ("actor.member", {"actor": {"name": "crew", "member": [ANA]}}),
    "anonymous group of none": ("actor.member", {"actor": {"objectType": "Group", "member": []}}),
    "group in a group": ("actor.member[0].objectType", {"actor": {"objectType": "Group", "member": [TEAM]}}),
    "interaction missing": ("object.definition.interactionType", {"object.definition.choices": []}),
    "component without id": (
        "object.definition.choices[0].id",
        {**CHOICE, "object.definition.choices": [{}]},
    ),
    "component id twice": (
        "object.definition.choices",
        {**CHOICE, "object.definition.choices": [{"id": "a"}, {"id": "a"}]},
    ),
    "reference without id": ("object.id", {"object": {"objectType": "StatementRef"}}),
    "reference to no UUID": ("object.id", {"object": {"objectType": "StatementRef", "id": "1"}}),
    "agent object without type": ("object.mbox", {"object": {"id": COURSE["id"], "mbox": ANA["mbox"]}}),
    "team an agent": ("context.team.objectType", {"context.team": ANA}),
    "context activity without id": (
        "context.contextActivities.parent[0].id",
        {"context.contextActivities": {"parent": [{}]}},
    ),
    "context statement without type": (
        "context.statement.objectType",
        {"context.statement": {"id": REFERENCE["id"]}},
    ),
    "revision beside an agent": ("context.revision", {"object": ANA, "context.revision": "1"}),
    "platform beside a reference": ("context.platform", {"object": REFERENCE, "context.platform": "x"}),
    "members no list": ("actor.member", {"actor": {"objectType": "Group", "member": ANA}}),
    "attachment of no length": (
        "attachments[0].length",
        {"attachments": [{**LINKED, "fileUrl": "urn:f", "length": -1}]},
    ),
    "attachment without file": ("attachments[0].fileUrl", {"attachments": [LINKED]}),
    "voiding an activity": ("object.objectType", {"verb.id": VOIDED}),
}
BROKEN = {name: (path, {path: value}) for name, (path, value) in BAD.items()} | BAD_WHERE


@pytest.mark.parametrize(("field", "changes"), BROKEN.values(), ids=BROKEN.keys())
def test_1_2_a_statement_that_breaks_a_rule_is_400_and_the_message_names_it_and_the_field(
    shared, field, changes
):
    refused(shared.post([made(), changed(changes)]), 400, f"statement 1: {field}: ")
    refused(shared.put(changed(changes), statementId=fresh()), 400, f"statement 0: {field}: ")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33"),
        ("stored", "2025-01-02T03:04:05Z"),
        ("version", "1.0.0"),
        ("authority", ANA),
        ("object", {"objectType": "SubStatement", "actor": ANA, "verb": STATEMENT["verb"], "object": COURSE}),
        ("actor", {"name": "Ana"}),
        ("verb", {"id": "relative"}),
        ("result", {"score": {"scaled": 2}}),
        ("context", {"revision": None}),
    ],
)
def test_1_2_a_sub_statement_has_no_id_stored_version_authority_nor_another_inside(shared, path, value):
    inner = {
        "objectType": "SubStatement",
        "actor": ANA,
        "verb": STATEMENT["verb"],
        "object": COURSE,
        path: value,
    }
    refused(shared.post(made(object=inner)), 400, f"object.{path}")


GOOD = {
    "bare": {"result": DROP, "context": DROP, "timestamp": DROP, "id": DROP, "verb.display": DROP},
    "sha1sum": {"actor": {"mbox_sha1sum": "5807f05d33ef213c4b711ee15203480025884866"}},
    "openid": {"actor": {"openid": "https://ana.example.com"}},
    "anonymous group": {"actor": TEAM},
    "identified group without members": {"actor": {"objectType": "Group", "mbox": "mailto:crew@example.com"}},
    "activity without type": {"object": {"id": "urn:example:1"}},
    "agent object": {"object": ANA},
    "reference": {"object": {"objectType": "StatementRef", "id": "0D9F0A5E-3A3E-4F53-9D1A-6F1F1D8B2C33"}},
    "sub-statement": {
        "object": {"objectType": "SubStatement", "actor": ANA, "verb": STATEMENT["verb"], "object": COURSE}
    },
    "international IRI": {"object": {"id": "https://example.com/læring/1"}},
    "language tags": {"verb.display": {"en": "a", "zh-Hant-TW": "b", "es-419": "c", "x-own": "d"}},
    "bounds of scaled": {"result.score": {"scaled": -1}},
    "raw without bounds": {"result.score": {"raw": 1e6}},
    "duration of weeks": {"result.duration": "P2W"},
    "duration in full": {"result.duration": "P1Y2M3DT4H5M6.789S"},
    "null inside extensions": {"context.extensions": {"https://x.example/e": None}},
    "one context activity": {"context.contextActivities": {"grouping": COURSE}},
    "timestamp with offset": {"timestamp": "2025-01-02T05:04:05.1234567+02:00"},
    "authority a group of two": {
        "authority": {"objectType": "Group", "member": [ANA, {"mbox": "mailto:bo@example.com"}]}
    },
    "attachment elsewhere": {"attachments": [{**LINKED, "fileUrl": "https://files.example.com/1"}]},
    "empty maps": {"result": {}, "context": {}, "verb.display": {}},
    "interaction": {
        "object.definition": {
            "interactionType": "choice",
            "correctResponsesPattern": ["a"],
            "choices": [{"id": "a", "description": {"en": "A"}}],
        }
    },
}


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD.keys())
def test_1_2_a_statement_that_keeps_the_rules_is_taken(shared, changes):
    response = shared.post(changed(changes))
    assert response.status_code == 200, response.text


RELATED = {"objectType": "contextAgent", "agent": ANA, "relevantTypes": ["https://x.example/role"]}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"context": {"contextAgents": [RELATED]}}, 200),
        ({"context": {"contextAgents": [{**RELATED, "relevantTypes": []}]}}, 400),
        ({"context": {"contextAgents": [{**RELATED, "relevantTypes": ["role"]}]}}, 400),
        ({"context": {"contextAgents": [{**RELATED, "objectType": "Agent"}]}}, 400),
        ({"context": {"contextAgents": [{"objectType": "contextAgent"}]}}, 400),
        ({"context": {"contextGroups": [{"objectType": "contextGroup", "group": TEAM}]}}, 200),
        ({"context": {"contextGroups": [{"objectType": "contextGroup", "group": ANA}]}}, 400),
        ({"version": "1.0"}, 200),
        ({"version": "1.0.9"}, 200),
        ({"version": "2.0.0"}, 200),
        ({"version": "0.9.9"}, 400),
        ({"version": "1.1.0"}, 400),
        ({"timestamp": "2025-01-02T03:04:05-00:00"}, 400),
        ({"timestamp": "2025-01-02T03:04:05-0000"}, 400),
    ],
)
def test_1_8_the_rules_of_2_0_hold_under_its_header(shared, changes, status):
    assert shared.post(changed(changes), **{VERSION: "2.0.0"}).status_code == status


def test_1_2_the_store_sets_stored_and_authority_and_fills_in_what_is_missing(lrs):
    (identifier,) = lrs.post(
        made(id=DROP, timestamp=DROP, authority=ANA, stored="2001-01-01T00:00:00Z")
    ).json()
    kept = lrs.get(statementId=identifier).json()
    assert kept["version"] == "1.0.0"
    assert kept["timestamp"] == kept["stored"] > "2025"
    assert kept["authority"] != ANA


def test_1_2_one_context_activity_alone_is_returned_as_a_list(lrs):
    related = {"context.contextActivities": {"parent": COURSE, "other": [COURSE]}}
    (identifier,) = lrs.post(changed(related)).json()
    kept = lrs.get(statementId=identifier).json()["context"]["contextActivities"]
    assert kept == {"parent": [COURSE], "other": [COURSE]}


# --- §1.3: writing ---


def test_1_3_ids_are_answered_in_the_order_of_the_statements(lrs):
    batch = [made() for _ in range(5)]
    response = lrs.post(batch)
    assert (response.status_code, response.json()) == (200, [statement["id"] for statement in batch])
    assert [statement["id"] for statement in lrs.sandbox.statements] == response.json()


def test_1_3_one_bad_statement_rejects_the_whole_batch(lrs):
    refused(lrs.post([made(), made(verb=DROP), made()]), 400, "statement 1", "verb")
    assert lrs.sandbox.statements == []


def test_1_3_one_conflict_rejects_the_whole_batch(lrs):
    first = made()
    lrs.post(first)
    refused(lrs.post([made(), {**first, "actor": ANA}]), 409, "statement 1")
    assert len(lrs.sandbox.statements) == 1


def test_1_3_one_id_twice_in_a_batch_is_400_in_any_case_of_its_letters(lrs):
    first = made()
    refused(lrs.post([first, {**first, "id": first["id"].upper()}]), 400, "statement 1", "id")
    assert lrs.sandbox.statements == []


SAME = {
    "identical": ({}, {}),
    "verb display": ({}, {"verb.display": {"de": "abgeschlossen"}}),
    "activity definition": ({}, {"object.definition": DROP}),
    "form of the zone": ({}, {"timestamp": "2025-01-02T05:04:05.678+02:00"}),
    "digits of the duration": ({"result.duration": "PT1.251S"}, {"result.duration": "PT1.25S"}),
    "set by the store": ({}, {"authority": ANA, "stored": "2001-01-01T00:00:00Z", "version": "1.0.3"}),
    "timestamp filled in": ({"timestamp": DROP}, {"timestamp": DROP}),
    "order of members": (
        {"actor": {"objectType": "Group", "member": [ANA, {"mbox": "mailto:bo@example.com"}]}},
        {"actor": {"objectType": "Group", "member": [{"mbox": "mailto:bo@example.com"}, ANA]}},
    ),
    "case of a registration": ({}, {"context.registration": "0D9F0A5E-3A3E-4F53-9D1A-6F1F1D8B2C33"}),
    "case of a mail host": ({"actor": ANA}, {"actor": {**ANA, "mbox": "mailto:ana@EXAMPLE.com"}}),
    "one context activity": (
        {"context.contextActivities": {"parent": COURSE}},
        {"context.contextActivities": {"parent": [COURSE]}},
    ),
    "form of a number": ({}, {"result.score.raw": 9.0}),
}
OTHER = {
    "actor": {"actor": ANA},
    "verb": {"verb.id": "http://adlnet.gov/expapi/verbs/passed"},
    "case of an account": {"actor.account.name": "e-1001"},
    "object": {"object.id": "https://content.example.com/courses/ladder-2"},
    "score": {"result.score.scaled": 0.8},
    "boolean": {"result.success": False},
    "duration in another form": {"result.duration": "PT750.25S"},
    "instant": {"timestamp": "2025-01-02T03:04:05.679Z"},
    "timestamp left out": {"timestamp": DROP},
    "registration": {"context.registration": "0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c34"},
    "extension": {"result.extensions": {"https://x.example/free": {"anything": [None, True]}}},
    "less": {"result": DROP},
}


@pytest.mark.parametrize("case", SAME.values(), ids=SAME.keys())
def test_1_3_a_statement_sent_again_that_says_the_same_is_a_success_and_changes_nothing(shared, case):
    identifier = fresh()
    first, again = ({**changed(changes), "id": identifier} for changes in case)
    assert shared.post(first).status_code == 200
    kept = shared.get(statementId=identifier).json()
    assert shared.post(again).json() == [identifier]
    assert shared.put(again, statementId=identifier).status_code == 204
    assert shared.get(statementId=identifier).json() == kept


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER.keys())
def test_1_3_a_known_id_with_other_content_is_409(shared, changes):
    first = made()
    shared.post(first)
    other = {**changed(changes), "id": first["id"]}
    refused(shared.post(other), 409, "statement 0", "id")
    refused(shared.put(other, statementId=first["id"]), 409)


def test_1_3_a_put_answers_204_without_a_body_and_takes_its_id_from_the_parameter(lrs):
    identifier = fresh()
    response = lrs.put(made(id=DROP), statementId=identifier)
    assert (response.status_code, response.content) == (204, b"")
    assert lrs.get(statementId=identifier).status_code == 200


@pytest.mark.parametrize(
    ("params", "content"),
    [
        ({}, made()),
        ({"statementId": "1"}, made()),
        ({"statementId": fresh()}, made()),
        ({"statementId": fresh(), "limit": "1"}, made(id=DROP)),
        ({"statementId": fresh()}, [made(id=DROP)]),
    ],
)
def test_1_3_a_put_needs_one_statement_and_its_id(shared, params, content):
    refused(shared.put(content, **params), 400)


def test_1_3_a_post_has_no_parameters(shared):
    refused(shared.http.post("statements", params={"method": "PUT"}, json=made()), 400)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"1",
        b'"x"',
        b"[1]",
        json.dumps(STATEMENT).replace("[null, 1]", "[NaN]").encode(),
        json.dumps(STATEMENT).replace("[null, 1]", "[1e999]").encode(),
        b"[" + b"9" * 5000 + b"]",
        b"[" * 100_000,
        '{"actor": "ü"}'.encode("latin-1"),
        json.dumps(STATEMENT).replace('"verb":', '"verb": {}, "verb":').encode(),
    ],
)
def test_1_3_a_body_that_is_no_statement_in_strict_json_is_400(shared, content):
    refused(
        shared.http.post("statements", content=content, headers={"Content-Type": "application/json"}), 400
    )


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/mixed; boundary=x", "application/x-www-form-urlencoded"]
)
def test_1_3_a_content_type_other_than_json_is_400(shared, kind):
    content = json.dumps(made())
    refused(
        shared.http.post("statements", content=content, headers={"Content-Type": kind}), 400, "Content-Type"
    )


def test_1_3_too_many_bytes_or_statements_are_413():
    with running(Behaviour(max_bytes=3000, max_batch=2)) as lrs:
        assert lrs.post([made(), made()]).status_code == 200
        refused(lrs.post([made(result=DROP) for _ in range(3)]), 413)
        refused(lrs.post(made(result={"response": "x" * 3000})), 413)
        assert len(lrs.sandbox.statements) == 2


# --- §1.4: reading ---


@pytest.mark.parametrize(
    "query",
    [
        "Limit=1",
        "statementid=0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33",
        "page=2",
        "limit=-1",
        "limit=x",
        "limit=1&limit=2",
        "ascending=yes",
        "ascending=True",
        "format=short",
        "since=2025-01-02",
        "until=now",
        "verb=completed",
        "activity=course",
        "registration=1",
        "agent=ana",
        "agent={}",
        'agent={"mbox":"ana@example.com"}',
        'agent={"objectType":"Group","member":[{"mbox":"mailto:ana@example.com"}]}',
        "statementId=1",
        "statementId=0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33&limit=1",
        "statementId=0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c33&voidedStatementId=0d9f0a5e-3a3e-4f53-9d1a-6f1f1d8b2c34",
        "cursor=unknown",
    ],
)
def test_1_4_a_parameter_that_is_unknown_malformed_or_not_allowed_there_is_400(shared, query):
    refused(shared.http.get(f"statements?{query}"), 400, query.partition("=")[0])


def test_1_4_a_single_id_answers_the_statement_or_404(lrs):
    statement = made()
    lrs.post(statement)
    assert lrs.get(statementId=statement["id"].upper()).json()["id"] == statement["id"]
    refused(lrs.get(statementId=fresh()), 404)


def test_1_4_reads_are_newest_first_unless_ascending_is_asked(lrs):
    ids = [lrs.post(made()).json()[0] for _ in range(3)]
    assert lrs.ids() == lrs.ids(ascending="false") == ids[::-1]
    assert lrs.ids(ascending="true") == ids


def test_1_4_more_is_a_path_on_the_host_that_leads_to_the_end_and_may_be_asked_twice():
    with running(Behaviour(page=3)) as lrs:
        ids = lrs.post([made() for _ in range(7)]).json()
        found, more, pages = [], "/xapi/statements?limit=0&ascending=true", 0
        while more:
            assert more.startswith("/xapi/statements?")
            pages += 1
            page = lrs.http.get(urljoin(lrs.url, more)).json()
            assert page == lrs.http.get(urljoin(lrs.url, more)).json() | {"more": page["more"]}
            found += [statement["id"] for statement in page["statements"]]
            more = page["more"]
        assert (found, pages) == (ids, 3)


def test_1_4_more_needs_the_credentials_and_the_version():
    with running(Behaviour(page=1)) as lrs:
        lrs.post([made(), made()])
        more = urljoin(lrs.url, lrs.get().json()["more"])
        refused(httpx2.get(more, headers={VERSION: "1.0.3"}), 401)
        refused(httpx2.get(more, auth=lrs.key), 400)
        refused(lrs.http.get(more + "&limit=1"), 400)


def test_1_4_a_limit_holds_up_to_the_page_of_the_store():
    with running(Behaviour(page=3)) as lrs:
        lrs.post([made() for _ in range(5)])
        assert [len(lrs.ids(limit=limit)) for limit in (0, 1, 2, 3, 100)] == [3, 1, 2, 3, 3]


def test_1_4_since_is_strictly_after_and_until_at_or_before(lrs):
    first, second = (lrs.post(made()).json()[0] for _ in range(2))
    stored = lrs.get(statementId=first).json()["stored"]
    assert lrs.ids(since=stored) == [second]
    assert lrs.ids(until=stored) == [first]


def test_1_4_no_match_is_an_empty_list_and_every_read_says_how_far_it_is_consistent(lrs):
    response = lrs.get(verb="http://example.com/none")
    assert response.json() == {"statements": [], "more": ""}
    assert response.headers["X-Experience-API-Consistent-Through"].endswith("Z")


def test_1_4_filters_choose_by_agent_verb_activity_and_registration(lrs):
    team = {"objectType": "Group", "mbox": "mailto:crew@example.com", "member": [ANA]}
    context = {"instructor": ANA, "contextActivities": {"parent": {"id": "urn:parent"}}}
    a, b, c, d = lrs.post(
        [
            changed({"actor": ANA, "context": DROP}),
            changed({"verb": {"id": "urn:verb"}, "object": ANA, "context": DROP}),
            changed({"object": {"id": "urn:activity"}, "context": context}),
            changed({"actor": team}),
        ]
    ).json()
    ana = json.dumps({"mbox": "mailto:ana@EXAMPLE.com"})
    assert lrs.ids(agent=ana, ascending="true") == [a, b, d]
    assert lrs.ids(agent=ana, related_agents="true", ascending="true") == [a, b, c, d]
    assert lrs.ids(agent=json.dumps(team)) == [d]
    assert lrs.ids(verb="urn:verb") == [b]
    assert lrs.ids(activity="urn:activity") == [c]
    assert lrs.ids(activity="urn:parent") == []
    assert lrs.ids(activity="urn:parent", related_activities="true") == [c]
    assert lrs.ids(registration=STATEMENT["context"]["registration"].upper()) == [d]


def test_1_4_related_filters_look_into_sub_statements(lrs):
    inner = {"actor": ANA, "verb": STATEMENT["verb"], "object": {"id": "urn:inner"}}
    context = {"contextActivities": {"other": COURSE}}
    sub = {"objectType": "SubStatement", **inner, "context": context}
    (first,) = lrs.post(made(object=sub)).json()
    assert lrs.ids(activity="urn:inner") == []
    assert lrs.ids(activity="urn:inner", related_activities="true") == [first]
    assert lrs.ids(activity=COURSE["id"], related_activities="true") == [first]
    assert lrs.ids(agent=json.dumps(ANA)) == []
    assert lrs.ids(agent=json.dumps(ANA), related_agents="true") == [first]
    kept = lrs.get(statementId=first).json()["object"]["context"]
    assert kept == {"contextActivities": {"other": [COURSE]}}


def test_1_4_related_agents_are_those_of_the_context_of_2_0_too():
    with running(BOTH) as lrs:
        (first,) = lrs.post(changed({"context": {"contextAgents": [RELATED]}}), **{VERSION: "2.0.0"}).json()
        assert lrs.ids(agent=json.dumps(ANA)) == []
        assert lrs.ids(agent=json.dumps(ANA), related_agents="true") == [first]


def test_1_4_a_statement_that_refers_to_a_match_matches_too_however_far(lrs):
    (target,) = lrs.post(made(verb={"id": "urn:verb"})).json()
    (first,) = lrs.post(made(object={"objectType": "StatementRef", "id": target})).json()
    (second,) = lrs.post(made(object={"objectType": "StatementRef", "id": first.upper()})).json()
    ring = made(object=DROP)
    lrs.post({**ring, "object": {"objectType": "StatementRef", "id": ring["id"]}})
    assert lrs.ids(verb="urn:verb") == [second, first, target]


def test_1_4_the_ids_format_reduces_actors_verbs_and_activities_to_what_identifies_them(lrs):
    lrs.post(changed({"actor": {**ANA, "name": "Ana"}, "context.team": {**TEAM, "name": "crew"}}))
    (kept,) = lrs.get(format="ids").json()["statements"]
    assert (kept["actor"], kept["verb"], kept["object"]) == (ANA, {"id": STATEMENT["verb"]["id"]}, COURSE)
    assert kept["context"]["team"] == {"objectType": "Group", "member": [ANA]}
    assert kept["result"] == STATEMENT["result"]


@pytest.mark.parametrize("query", ["format=canonical", "attachments=true"])
def test_1_4_what_the_sandbox_does_not_play_is_501_and_no_guess(shared, query):
    refused(shared.http.get(f"statements?{query}"), 501)


# --- §1.5: voiding ---


def void(identifier):
    return made(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": identifier})


def test_1_5_a_voided_statement_is_found_only_as_voided(lrs):
    target = lrs.post([made(), made()]).json()[0]
    refused(lrs.get(voidedStatementId=target), 404)
    (voiding,) = lrs.post(void(target)).json()
    refused(lrs.get(statementId=target), 404)
    assert lrs.get(voidedStatementId=target).json()["id"] == target
    assert target not in lrs.ids()
    assert voiding in lrs.ids()


def test_1_5_a_statement_that_voids_cannot_be_voided_and_an_unknown_target_is_no_error(lrs):
    (voiding,) = lrs.post(void(fresh())).json()
    assert lrs.post(void(voiding)).status_code == 200
    assert lrs.get(statementId=voiding).status_code == 200


# --- lrs table: how real stores differ ---

PRESETS = {"ralph": RALPH, "learning locker": LEARNING_LOCKER, "postgres": POSTGRES_LRS, "adl": ADL}


@pytest.fixture(scope="module", params=PRESETS)
def preset(request):
    with running(PRESETS[request.param]) as lrs:
        lrs.name = request.param
        yield lrs


def row(lrs, **answers):
    return answers.get(lrs.name.replace(" ", "_"), answers["others"])


def test_table_the_same_batch_sent_again(preset):
    batch = [made(), made()]
    preset.post(batch)
    again = preset.post(batch)
    assert again.status_code == row(preset, ralph=204, adl=409, others=200)
    if again.status_code == 200:
        assert again.json() == [statement["id"] for statement in batch]
    assert again.content or preset.name == "ralph"


def test_table_the_same_statement_without_a_timestamp_sent_again(preset):
    statement = made(timestamp=DROP)
    preset.post(statement)
    assert preset.post(statement).status_code == row(preset, ralph=409, adl=409, others=200)


def test_table_a_batch_half_old_half_new(preset):
    old, new = made(), made()
    preset.post(old)
    response = preset.post([old, new])
    expected = row(preset, ralph=[new["id"]], adl=None, others=[old["id"], new["id"]])
    if expected is None:
        refused(response, 409)
    else:
        assert (response.status_code, response.json()) == (200, expected)
    held = {statement["id"] for statement in preset.sandbox.statements}
    assert (new["id"] in held) == (expected is not None)


def test_table_one_bad_statement_in_a_batch(preset):
    good = made()
    assert preset.post([good, made(verb=DROP)]).status_code == row(preset, ralph=422, others=400)
    assert good["id"] not in {statement["id"] for statement in preset.sandbox.statements}


@pytest.mark.parametrize(
    "actor", [{"mbox": "ana@example.com"}, {"account": {"homePage": "hr.example.com", "name": "E-1"}}]
)
def test_table_bad_mbox_or_home_page(preset, actor):
    assert preset.post(made(actor=actor)).status_code == row(preset, ralph=500, others=400)


@pytest.mark.parametrize(
    ("path", "value"),
    [("verb.id", "completed"), ("result.score.scaled", 2), ("result.duration", "1h"), ("extra", 1)],
)
def test_table_what_only_a_lenient_store_keeps(preset, path, value):
    assert preset.post(changed({path: value})).status_code == row(preset, ralph=200, others=400)


def test_table_no_credentials(preset):
    response = httpx2.get(preset.url + "statements", headers={VERSION: "1.0.3"})
    assert response.status_code == row(preset, adl=400, others=401)
    wrong = httpx2.get(preset.url + "statements", headers={VERSION: "1.0.3"}, auth=("no", "no"))
    assert wrong.status_code == 401


def test_table_no_version_header(preset):
    response = httpx2.get(preset.url + "statements", auth=preset.key)
    assert response.status_code == row(preset, ralph=200, others=400)


def test_table_get_statement_id(preset):
    (identifier,) = preset.post(made()).json()
    found, unknown = preset.get(statementId=identifier), preset.get(statementId=fresh())
    if preset.name == "ralph":
        assert [statement["id"] for statement in found.json()["statements"]] == [identifier]
        assert (unknown.status_code, unknown.json()) == (200, {"statements": []})
    else:
        assert found.json()["id"] == identifier
        refused(unknown, 404)


def test_table_version_in_replies_and_about(preset):
    assert (VERSION in preset.get().headers) == row(preset, ralph=False, others=True)
    assert preset.http.get("about").status_code == row(preset, ralph=404, others=200)


def test_table_empty_array(preset):
    response = preset.post([])
    assert response.status_code == row(preset, ralph=400, adl=400, others=200)
    assert response.status_code == 400 or response.json() == []


def test_table_a_put_sent_again_is_204_and_one_that_differs_409(preset):
    statement = made()
    assert [preset.put(statement, statementId=statement["id"]).status_code for _ in range(2)] == [204, 204]
    assert preset.put({**statement, "actor": ANA}, statementId=statement["id"]).status_code == 409


def test_a_store_may_answer_only_the_new_ids_and_read_oldest_first():
    with running(replace(LEARNING_LOCKER, resend="new-ids", newest_first=False)) as lrs:
        old, new = made(), made()
        assert [lrs.post(b).json() for b in (old, old, [old, new])] == [[old["id"]], [], [new["id"]]]
        assert lrs.ids() == [old["id"], new["id"]]


# --- §0.3: faults, and what the sandbox saw ---


def test_0_3_a_failure_is_answered_as_told_as_often_as_told_and_keeps_nothing(lrs):
    lrs.sandbox.fail(status=429, times=2, headers={"Retry-After": "3"}, on="POST")
    assert lrs.get().status_code == 200
    for _ in range(2):
        response = lrs.post(made())
        refused(response, 429)
        assert response.headers["Retry-After"] == "3"
    assert lrs.sandbox.statements == []
    assert lrs.post(made()).status_code == 200


def test_0_3_faults_are_played_in_the_order_they_were_asked_for(lrs):
    lrs.sandbox.fail(status=503, body="gone", headers={"Content-Type": "text/plain"})
    lrs.sandbox.html()
    first, second = lrs.get(), lrs.get()
    assert (first.status_code, first.text) == (503, "gone")
    assert (second.status_code, second.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("fault", "kept"), [("cut_before", 0), ("cut_after", 1), ("truncate", 1)])
def test_0_3_a_connection_is_truly_cut_before_or_after_the_store_did_its_work(lrs, fault, kept):
    getattr(lrs.sandbox, fault)(on="POST")
    statement = made()
    with pytest.raises(httpx2.RemoteProtocolError):
        lrs.post(statement)
    assert len(lrs.sandbox.statements) == kept
    assert lrs.post(statement).json() == [statement["id"]]
    assert len(lrs.sandbox.statements) == 1


def test_0_3_a_slow_request_is_slow_and_still_takes_effect(lrs):
    lrs.sandbox.slow(0.2)
    with pytest.raises(httpx2.ReadTimeout):
        lrs.http.post("statements", json=made(), timeout=0.05)
    lrs.sandbox.slow(0.05)
    assert lrs.post(made()).elapsed.total_seconds() >= 0.05


def test_the_sandbox_notes_each_request_and_what_became_of_it(lrs):
    lrs.sandbox.cut_after(on="PUT")
    lrs.post([made(), made()])
    lrs.post({"actor": 1})
    lrs.get(limit=1, verb="urn:verb")
    with pytest.raises(httpx2.RemoteProtocolError):
        lrs.put(made(id=DROP), statementId=fresh())
    noted = [(seen.method, seen.query, seen.status) for seen in lrs.sandbox.requests]
    assert noted == [
        ("POST", "", 200),
        ("POST", "", 400),
        ("GET", "limit=1&verb=urn%3Averb", 200),
        ("PUT", noted[3][1], None),
    ]
    assert {seen.path for seen in lrs.sandbox.requests} == {"/xapi/statements"}


def test_the_sandbox_runs_in_the_foreground_and_prints_how_to_reach_it():
    command = [
        sys.executable,
        "-m",
        "passback_xapi.sandbox",
        "--like",
        "ralph",
        "--fault",
        "429=7@/xapi/about",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = itertools.takewhile(lambda line: not line.startswith("network"), process.stdout)
            given = tomllib.loads("".join(lines).split("\n\n", 1)[1])["connections"]["lrs"]["options"]
            auth = given["key"], given["secret"]
            assert httpx2.get(f"{given['url']}about", auth=auth).headers["Retry-After"] == "7"
            assert httpx2.get(f"{given['url']}statements", auth=auth).json() == {"statements": [], "more": ""}
            assert [process.stdout.readline() for _ in range(3)][1:] == [
                "GET    /xapi/about → 429\n",
                "GET    /xapi/statements → 200\n",
            ]
        finally:
            process.terminate()


def test_the_sandbox_imports_neither_the_connector_nor_more_of_passback_than_the_stage():
    """It is loaded under a bare parent package, for the real one imports the connector."""
    program = (
        "import sys, types, importlib.util\n"
        "parent = types.ModuleType('passback_xapi')\n"
        "parent.__path__ = importlib.util.find_spec('passback_xapi').submodule_search_locations\n"
        "sys.modules['passback_xapi'] = parent\n"
        "import passback_xapi.sandbox.__main__\n"
        "own = (n for n in sys.modules if n.split('.')[0] in ('passback', 'passback_xapi'))\n"
        "print([n for n in own if not (n + '.').startswith(('passback_xapi.sandbox.', 'passback.sandbox.'))])"
    )
    found = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert sorted(ast.literal_eval(found.stdout)) == ["passback", "passback_xapi"]
