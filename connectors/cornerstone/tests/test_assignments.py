"""Progress by the tenant's LearningAssignments: of who was assigned the course, and of nobody else."""

import json

import pytest

from passback import Delivered, NeedsLaunch, ServerError
from passback_cornerstone.sandbox.state import Assignment

ASSIGNMENTS = "/services/api/v1/LearningAssignments"
PROGRESS = {"api": {"progress": True}}
ALONE = {"callback": None, **PROGRESS}


def listed(csod, *assignments, within="%s"):
    csod.sandbox.fail(status=200, body=within % json.dumps(assignments), on=f"GET {ASSIGNMENTS}")
    csod.sandbox.fail(status=200, body="{}", times=99, on=f"PATCH {ASSIGNMENTS}")


def updated(csod):
    return [
        seen.path.removeprefix(f"{ASSIGNMENTS}/") for seen in csod.sandbox.requests if "PATCH" in seen.method
    ]


@pytest.mark.parametrize("within", ["%s", '{"data": %s}'])
def test_an_assignment_that_failed_is_no_error(csod, sent, within):
    """What is read may say of itself that it failed."""
    listed(csod, {"assignmentId": "71", "status": "Failed"}, within=within)
    assert csod.submit(sent("progressed"), **ALONE) == [Delivered(1, "ladder-1")]


def test_progress_goes_to_assignments_where_that_is_asked_for(csod, sent):
    person = csod.sandbox.people[0]
    csod.sandbox.assignments.append(Assignment(number="71", guid=person.guid, course="ladder-1"))
    receipts = csod.submit(sent("progressed"), **ALONE)
    assert receipts == [Delivered(1, "ladder-1")]
    (assignment,) = csod.sandbox.assignments
    assert (assignment.status, assignment.accessed) == ("In Progress", "2026-11-02T08:30:00+00:00")


def test_without_an_assignment_there_is_nothing_to_update(csod, sent):
    assert csod.submit(sent("progressed"), **ALONE) == [Delivered(1, sent=False)]


def test_without_an_assignment_progress_waits_for_a_launch_that_can_tell_it(csod, sent):
    (receipt,) = csod.submit(sent("progressed"), **PROGRESS)
    assert isinstance(receipt, NeedsLaunch)


def test_a_portal_that_ignores_whose_assignments_are_asked_for_has_nobody_elses_changed(csod, sent):
    me = csod.sandbox.people[0].guid
    listed(
        csod,
        {"assignmentId": 1, "userId": csod.sandbox.people[1].guid, "loId": "ladder-1"},
        {"assignmentId": 2, "userId": me, "loId": "crane-1"},
        {"assignmentId": 3, "UserId": me.upper(), "LoId": "Ladder-1"},
        {"assignmentId": 4, "userId": None},
    )
    receipts = csod.submit(sent("progressed"), **ALONE)
    assert receipts == [Delivered(1, "ladder-1")]
    assert updated(csod) == ["3"]


@pytest.mark.parametrize(
    "assignments",
    [
        [{"assignmentId": 7, "userId": "other"}],
        [{"assignmentId": 7, "loId": "zzz"}],
        [{"assignmentId": number} for number in range(11)],
    ],
)
def test_assignments_of_others_alone_or_of_too_many_are_the_portals_fault(csod, sent, assignments):
    listed(csod, *assignments)
    with pytest.raises(ServerError, match="none is changed"):
        csod.submit(sent("progressed"), **ALONE)
    assert updated(csod) == []


@pytest.mark.parametrize(
    "body",
    ["{}", '[{"assignmentId": "../x"}]', "[7]", '[{"assignmentId": true}]', '[{"assignmentId": null}]'],
)
def test_assignments_that_make_no_sense_are_the_portals_fault(csod, sent, body):
    csod.sandbox.fail(status=200, body=body, on=f"GET {ASSIGNMENTS}")
    with pytest.raises(ServerError):
        csod.submit(sent("progressed"), **ALONE)
