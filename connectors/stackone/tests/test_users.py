"""Users: every page, filters that are compared, and lists that go wrong on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.responses import JSONResponse

from passback import CannotConnect, RateLimited, ServerError, Unsupported, UserQuery
from passback.sandbox import Stage, serve
from passback_stackone.sandbox import DISTRIBUTION, GO1, Behaviour, population

USERS = "/unified/lms/users"


def queries(system):
    return [seen.query for seen in system.asked("GET", "/users")]


def test_all_users_are_listed_over_all_pages(start):
    system = start()
    users = system.users()
    assert len(queries(system)) == 4
    assert [user.id for user in users] == [person.id for person in population()]
    first, _, third, fourth, fifth = users[:5]
    assert (first.email, first.external_id, first.name) == ("user1@example.com", "E-1001", "Bram 1")
    assert (first.active, third.active, fourth.email, fifth.external_id) == (True, False, None, None)


def test_a_query_that_the_system_has_no_filter_for_lists_everybody(start):
    """Wire facts §4.2: match a list locally; two users share an address, on different pages."""
    system = start()
    users = system.users(UserQuery(email="shared@example.com"))
    assert len(users) == 83
    shared = [user.id for user in users if (user.email or "").lower() == "shared@example.com"]
    assert shared == ["c28x0002", "c28x0083"]


def test_an_external_reference_is_filtered_by(start):
    system = start()
    assert [user.id for user in system.users(UserQuery(external_id="E-1030"))] == ["c28x0030"]
    (query,) = queries(system)
    assert "filter%5Bexternal_reference%5D=E-1030" in query


def test_an_address_is_filtered_by_where_the_options_say_so(start):
    system = start(GO1)
    users = system.users(UserQuery(email="SHARED@example.com"), filters=["email"])
    assert [user.id for user in users] == ["c28x0002", "c28x0083"]
    assert len(queries(system)) == 1


def test_the_filters_of_a_connection_are_those_of_its_options(start):
    system = start()
    filters = lambda **options: system.connection(**options).connector.filters  # noqa: E731
    assert filters() == {"id", "external_id"}
    assert filters(filters=[]) == {"id"}
    assert filters(filters=["email", "external_reference"]) == {"id", "email", "external_id"}
    assert filters(external_id="remote_id") == {"id"}


def test_the_customers_id_may_be_the_systems_own(start):
    assert start().users(external_id="remote_id")[0].external_id == "8001"


def test_one_user_is_asked_for_by_their_id(start):
    system = start()
    assert [user.id for user in system.users(UserQuery(id="c28x0040"))] == ["c28x0040"]
    assert [seen.path for seen in system.sandbox.requests] == [f"{USERS}/c28x0040"]
    assert system.users(UserQuery(id="gone")) == []
    assert system.users(UserQuery(id="..")) == []


@pytest.mark.parametrize("body", ["<h1>nginx</h1>", '{"statusCode":404,"message":"Cannot GET /x"}'])
def test_404_from_something_else_is_about_the_address(start, body):
    system = start()
    system.sandbox.fail(status=404, body=body)
    with pytest.raises(ServerError, match="404"):
        system.users(UserQuery(id="c28x0040"))


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(unknown_filter=501)], ids=["ignored", "501"])
def test_a_filter_that_is_none_gives_the_whole_list_and_isnt_tried_again(start, behaviour):
    """A 501 to it isn't content distribution: that is when users can't be had at all."""
    system = start(behaviour)

    async def twice(connection):
        query = UserQuery(email="user40@example.com")
        found = [[user.id async for user in connection.lookup_users(query)] for _ in "ab"]
        return found, connection.connector.filters

    (first, second), filters = system.ask(twice, filters=["email"])
    assert len(first) == len(second) == 83
    assert filters == {"id"}
    assert sum("filter" in query for query in queries(system)) == 1


def test_501_of_stackone_is_content_distribution(start):
    system = start(DISTRIBUTION)
    for query in (UserQuery(), UserQuery(external_id="E-1001"), UserQuery(id="c28x0001")):
        with pytest.raises(Unsupported) as refused:
            system.users(query)
        assert refused.value.status == 501
    system.check()


def test_501_of_anything_else_is_a_fault(start):
    system = start()
    system.sandbox.fail(status=501, body="<h1>Not Implemented</h1>", times=2)
    with pytest.raises(ServerError):
        system.users()
    with pytest.raises(ServerError):
        system.check()


def test_an_address_that_cant_be_listed_isnt_content_distribution(start):
    for status in (401, 403, 404, 412, 500, 502):
        system = start()
        system.sandbox.fail(status=status)
        with pytest.raises(ServerError) as refused:
            system.users()
        assert refused.value.status == status


def test_a_key_that_is_revoked_in_the_middle_of_a_list_is_told(start):
    system = start()
    system.sandbox.fail(status=401, after=2, times=9)
    with pytest.raises(ServerError) as refused:
        system.users()
    assert refused.value.status == 401


def test_a_short_pause_in_the_middle_of_a_list_is_waited_for(start, clock):
    system = start()
    system.sandbox.fail(status=429, headers={"Retry-After": "60"}, after=2)
    assert len(system.users(clock=clock)) == 83
    (wait,) = clock.waits
    assert 58 < wait <= 60
    system = start()
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    system.sandbox.fail(status=429, headers={"Retry-After": until}, after=1)
    assert len(system.users(clock=clock)) == 83
    assert 20 < clock.waits[-1] <= 30


@pytest.mark.parametrize(
    ("headers", "times", "after"),
    [({}, 1, 2), ({"Retry-After": "3600"}, 1, 2), ({"Retry-After": "5"}, 9, 2), ({"Retry-After": "5"}, 1, 0)],
    ids=["no time given", "an hour", "again and again", "before anything"],
)
def test_any_other_pause_ends_the_list(start, clock, headers, times, after):
    system = start()
    system.sandbox.fail(status=429, headers=headers, times=times, after=after)
    with pytest.raises(RateLimited) as limited:
        system.users(clock=clock)
    assert (limited.value.until is None) == (not headers)
    assert len(clock.waits) <= 3


def test_a_cursor_that_dies_starts_the_list_once_more(start):
    system = start()
    system.sandbox.fail(status=400, after=3)
    users = system.users()
    assert [user.id for user in users] == [person.id for person in population()]


def test_a_cursor_that_dies_again_ends_the_list(start):
    system = start(Behaviour(cursor_seconds=0))
    with pytest.raises(ServerError) as refused:
        system.users()
    assert refused.value.status == 400
    assert len(queries(system)) == 4


def test_a_list_that_is_cut_isnt_the_whole_list(start):
    for fault in ("truncate", "cut_after", "html"):
        system = start()
        getattr(system.sandbox, fault)(after=2, times=2)
        with pytest.raises(ServerError if fault == "html" else CannotConnect):
            system.users()


class Hostile(Stage):
    """Answers each page as it's told, and remembers where it was asked."""

    title = "a hostile system"

    def __init__(self, page):
        self.number = 0

        async def answer(scope, receive, send):
            self.number += 1
            content = page(self.number)
            content = content if isinstance(content, JSONResponse) else JSONResponse(content)
            await content(scope, receive, send)

        super().__init__(answer)

    def guide(self, url):
        return url


