"""The wording of statements, value by value."""

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passback import Activity, Item, Learner, Result
from passback_xapi import UnknownActor, XapiOptions, to_statement

PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"


def options(**more):
    return XapiOptions(url="https://lrs.example.com/xapi/", key="k", secret="s", **more)


def plain(**more):
    given = {
        "id": "r-1",
        "kind": "progressed",
        "at": datetime(2026, 11, 2, 8, 0, 0, 123999, tzinfo=UTC),
        "learner": Learner(id="u-1", email="ana@example.com", name="Ana"),
        "activity": Activity(id="ladder-1", name="Ladder safety"),
    }
    return Result(**given | more)


@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_what_is_not_finished_is_never_100_percent(progress):
    made = to_statement(plain(progress=progress), options())
    percent = made["result"]["extensions"][PROGRESS]
    assert isinstance(percent, int)
    assert math.floor(progress * 100) <= percent <= min(99, progress * 100 + 1e-6)


@pytest.mark.parametrize(("progress", "percent"), [(0, 0), (0.29, 29), (0.57, 57), (0.999, 99), (1, 100)])
def test_progress_is_the_whole_percentage_that_cmi5_wants(progress, percent):
    assert to_statement(plain(progress=progress), options())["result"]["extensions"] == {PROGRESS: percent}


def test_an_extension_of_the_host_never_stands_in_for_the_progress():
    made = to_statement(plain(progress=0.5, extensions={PROGRESS: 7}), options())
    assert made["result"]["extensions"][PROGRESS] == 50


@pytest.mark.parametrize(
    ("duration", "written"),
    [
        (timedelta(), "PT0S"),
        (timedelta(milliseconds=9), "PT0S"),
        (timedelta(microseconds=1_239_999), "PT1.23S"),
        (timedelta(milliseconds=100), "PT0.1S"),
        (timedelta(seconds=30), "PT30S"),
        (timedelta(seconds=60), "PT1M"),
        (timedelta(minutes=12, seconds=30.25), "PT12M30.25S"),
        (timedelta(hours=1, seconds=1), "PT1H1S"),
        (timedelta(hours=100), "PT100H"),
        (timedelta(days=365, minutes=59, seconds=59.99), "PT8760H59M59.99S"),
    ],
)
def test_a_duration_is_written_to_the_hundredth_and_no_finer(duration, written):
    assert to_statement(plain(duration=duration), options())["result"] == {"duration": written}


def test_a_timestamp_is_cut_to_the_millisecond_in_utc():
    at = datetime(2026, 11, 2, 9, 0, 0, 123999, tzinfo=timezone(timedelta(hours=1)))
    assert to_statement(plain(at=at), options())["timestamp"] == "2026-11-02T08:00:00.123Z"


def test_a_zone_may_differ_by_a_part_of_a_second():
    at = datetime(2026, 11, 2, 9, 0, 0, 250000, tzinfo=timezone(timedelta(seconds=0.5)))
    assert to_statement(plain(at=at), options())["timestamp"] == "2026-11-02T08:59:59.750Z"


@pytest.mark.parametrize(
    ("given_id", "derived"),
    [
        ("5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11", "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"),
        ("5B0C3D1A-7F0E-4F0B-9A65-0D6F6F1F9A11", "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"),
        # Pinned: another value would store every result of every host a second time.
        ("r-1", "02a73d99-2a39-5bd2-ad08-4f542c8732f9"),
        ("Prüfung 7/ä", "a5cae4f3-60b0-5ca6-bbca-f98a42b9688c"),
    ],
)
def test_a_uuid_of_the_host_is_kept_and_any_other_id_gives_the_same_uuid_for_ever(given_id, derived):
    assert to_statement(plain(id=given_id), options())["id"] == derived


@pytest.mark.parametrize(
    ("organisation", "given_id", "derived"),
    [
        ("default", "r-1", "02a73d99-2a39-5bd2-ad08-4f542c8732f9"),
        # Pinned too.
        ("acme", "r-1", "62721c93-7271-582d-bd4f-4c305e062a9d"),
        ("globex", "r-1", "d3894169-71e0-5c25-8e61-2619b599538b"),
        ("acme", "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11", "5b0c3d1a-7f0e-4f0b-9a65-0d6f6f1f9a11"),
    ],
)
def test_the_same_id_in_another_organisation_is_another_statement(organisation, given_id, derived):
    assert to_statement(plain(id=given_id, organisation=organisation), options())["id"] == derived


