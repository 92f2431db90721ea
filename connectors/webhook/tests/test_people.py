"""Who is who: users looked up in pages, and identities told by an expression."""

import asyncio

import pytest

from passback import (
    Assertion,
    IdentityProposal,
    IdentityRequest,
    Learner,
    RateLimited,
    ServerError,
    Unsupported,
    User,
    UserQuery,
)
from passback_webhook.sandbox import Behaviour, Person

PEOPLE = tuple(
    Person(
        id=n,
        mail=f"Person{n}@example.com",
        login=f"p{n}",
        number=f"E-{n}",
        last=f"Number {n}",
        state="left" if n == 3 else "active",
    )
    for n in range(7)
)
USER = {
    "id": "id",
    "email": "mail",
    "username": "login",
    "external_id": "number",
    "name": "join(' ', [name.first, name.last])",
    "active": "state == 'active'",
}
PAGINGS = {
    "page": {"kind": "page"},
    "offset": {"kind": "offset", "parameter": "offset"},
    "cursor": {"kind": "cursor", "parameter": "cursor", "next": "body.cursor"},
    "next": {"kind": "next", "next": "body.links.next"},
    "link": {"kind": "next", "next": "links.next"},
}


def looking(api, **more):
    query = {"mail": "query.email", "login": "query.username", "number": "query.external_id"}
    given = {"url": f"{api.url}/users", "query": query, "items": "body.data", "user": USER}
    return {"users": given | more}


@pytest.mark.parametrize("kind", PAGINGS)
@pytest.mark.parametrize("page", [1, 3, 7, 100])
def test_every_user_is_listed_once_however_the_pages_come(start, kind, page):
    api = start(Behaviour(users=PEOPLE, paging=kind, page=page))
    found = api.users(UserQuery(), **looking(api, paging=PAGINGS[kind]))
    assert [user.id for user in found] == [str(n) for n in range(7)]
    assert found[3] == User(
        id="3",
        email="Person3@example.com",
        username="p3",
        external_id="E-3",
        name="Ana Number 3",
        active=False,
    )


@pytest.mark.parametrize("filters", [True, False])
@pytest.mark.parametrize(
    "query",
    [
        UserQuery(email="person2@EXAMPLE.com"),
        UserQuery(username="p2"),
        UserQuery(external_id="E-2"),
        UserQuery(email="person2@example.com", username="p2"),
    ],
)
def test_only_who_matches_is_found_even_where_the_system_ignores_what_it_is_asked(start, filters, query):
    api = start(Behaviour(users=PEOPLE, filters=filters))
    found = api.users(query, **looking(api, paging=PAGINGS["page"]))
    assert [user.id for user in found] == ["2"]


@pytest.mark.parametrize(
    "query", [UserQuery(email="a@b.c"), UserQuery(username="P2"), UserQuery(external_id="e-2")]
)
def test_nobody_is_found_by_what_only_resembles(start, query):
    api = start(Behaviour(users=PEOPLE, filters=False))
    assert api.users(query, **looking(api, paging=PAGINGS["page"])) == []


def test_what_isnt_asked_for_isnt_in_the_query(start):
    api = start(Behaviour(users=PEOPLE))
    api.users(UserQuery(email="person2@example.com"), **looking(api))
    assert api.seen("/users")[0].query == "mail=person2%40example.com"


def test_the_size_of_a_page_can_be_asked_for(start):
    api = start(Behaviour(users=PEOPLE))
    api.users(UserQuery(), **looking(api, paging={"kind": "page", "size_parameter": "limit", "size": 50}))
    assert api.seen("/users")[0].query == "page=1&limit=50"


def test_what_isnt_mapped_cant_be_looked_up_by(start):
    api = start(Behaviour(users=PEOPLE))
    with pytest.raises(Unsupported, match=r"users\.user\.email isn't configured"):
        api.users(UserQuery(email="a@b.c"), **looking(api, user={"id": "id"}))


def test_an_address_that_needs_what_isnt_asked_for_cant_list_everybody(start):
    api = start(Behaviour(users=PEOPLE))
    with pytest.raises(Unsupported, match=r"query\.email"):
        api.users(UserQuery(), **looking(api, url=f"{api.url}/users?mail={{query.email}}", query={}))


def test_without_a_look_up_there_is_none(start):
    api = start(Behaviour(users=PEOPLE))
    with pytest.raises(Unsupported, match="no look-up is configured"):
        api.users(UserQuery())


@pytest.mark.parametrize(
    "leads",
    [
        "http://127.0.0.1:9/users",
        "https://evil.example/users",
        "//evil.example/users",
        "http://evil.example@127.0.0.1/users",
        "file:///etc/passwd",
        "http://[::1",
    ],
)
@pytest.mark.parametrize("through", ["body", "header"])
def test_a_next_page_on_another_host_is_refused(start, leads, through):
    api = start(Behaviour(users=PEOPLE))
    body = f'{{"data": [], "links": {{"next": "{leads}"}}}}' if through == "body" else '{"data": []}'
    api.sandbox.fail(status=200, body=body, headers={"Link": f'<{leads}>; rel="next"'}, on="/users")
    kind = "next" if through == "body" else "link"
    with pytest.raises(ServerError, match="on another host"):
        api.users(UserQuery(), **looking(api, paging=PAGINGS[kind]))
    assert len(api.seen("/users")) == 1


