"""Users: both shapes of their list, to the last page, and who somebody is."""

import json

import pytest

from passback import (
    Assertion,
    IdentityProposal,
    IdentityRequest,
    Learner,
    RateLimited,
    ServerError,
    User,
    UserQuery,
)
from passback_thoughtindustries.sandbox import PEOPLE, Behaviour, Person

LIST = "GET /incoming/v2/users"
EVERYBODY = [person.id for person in PEOPLE]


@pytest.mark.parametrize(
    ("shape", "asked"),
    [
        ("nested", ["perPage=100&page=1", "perPage=100&page=2", "perPage=100&page=3"]),
        (
            "meta",
            ["perPage=100&page=1", "perPage=100&cursor=after-page-1", "perPage=100&cursor=after-page-2"],
        ),
    ],
)
def test_all_users_are_listed_over_three_pages(start, shape, asked):
    """Wire facts §6.1: the documents show two shapes."""
    school = start(Behaviour(shape=shape))
    found = school.users(UserQuery())
    assert [user.id for user in found] == EVERYBODY
    assert [seen.query for seen in school.asked("users")] == asked
    assert found[0] == User(id="u-501", email="ana@example.com", external_id="E-1", name="Ana Silva")
    assert (found[2].active, found[3].email) == (False, None)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda users, more: {"users": users, "hasMore": more},
        lambda users, more: {"data": users, "meta": {"hasMore": more}},
        lambda users, more: {"data": {"users": users}, "pageInfo": {"hasMore": more}},
        lambda users, more: {"users": users, "meta": {"nextCursor": "next" if more else ""}},
        lambda users, _: {"users": users, "meta": {"totalPages": 2}},
        lambda users, _: {"users": users},
        lambda users, _: {"users": users, "pageInfo": {"cursor": "always"}},
    ],
)
def test_whatever_the_list_looks_like_everybody_comes_once(start, wrap):
    school = start()
    pages = [[{"id": "a"}, {"id": "b"}], [{"id": "c"}], []]
    for number, users in enumerate(pages):
        school.sandbox.fail(status=200, body=json.dumps(wrap(users, number == 0)), on=LIST)
    assert [user.id for user in school.users(UserQuery())] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("bodies", "message"),
    [
        (['{"users": [{"id": "a"}], "pageInfo": {"hasMore": true}}'] * 2, "came twice"),
        (['{"users": [], "pageInfo": {"hasMore": true, "cursor": "x"}}'] * 2, "came twice"),
        (['{"users": [{"id": "a"}], "pageInfo": {"hasMore": false, "total": 2}}'], "ends at 1 of 2"),
        (['{"members": []}'], "without a list of users"),
        (['{"users": {}}'], "without a list of users"),
        (['{"users": ["a"]}'], "no object"),
        (['{"users": [{"email": "a@example.com"}]}'], "no id"),
        (['{"users": [{"id": "../x"}]}'], "no id"),
        (['{"users": [{"id": 7}]}'], "no id"),
        (['{"users": [{"id": "a", "email": 7}]}'], "no text"),
        (["[]"], "no object"),
        (["<html/>"], "no JSON"),
    ],
)
def test_a_list_that_isnt_whole_is_no_list(start, bodies, message):
    school = start()
    for body in bodies:
        school.sandbox.fail(status=200, body=body, on=LIST)
    with pytest.raises(ServerError, match=message):
        school.users(UserQuery())


def test_an_address_that_two_share_gives_both(start):
    school = start()
    assert [user.id for user in school.users(UserQuery(email="TWIN@example.com"))] == ["u-502", "u-765"]
    assert school.connection().connector.filters == {"id"}


def test_a_school_that_finds_by_address_is_asked_for_one(start):
    """Wire facts §6.1: inferred, so it's an option."""
    school = start()
    found = school.users(UserQuery(email="Ana@example.com"), email_lookup=True)
    assert [user.id for user in found] == ["u-501"]
    assert school.users(UserQuery(email="nobody@example.com"), email_lookup=True) == []
    assert [seen.path.rpartition("/")[2] for seen in school.asked("users/")] == [
        "Ana@example.com",
        "nobody@example.com",
    ]
    assert school.connection(email_lookup=True).connector.filters == {"id", "email"}