@pytest.mark.parametrize(
    ("activity", "base", "iri"),
    [
        ("https://content.example.com/c/1?a=b#c", "urn:x-lms:", "https://content.example.com/c/1?a=b#c"),
        ("ladder-1", None, "urn:x-passback:activity:ladder-1"),
        ("ladder-1", "https://lms.example.com/a/", "https://lms.example.com/a/ladder-1"),
        ("a b/c?d#é", None, "urn:x-passback:activity:a%20b%2Fc%3Fd%23%C3%A9"),
        ("https://with space.example", None, "urn:x-passback:activity:https%3A%2F%2Fwith%20space.example"),
        ("course:", None, "urn:x-passback:activity:course%3A"),
    ],
)
def test_an_activity_id_that_is_no_iri_becomes_one(activity, base, iri):
    made = to_statement(plain(activity=Activity(id=activity)), options(activity_base=base))
    assert made["object"]["id"] == iri


@pytest.mark.parametrize(
    ("kind", "item", "iri"),
    [
        ("scene_entered", "s 1", "urn:x-passback:activity:ladder-1/scene/s%201"),
        ("task_started", "t/1", "urn:x-passback:activity:ladder-1/task/t%2F1"),
        ("task_completed", "t/1", "urn:x-passback:activity:ladder-1/task/t%2F1"),
        ("badge_awarded", "https://badges.example/b1", "https://badges.example/b1"),
    ],
)
def test_what_happens_to_an_item_carries_the_course_as_parent(kind, item, iri):
    made = to_statement(plain(kind=kind, item=Item(id=item, name="It")), options(language="de"))
    (parent,) = made["context"]["contextActivities"]["parent"]
    assert made["object"]["id"] == iri
    assert made["object"]["definition"]["name"] == {"de": "It"}
    assert parent["id"] == "urn:x-passback:activity:ladder-1"
    assert parent["definition"]["name"] == {"de": "Ladder safety"}


def test_a_result_about_the_whole_activity_has_no_parent():
    assert "context" not in to_statement(plain(), options())


@pytest.mark.parametrize(
    ("email", "mbox"),
    [
        ("ana@example.com", "mailto:ana@example.com"),
        ("o'hara+x=1@example.com", "mailto:o'hara+x=1@example.com"),
        ("a%b&c/d?e#f@example.com", "mailto:a%25b%26c%2Fd%3Fe%23f@example.com"),
        ("zoë@example.com", "mailto:zo%C3%AB@example.com"),
    ],
)
def test_what_has_a_meaning_in_uris_is_percent_encoded_in_a_mailbox(email, mbox):
    made = to_statement(plain(learner=Learner(id="u-1", email=email)), options())
    assert made["actor"] == {"objectType": "Agent", "mbox": mbox}


def test_the_digest_of_a_mailbox_is_that_of_its_mailto_iri():
    made = to_statement(plain(), options(actor="mbox_sha1sum", send_names=False))
    digest = "5807f05d33ef213c4b711ee15203480025884866"
    assert made["actor"] == {"objectType": "Agent", "mbox_sha1sum": digest}


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        ({"actor": "mbox"}, "e-mail"),
        ({"actor": "mbox_sha1sum"}, "e-mail"),
        ({"actor": "openid"}, "OpenID"),
        ({"actor": "account", "account_name": "username"}, "username"),
        ({"actor": "account", "account_name": "external_id"}, "external_id"),
    ],
)
def test_who_cannot_be_identified_is_told_what_is_missing_and_what_helps(policy, missing):
    with pytest.raises(
        UnknownActor, match=f"the learner has no {missing}.*it goes once any result of theirs has one"
    ):
        to_statement(plain(learner=Learner(id="u-1")), options(home_page="https://hr.example.com", **policy))


@pytest.mark.parametrize(
    "email", ["a..b@e.com", "a.@e.com", ".a@e.com", "a@e.com.", "a b@e.com", "a@localhost"]
)
@pytest.mark.parametrize("policy", ["mbox", "mbox_sha1sum"])
def test_an_address_that_cannot_be_used_is_told_from_none_at_all(policy, email):
    with pytest.raises(UnknownActor, match="can't be used") as unknown:
        to_statement(plain(learner=Learner(id="u-1", email=email)), options(actor=policy))
    assert "once any result of theirs has one that can be used" in str(unknown.value)
    assert "has no" not in str(unknown.value)
    assert email not in str(unknown.value)


def test_an_openid_that_is_no_uri_identifies_nobody():
    learner = Learner(id="u-1", openid="https://zoë.example")
    with pytest.raises(UnknownActor, match="OpenID URI"):
        to_statement(plain(learner=learner), options(actor="openid"))