@pytest.fixture
def listed(start):
    """List the users of a system whose n-th page is what it's told; return it, and the users or the error."""

    def users(page):
        hostile = Hostile(page)
        with serve(hostile) as url:
            try:
                return hostile, start().users(url=url)
            except ServerError as error:
                return hostile, error

    return users


ONE = {"id": "u1"}


@pytest.mark.parametrize(
    "page",
    [
        [],
        "users",
        {"data": None},
        {"data": {}},
        {"data": [1]},
        {"data": [{"id": None}]},
        {"data": [{"id": 7}]},
        {"data": [{"id": " "}]},
        {"data": [{"id": "a\nb"}]},
        {"data": [{"id": "x" * 513}]},
        {"data": [ONE], "next": 7},
        {"data": [ONE], "next": {"url": "x"}},
        {"data": [ONE], "next": "x" * 9000},
    ],
)
def test_a_page_that_is_none_is_a_fault(listed, page):
    _, error = listed(lambda _: page)
    assert isinstance(error, ServerError)


def test_fields_of_other_kinds_are_none(listed):
    person = {"id": "u1", "email": 7, "name": ["x"], "external_reference": "y" * 2000, "active": "maybe"}
    _, (user,) = listed(lambda _: {"data": [person], "next": " "})
    assert (user.email, user.name, user.external_id, user.active) == (None, None, None, True)


def test_pages_that_lead_in_a_circle_end(listed):
    hostile, error = listed(lambda number: {"data": [ONE], "next": "ab"[number % 2]})
    assert "circle" in str(error)
    assert hostile.number == 3


def test_empty_pages_without_an_end_end(listed):
    hostile, error = listed(lambda number: {"data": [], "next": str(number)})
    assert isinstance(error, ServerError)
    assert hostile.number == 20


def test_pages_without_an_end_end(listed, monkeypatch):
    monkeypatch.setattr("passback_stackone.users._MOST_PAGES", 30)
    hostile, error = listed(lambda number: {"data": [{"id": str(number)}], "next": str(number)})
    assert "more than 30 pages" in str(error)
    assert hostile.number == 30


def test_a_cursor_leads_nowhere_else(listed):
    """It's a parameter of our own address, whatever it says."""
    evil = "https://evil.example/?next=2&page_size=1#x"
    hostile, users = listed(
        lambda number: {"data": [{"id": str(number)}], "next": evil if number == 1 else None}
    )
    assert [user.id for user in users] == ["1", "2"]
    assert "next=https%3A%2F%2Fevil.example" in hostile.requests[1].query


def test_an_answer_that_is_too_large_is_a_fault(listed):
    _, error = listed(lambda _: {"data": [ONE], "next": None, "raw": "x" * (17 << 20)})
    assert "MiB" in str(error)


def test_a_user_that_moves_between_pages_is_listed_once(listed):
    _, users = listed(lambda number: {"data": [ONE], "next": "2" if number == 1 else None})
    assert [user.id for user in users] == ["u1"]


def test_the_size_of_a_page_is_an_option(start):
    system = start(replace(Behaviour(), largest_page=50))
    assert len(system.users(page_size=50)) == 83
    assert len(queries(system)) == 2


def test_a_check_asks_for_one_user(start):
    system = start()
    system.check()
    (query,) = queries(system)
    assert query == "page_size=1"
    for wrong in ({"api_key": "other"}, {"account_id": "other"}):
        with pytest.raises(ServerError):
            system.check(**wrong)
    system.sandbox.html()
    with pytest.raises(ServerError):
        system.check()