def test_a_user_is_found_by_their_id_alone(start):
    school = start()
    assert [user.email for user in school.users(UserQuery(id="u-503"))] == ["gone@example.com"]
    assert school.users(UserQuery(id="u-1")) == []
    school.sandbox.fail(status=200, body='{"data": {"id": "u-502"}}', on=LIST)
    assert school.users(UserQuery(id="u-501")) == []


@pytest.mark.parametrize("identity", [".", "..", "a/b", "a?b", "a#b", "%2e", "a b", "", "a@b"])
def test_what_could_lead_elsewhere_is_no_id_and_isnt_asked_for(start, identity):
    school = start()
    assert school.users(UserQuery(id=identity)) == []
    assert school.sandbox.requests == []


@pytest.mark.parametrize("body", ["<h1>Not found</h1>", "", "[]", '{"message": "no Route matched"}'])
def test_404_from_something_else_is_about_the_address(start, body):
    school = start()
    school.sandbox.fail(status=404, body=body, on=LIST)
    with pytest.raises(ServerError, match="check the URL"):
        school.users(UserQuery(id="u-501"))


@pytest.mark.parametrize(
    ("state", "active"),
    [(True, True), (False, False), ("inactive", False), ("Disabled", False), ("active", True), (None, True)],
)
def test_whether_somebody_may_come_in_has_a_key_of_its_own(start, state, active):
    school = start()
    school.sandbox.fail(
        status=200, body=json.dumps({"users": [{"id": "a", "state": state}], "hasMore": False}), on=LIST
    )
    (user,) = school.users(UserQuery(), active_key="state")
    assert user.active is active


def said(**attributes):
    values = {name: tuple(each) for name, each in attributes.items()}
    return Assertion(issuer="i", subject="s", attributes=values)


@pytest.mark.parametrize(
    ("learner", "assertion", "proposed"),
    [
        ({"external_id": "E-1", "email": "a@example.com"}, None, ("E-1", "external_id")),
        ({"email": "a@example.com"}, None, ("a@example.com", "email")),
        ({}, None, None),
        ({}, said(externalCustomerId=["E-2"], email=["a@example.com"]), ("E-2", "external_id")),
        ({}, said(email=["a@example.com"]), ("a@example.com", "email")),
        ({}, said(externalCustomerId=["E-2", "E-3"], email=["a@example.com"]), ("a@example.com", "email")),
        ({}, said(externalCustomerId=[" "], email=["nobody"]), None),
        ({}, said(externalcustomerid=["E-2"]), None),
        ({"external_id": "E-1"}, said(), None),
    ],
)
def test_who_somebody_is_says_the_external_id_before_the_address(start, learner, assertion, proposed):
    request = IdentityRequest(learner=Learner(id="l-1", **learner), assertion=assertion)
    expected = None if proposed is None else IdentityProposal(user_id=proposed[0], matched_by=proposed[1])
    assert start().connection().map_identity(request) == expected


def test_the_attributes_can_be_called_otherwise(start):
    request = IdentityRequest(learner=Learner(id="l-1"), assertion=said(employee=["E-2"]))
    proposed = start().connection(external_id_attribute="employee").map_identity(request)
    assert proposed == IdentityProposal(user_id="E-2", matched_by="external_id")


def test_a_long_list_outlives_a_minutes_quota(start, clock):
    """Wire facts §6.2: 120 requests a minute, and a school of 15,000 has 150 pages."""
    school = start(Behaviour(people=tuple(Person(id=f"u-{n}", email=None, first="") for n in range(400))))
    for after in (1, 2, 3):
        school.sandbox.fail(status=429, headers={"Retry-After": "60"}, on=LIST, after=after)
    assert len(school.users(UserQuery(), clock=clock)) == 400
    assert clock.waits == [60, 60, 60]


@pytest.mark.parametrize(("seconds", "waits"), [(40, [40, 40]), (91, [])])
def test_patience_between_two_pages_has_an_end(start, clock, seconds, waits):
    school = start()
    school.sandbox.fail(status=429, headers={"Retry-After": str(seconds)}, on=LIST, after=1, times=9)
    with pytest.raises(RateLimited):
        school.users(UserQuery(), clock=clock)
    assert clock.waits == waits


def test_where_a_list_doesnt_begin_nothing_is_waited_for(start, clock):
    school = start()
    school.sandbox.fail(status=429, headers={"Retry-After": "5"}, on=LIST)
    with pytest.raises(RateLimited):
        school.users(UserQuery(), clock=clock)
    assert clock.waits == []