def test_pages_that_lead_in_a_circle_end(start):
    api = start(Behaviour(users=PEOPLE))
    api.sandbox.fail(status=200, times=99, body='{"data": [], "cursor": "again"}', on="/users")
    with pytest.raises(ServerError, match="in a circle"):
        api.users(UserQuery(), **looking(api, paging=PAGINGS["cursor"]))
    assert len(api.seen("/users")) == 2


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_system_that_gives_the_same_page_for_ever_ends_too(start, kind):
    api = start(Behaviour(users=PEOPLE, page=100))
    api.sandbox.fail(status=200, times=99, body='{"data": [{"id": 1}]}', on="/users")
    found = api.users(UserQuery(), **looking(api, user={"id": "id"}, paging=PAGINGS[kind]))
    assert len(found) == 2
    assert len(api.seen("/users")) == 2


def test_pages_without_end_are_too_many(start):
    api = start(Behaviour(users=PEOPLE, page=1))
    with pytest.raises(ServerError, match="more than 3 pages"):
        api.users(UserQuery(), **looking(api, paging=PAGINGS["page"] | {"most": 3}))


@pytest.mark.parametrize("body", ["{}", '{"data": {}}', '{"data": null}', "[]", '"x"', "<html>"])
def test_an_answer_without_a_list_of_users_is_a_server_error(start, body):
    api = start(Behaviour(users=PEOPLE))
    api.sandbox.fail(status=200, body=body, on="/users")
    with pytest.raises(ServerError, match="without a list of users"):
        api.users(UserQuery(), **looking(api))


@pytest.mark.parametrize("item", ['{"mail": "a"}', '{"id": ""}', '{"id": {}}', "7", "null"])
def test_a_user_without_an_id_is_a_server_error(start, item):
    api = start(Behaviour(users=PEOPLE))
    api.sandbox.fail(status=200, body=f'{{"data": [{item}]}}', on="/users")
    with pytest.raises(ServerError, match=r"users\.user"):
        api.users(UserQuery(), **looking(api, user={"id": "id"}))


def test_a_status_can_mean_that_there_is_no_such_user(start):
    api = start(Behaviour(users=PEOPLE))
    api.sandbox.fail(status=404, on="/users")
    assert api.users(UserQuery(email="a@b.c"), **looking(api, none=[404])) == []
    api.sandbox.fail(status=404, on="/users")
    with pytest.raises(ServerError, match="404"):
        api.users(UserQuery(email="a@b.c"), **looking(api))


def test_a_token_that_is_lost_between_pages_is_got_anew(start):
    api = start(Behaviour(users=PEOPLE, page=1))

    async def listed(connection):
        found = []
        async for user in connection.lookup_users(UserQuery()):
            found.append(user.id)
            api.sandbox.revoke_tokens()
        return found

    assert len(api.ask(listed, **looking(api, paging=PAGINGS["page"]))) == 7


def test_a_wish_to_slow_down_between_pages_is_told(start):
    api = start(Behaviour(users=PEOPLE))
    api.sandbox.fail(status=429, headers={"Retry-After": "5"}, on="/users")
    with pytest.raises(RateLimited):
        api.users(UserQuery(), **looking(api))


ANA = Learner(id="7", email="ana@example.com")
SAID = Assertion(issuer="https://idp", subject="ana", attributes={"employee": ("E-1", "E-2")})


@pytest.mark.parametrize(
    ("user", "assertion", "found"),
    [
        ("learner.address", None, "ana@example.com"),
        ("assertion.attributes.employee[0]", SAID, "E-1"),
        ("assertion.subject || learner.id", None, "7"),
        ("assertion.subject || learner.id", SAID, "ana"),
        ("learner.external_id", SAID, None),
        ("assertion.attributes.employee", SAID, None),
        ("abs(learner.id)", None, None),
        ("'  '", None, None),
    ],
)
def test_an_expression_tells_who_somebody_is(start, user, assertion, found):
    api = start(Behaviour(auth="none"))

    async def told(connection):
        return connection.map_identity(IdentityRequest(learner=ANA, assertion=assertion))

    answer = api.ask(told, identity={"user": user, "matched_by": "a rule"})
    assert answer == (None if found is None else IdentityProposal(user_id=found, matched_by="a rule"))


def test_without_an_expression_nobody_is_told(start):
    api = start(Behaviour(auth="none"))

    async def told(connection):
        await asyncio.sleep(0)
        return connection.map_identity(IdentityRequest(learner=ANA))

    assert api.ask(told) is None
