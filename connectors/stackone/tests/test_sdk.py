"""StackOne's own SDK runs against the sandbox, unchanged: what it can't read, StackOne wouldn't say."""

import pytest

from passback_stackone.sandbox import DISTRIBUTION, GO1, Behaviour
from passback_testbed import StackOneSDK
from passback_testbed.install import install_stackone
from passback_testbed.places import workspace

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="session")
def running():
    home = workspace() / ".testbed"
    install_stackone(home)
    with StackOneSDK(home) as sdk:
        yield sdk


@pytest.fixture
def sdk(start, running):
    """Make calls of the SDK to a sandbox of their own; return it and what came of each."""

    def called(*calls, behaviour=None, prepare=None):
        system = start(behaviour)
        if prepare is not None:
            prepare(system.sandbox)
        like = system.sandbox.behaviour
        return system.sandbox, running.call(system.url, like.api_key, like.account_id, calls)

    return called


def test_it_lists_users_over_all_pages_and_filters_them(sdk):
    _, (everybody, found, one) = sdk(
        ("listUsers", {"pageSize": "30"}),
        ("listUsers", {"filter": {"email": "shared@example.com"}}),
        ("getUser", {"id": "c28x0003"}),
        behaviour=GO1,
    )
    assert [len(page["data"]) for page in everybody["pages"]] == [30, 30, 23]
    assert [user["id"] for user in found["pages"][0]["data"]] == ["c28x0002", "c28x0083"]
    assert one["pages"][0]["data"]["externalReference"] == "E-1003"


def test_it_writes_a_completion_reads_it_and_deletes_it(sdk):
    completion = {
        "completedAt": "2025-01-02T03:04:05.678Z",
        "learningObjectExternalReference": "ladder-1",
        "result": {"value": "Pass", "sourceValue": 69.5},
        "timeSpent": "PT1H30M45S",
        "passthrough": {"userGuid": "g", "tag": ["a", "b"]},
    }
    user = {"id": "c28x0001"}
    one = user | {"subResourceId": "completion-1"}
    sandbox, (made, read, listed, gone, missing) = sdk(
        ("createUserCompletion", user | {"lmsCreateCompletionRequestDto": completion}),
        ("getUserCompletion", one),
        ("listUserCompletions", user),
        ("deleteUserCompletion", one),
        ("getUserCompletion", one),
    )
    assert made["pages"][0]["data"] == {"id": "completion-1", "remoteId": "9001"}
    record = read["pages"][0]["data"]
    assert record["learningObjectExternalReference"] == "ladder-1"
    assert record["completedAt"] == completion["completedAt"]
    assert record["result"] == {"value": "Pass", "sourceValue": 69.5}
    assert [each["id"] for each in listed["pages"][0]["data"]] == ["completion-1"]
    assert gone["pages"][0]["statusCode"] == 200
    assert missing["status"] == 404
    assert sandbox.completions == []


def test_it_reads_every_kind_of_error(sdk):
    """Those that it retries are told apart by the other tests."""
    statuses = (400, 401, 403, 404, 409, 412, 422, 500, 501, 502)

    def prepare(sandbox):
        for status in statuses:
            sandbox.fail(status=status)

    _, outcomes = sdk(*[("listUsers", {})] * len(statuses), prepare=prepare)
    assert [outcome["status"] for outcome in outcomes] == list(statuses)
    assert {outcome["error"] for outcome in outcomes}.isdisjoint({"SDKError", "ResponseValidationError"})
    assert all("told to fail" in outcome["message"] for outcome in outcomes)


def test_content_distribution_isnt_implemented(sdk):
    completion = {"learningObjectExternalReference": "ladder-1"}
    _, (users, made) = sdk(
        ("listUsers", {}),
        ("createUserCompletion", {"id": "random-1", "lmsCreateCompletionRequestDto": completion}),
        behaviour=DISTRIBUTION,
    )
    assert (users["error"], users["status"]) == ("NotImplementedResponse", 501)
    assert made["pages"][0]["statusCode"] == 201


def test_it_waits_as_it_is_told_and_tries_again(sdk):
    def prepare(sandbox):
        sandbox.fail(status=429, headers={"Retry-After": "1"}, after=1)

    sandbox, (users,) = sdk(("listUsers", {"pageSize": "50"}), prepare=prepare)
    assert [len(page["data"]) for page in users["pages"]] == [50, 33]
    assert [seen.status for seen in sandbox.requests] == [200, 429, 200]


def test_what_it_retries_is_written_twice(sdk):
    """Its retries of POST make duplicates (wire facts §4.4): that is why the connector looks first."""
    completion = {"learningObjectExternalReference": "ladder-1"}
    sandbox, (made,) = sdk(
        ("createUserCompletion", {"id": "c28x0001", "lmsCreateCompletionRequestDto": completion}),
        prepare=lambda sandbox: sandbox.cut_after(on="POST"),
        behaviour=Behaviour(),
    )
    assert made["pages"][0]["data"]["id"] == "completion-2"
    assert len(sandbox.completions) == 2
