"""What an LRS holds under a result's id: the same fact by another policy, or another fact."""

import json
from datetime import timedelta

import attrs
import pytest

from passback import (
    Activity,
    AlreadyThere,
    Delivered,
    Item,
    Learner,
    Rejected,
    ResultKind,
    Score,
    ServerError,
    TryLater,
)
from passback_xapi import to_statement
from passback_xapi.sameness import difference
from passback_xapi.sandbox import ADL

HOME = {"actor": "account", "home_page": "https://hr.example.com"}
ANA = Learner(
    id="u-7",
    email="ana@example.com",
    name="Ana",
    username="ana7",
    external_id="E-7",
    openid="https://id.example.com/ana",
)
POLICIES = {
    "digest": {"actor": "mbox_sha1sum"},
    "account": HOME,
    "username": {**HOME, "account_name": "username"},
    "external id": {**HOME, "account_name": "external_id"},
    "openid": {"actor": "openid"},
    "no names": {"send_names": False},
    "language": {"language": "de-CH"},
    "base": {"activity_base": "https://lms.example.com/activities/"},
    "base with a query": {"activity_base": "https://lms.example.com/activity?id="},
}


@pytest.fixture
def lrs(start):
    """An LRS that answers 409 to every id it holds, so that everything is compared here."""
    return start(ADL)


@pytest.fixture
def result(made):
    return made(learner=ANA, score=Score(raw=9, min=0, max=10), duration=timedelta(seconds=90.5))


def stored(lrs, statements):
    """Have the LRS keep `statements`, as another program would write them."""

    async def store(connection):
        return await connection.connector._lrs.store(statements)

    assert lrs.ask(store).status == 200


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", [ResultKind.PASSED, ResultKind.TASK_COMPLETED])
def test_the_same_fact_under_another_policy_is_there_already(lrs, made, policy, kind):
    result, other = made(kind=kind, learner=ANA), made(1, learner=ANA)
    lrs.submit([result], **POLICIES[policy])
    held = lrs.sandbox.statements
    assert lrs.submit([result]) == [AlreadyThere(1, result.id)]
    assert lrs.submit([result, other]) == [AlreadyThere(1, result.id), Delivered(2, other.id)]
    assert lrs.sandbox.statements[:1] == held


@pytest.mark.parametrize(
    "changes",
    [
        {"verb": {"display": {"de": "bestanden"}}},
        {"timestamp": "2026-11-02T09:00:00.123+01:00"},
        {"timestamp": "2026-11-02T08:00:00.123456789Z"},
        {"timestamp": "2026-11-02T08:00:00Z"},
        {"result": {"score": {"raw": 9, "min": 0.0, "max": 10}}},
        {"result": {"score": {"raw": 9.000000238, "min": 0, "max": 10}}},
        {"result": {"duration": "PT1M30.500S"}},
        {"result": {"duration": "PT90.5S"}},
        {"actor": {"mbox": "MAILTO:Ana@EXAMPLE.com"}},
        {"actor": {"name": "Ana Somebody-Else"}},
    ],
    ids=str,
)
def test_the_same_fact_in_another_form_is_there_already(lrs, result, changes):
    sent = to_statement(result, lrs.connection().connector.options)
    held = {**sent, "id": sent["id"].upper()}
    for part, change in changes.items():
        held[part] = {**sent[part], **change} if isinstance(change, dict) else change
    stored(lrs, [held])
    assert lrs.submit([result]) == [AlreadyThere(1, result.id)]


@pytest.mark.parametrize("domain", ["münchen.example", "MÜNCHEN.example", "xn--mnchen-3ya.example"])
@pytest.mark.parametrize("held", ["münchen.example", "m%C3%BCnchen.example", "XN--MNCHEN-3YA.example"])
def test_a_domain_is_the_same_however_its_written(lrs, made, domain, held):
    """Ralph keeps it as people read it, and is sent it as DNS has it."""
    result = made(learner=Learner(id="u-7", email=f"ana@{domain}"))
    sent = to_statement(result, lrs.connection().connector.options)
    assert difference(sent | {"actor": {"mbox": f"mailto:ana@{held}"}}, sent, result) is None
    other = sent | {"actor": {"mbox": f"mailto:ana@x{held}"}}
    assert difference(other, sent, result) == "the learner"


def test_a_domain_is_no_other_that_was_once_written_like_it(lrs, made):
    """faß.de and fass.de may be two people's; they were one in the IDNA of 2003."""
    result = made(learner=Learner(id="u-7", email="ana@faß.de"))
    sent = to_statement(result, lrs.connection().connector.options)
    assert sent["actor"]["mbox"] == "mailto:ana@xn--fa-hia.de"
    for held, said in (("ana@fass.de", "the learner"), ("ana@FAß.de", None), ("ana@fa%C3%9F.de", None)):
        assert difference(sent | {"actor": {"mbox": f"mailto:{held}"}}, sent, result) == said


@pytest.mark.parametrize(
    "held", ["mailto:", "", "@", "mailto:ana@", "mailto:ana@a..b", f"mailto:a@{'x' * 999}"]
)
def test_an_address_that_is_none_is_nobodys(lrs, result, held):
    sent = to_statement(result, lrs.connection().connector.options)
    assert difference(sent | {"actor": {"mbox": held}}, sent, result) == "the learner"


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("the time", {"timestamp": "0001-01-01T00:00+23:59"}),
        ("the time", {"timestamp": "9999-12-31T23:59:59-23:59"}),
        ("the outcome", {"result": {"score": {"raw": 10**400, "min": 0, "max": 10}}}),
        ("the outcome", {"result": {"duration": f"P{'9' * 400}D"}}),
    ],
    ids=["before", "after", "number", "duration"],
)
def test_what_is_beyond_all_times_and_numbers_differs(lrs, result, part, changes):
    sent = to_statement(result, lrs.connection().connector.options)
    held = {key: {**sent[key], **value} if key == "result" else value for key, value in changes.items()}
    assert difference(sent | held, sent, result) == part


def test_a_time_with_a_space_in_it_is_the_same_time(lrs, result):
    sent = to_statement(result, lrs.connection().connector.options)
    assert difference(sent | {"timestamp": "2026-11-02 08:00:00.123Z"}, sent, result) is None


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("the learner", {"learner": Learner(id="u-8", email="ben@example.com", name="Ana")}),
        ("the outcome", {"score": Score(raw=8, min=0, max=10)}),
        ("the outcome", {"score": None}),
        ("the outcome", {"duration": timedelta(seconds=90.51)}),
        ("the outcome", {"completion": True}),
        ("the outcome", {"extensions": {"attempt": 2}}),
        ("the verb", {"kind": ResultKind.COMPLETED}),
        ("the time", {"at": timedelta(milliseconds=1)}),
        ("the activity", {"activity": Activity(id="ladder-2")}),
        ("the activity", {"activity": Activity(id="https://content.example.com/ladder")}),
    ],
)
def test_another_fact_is_rejected_and_says_what_differs(lrs, result, part, changes):
    if "at" in changes:
        changes = {"at": result.at + changes["at"]}
    lrs.submit([attrs.evolve(result, **changes)])
    held = lrs.sandbox.statements
    (receipt,) = lrs.submit([result])
    assert isinstance(receipt, Rejected)
    assert f"({part} differs)" in receipt.reason
    assert "under an id of its own" in receipt.reason
    assert lrs.sandbox.statements == held


@pytest.mark.parametrize(
    ("course", "item"), [("ladder-2", "item 1"), ("ladder-1", "item 2"), ("https://c.example/l", "item 1")]
)
def test_an_item_of_another_name_or_in_another_course_is_another_activity(lrs, made, course, item):
    result = made(kind="task_completed", learner=ANA)
    lrs.submit([attrs.evolve(result, activity=Activity(id=course), item=Item(id=item))])
    (receipt,) = lrs.submit([result])
    assert isinstance(receipt, Rejected)
    assert "(the activity differs)" in receipt.reason


def test_a_learner_who_has_the_address_of_another_policy_is_not_taken_for_another(lrs, result):
    lrs.submit([attrs.evolve(result, learner=Learner(id="ana@example.com"))])
    assert lrs.submit([result]) == [AlreadyThere(1, result.id)]


def voiding(result):
    return {
        "actor": {"mbox": "mailto:admin@example.com"},
        "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
        "object": {"objectType": "StatementRef", "id": result.id},
    }


def test_what_is_shown_as_voided_is_rejected_at_once_and_alone(lrs, result, made):
    lrs.submit([result])
    stored(lrs, [voiding(result)])
    (voided,) = lrs.submit([result])
    assert isinstance(voided, Rejected)
    assert "it was voided there" in voided.reason
    receipts = lrs.submit([made(n) for n in range(1, 20)] + [result])
    assert isinstance(receipts[-1], Rejected)
    assert all(isinstance(receipt, Delivered) for receipt in receipts[:-1])


def test_of_a_batch_that_was_voided_as_a_whole_each_is_rejected(lrs, made):
    results = [made(n) for n in range(8)]
    lrs.submit(results)
    stored(lrs, [voiding(each) for each in results])
    receipts = lrs.submit(results)
    assert {receipt.delivery for receipt in receipts} == set(range(1, 9))
    assert all(isinstance(receipt, Rejected) for receipt in receipts)


@pytest.mark.parametrize(
    "answer",
    [{"status": status, "body": "no"} for status in (400, 403, 404, 501)]
    + [
        {"status": 200, "body": '{"statements": []}'},
        {"status": 200, "body": '{"statements": [{"id": "another"}]}'},
    ],
)
def test_an_lrs_that_cannot_tell_what_was_voided_is_asked_later(lrs, result, answer):
    lrs.submit([result])
    stored(lrs, [voiding(result)])
    lrs.sandbox.fail(**answer, on="GET", after=1)
    (later,) = lrs.submit([result], version="1.0.3")
    assert isinstance(later, TryLater)


def test_an_outage_while_it_is_asked_what_was_voided_rejects_nothing(lrs, result):
    lrs.submit([result])
    stored(lrs, [voiding(result)])
    lrs.sandbox.fail(status=500, on="GET", after=1)
    with pytest.raises(ServerError):
        lrs.submit([result], version="1.0.3")


def test_what_an_lrs_lists_that_ignores_the_question_for_voided_ones_was_not_voided(lrs, result):
    """It may list what could not be read a moment before."""
    lrs.submit([result])
    listed = json.dumps({"statements": lrs.sandbox.statements})
    lrs.sandbox.fail(status=404, on="GET")
    lrs.sandbox.fail(status=200, on="GET", body=listed)
    (later,) = lrs.submit([result], version="1.0.3")
    assert isinstance(later, TryLater)
