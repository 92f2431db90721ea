"""Users, looked up and listed: every page, whatever happens in between, and never for ever."""

import json

import pytest

from passback import RateLimited, ServerError, Unsupported, User, UserQuery

EMPLOYEES = "/services/api/x/users/v2/employees"
VIEW = "/services/api/x/odata/api/views/vw_rpt_user"
IN_VIEW = {"email_view": True}


@pytest.fixture
def portal(start):
    """130 people in three pages."""
    return start(employees=130)


def pages(csod):
    return [seen for seen in csod.sandbox.requests if seen.path == EMPLOYEES]


def guids(csod):
    return [each.guid for each in csod.sandbox.people]


def test_everybody_is_listed_over_all_pages(portal):
    users = portal.lookup()
    assert [user.id for user in users] == guids(portal)
    assert len(pages(portal)) == 3


def test_a_duplicate_address_is_matched_by_neither_silently(portal):
    """The core compares, and refuses what is ambiguous: both come, from the first page and the last."""
    email = portal.sandbox.people[-1].email
    found = [place for place, user in enumerate(portal.lookup(UserQuery(email=email))) if user.email == email]
    assert found == [1, 129]


def test_a_user_is_what_the_portal_says(portal):
    users = portal.lookup()
    assert users[0] == User(
        id=portal.sandbox.people[0].guid,
        email="ana.abel.0@example.com",
        username="ana.abel.0",
        external_id="E-1000",
        name="Ana Abel",
    )
    assert [place for place, user in enumerate(users) if not user.active] == [2]
    assert [place for place, user in enumerate(users) if user.email is None] == [3]


@pytest.mark.parametrize("version", ["v1", "v2"])
@pytest.mark.parametrize("bare", [True, False])
def test_one_is_found_by_external_id_user_name_guid_and_number(start, version, bare):
    csod = start(bare=bare)
    person = csod.sandbox.people[7]
    for query in (
        UserQuery(external_id="E-1007"),
        UserQuery(username=person.username),
        UserQuery(id=person.guid),
        UserQuery(id=person.guid.upper()),
        UserQuery(id="1007"),
    ):
        assert [user.id for user in csod.lookup(query, api={"users": version})] == [person.guid]


@pytest.mark.parametrize("query", [{"external_id": "E-1"}, {"id": "9"}, {"id": "a/../b"}, {"username": "x"}])
def test_who_is_not_there_is_nobody(csod, query):
    assert csod.lookup(UserQuery(**query)) == []


def test_a_filter_that_is_answered_with_404_finds_nobody(csod):
    csod.sandbox.fail(status=404, on=f"GET {EMPLOYEES}")
    assert csod.lookup(UserQuery(external_id="E-1")) == []


@pytest.mark.parametrize("query", [UserQuery(external_id="E-1003"), UserQuery(id="1003")])
@pytest.mark.parametrize("status", [404, 501])
def test_a_page_says_nothing_of_who_is_there(csod, query, status):
    csod.sandbox.fail(status=status, body="<html>proxy</html>", on=f"GET {EMPLOYEES}")
    with pytest.raises(ServerError) as caught:
        csod.lookup(query)
    assert caught.value.status == status


def test_a_portal_that_ignores_a_filter_gives_nobody_else(csod):
    everybody = json.dumps([each.document() for each in csod.sandbox.people])
    csod.sandbox.fail(status=200, body=everybody, on=f"GET {EMPLOYEES}")
    assert [user.external_id for user in csod.lookup(UserQuery(external_id="E-1003"))] == ["E-1003"]


def test_filters_say_what_the_portal_looks_up_by(csod):
    assert csod.connection().connector.filters == {"external_id", "id", "username"}
    assert csod.connection(api=IN_VIEW).connector.filters == {"email", "external_id", "id", "username"}
    assert csod.connection(api=None).connector.filters == frozenset()


def test_content_distribution_alone_knows_nobody_and_is_no_501(csod):
    with pytest.raises(Unsupported, match="api") as raised:
        csod.lookup(api=None)
    assert raised.value.status is None


def test_only_a_501_of_the_portal_means_that_it_tells_nobody(csod):
    csod.sandbox.fail(status=501, on=f"GET {EMPLOYEES}")
    with pytest.raises(Unsupported) as raised:
        csod.lookup()
    assert raised.value.status == 501


@pytest.mark.parametrize("size", [1, 50])
def test_an_address_is_found_in_the_view_with_all_its_users(start, size):
    csod = start(employees=130, view_page_size=size)
    email = csod.sandbox.people[-1].email
    users = csod.lookup(UserQuery(email=email.upper()), api=IN_VIEW)
    assert [user.id for user in users] == [csod.sandbox.people[1].guid, csod.sandbox.people[129].guid]
    assert len(pages(csod)) == 0


def test_a_quote_in_an_address_stays_inside_of_the_filter(csod):
    assert csod.lookup(UserQuery(email="o'neil@example.com' or user_id gt '0"), api=IN_VIEW) == []
    assert [seen.status for seen in csod.sandbox.requests if seen.path == VIEW] == [200]


def test_who_is_in_the_view_but_no_employee_any_more_is_nobody(csod):
    row = {"user_id": 99, "user_email": "a@example.com"}
    csod.sandbox.fail(status=200, body=json.dumps({"value": [row]}), on=f"GET {VIEW}")
    assert csod.lookup(UserQuery(email="a@example.com"), api=IN_VIEW) == []


def test_a_view_that_ignores_the_filter_gives_nobody_else(csod):
    rows = [each.row() for each in csod.sandbox.people]
    csod.sandbox.fail(status=200, body=json.dumps({"value": rows}), on=f"GET {VIEW}")
    users = csod.lookup(UserQuery(email="eva.egli.4@example.com"), api=IN_VIEW)
    assert [user.username for user in users] == ["eva.egli.4"]


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/next",
        "//evil.example/next",
        "http://127.0.0.1:9/next",
        "https:evil",
        "http://[/",
        "ftp://127.0.0.1/",
        "@evil.example/",
    ],
)
def test_the_next_rows_are_never_fetched_from_another_host(csod, link):
    csod.sandbox.fail(status=200, body=json.dumps({"value": [], "@odata.nextLink": link}), on=f"GET {VIEW}")
    with pytest.raises(ServerError):
        csod.lookup(UserQuery(email="a@example.com"), api=IN_VIEW)
    assert all(seen.path.startswith("/services/") for seen in csod.sandbox.requests)


def test_rows_that_never_end_are_given_up(csod):
    body = json.dumps({"value": [], "@odata.nextLink": f"{csod.url}{VIEW}"})
    csod.sandbox.fail(status=200, times=1000, body=body, on=f"GET {VIEW}")
    with pytest.raises(ServerError, match="more than 100 pages"):
        csod.lookup(UserQuery(email="a@example.com"), api=IN_VIEW)


@pytest.mark.parametrize(
    "rows",
    [
        "[]",
        "{}",
        "null",
        '{"value": {}}',
        '{"value": [], "@odata.nextLink": 7}',
        '{"value": [{"user_email": "a@example.com"}]}',
        '{"value": [{"user_email": "a@example.com", "user_id": "1/../2"}]}',
    ],
)
def test_a_view_that_makes_no_sense_is_the_portals_fault(csod, rows):
    csod.sandbox.fail(status=200, body=rows, on=f"GET {VIEW}")
    with pytest.raises(ServerError):
        csod.lookup(UserQuery(email="a@example.com"), api=IN_VIEW)


def test_an_access_token_that_ends_in_the_middle_of_the_pages_is_replaced(portal):
    portal.sandbox.fail(status=401, on=f"GET {EMPLOYEES}", after=1)
    assert [user.id for user in portal.lookup()] == guids(portal)


def test_a_page_token_that_died_begins_anew_and_repeats_nobody(portal):
    async def listed(connection):
        users = []
        async for user in connection.lookup_users(UserQuery()):
            users.append(user.id)
            if len(users) == 60:
                portal.time.go_on(301)
        return users

    assert portal.run(listed) == guids(portal)
    assert len(pages(portal)) == 2 + 1 + 3


def test_page_tokens_that_die_at_once_are_given_up(start):
    csod = start(employees=130, page_token_seconds=0)
    with pytest.raises(ServerError, match="tokens die too soon"):
        csod.lookup()
    assert len(pages(csod)) == 8


def test_a_used_up_minute_in_the_middle_of_the_pages_is_waited_for(start):
    csod = start(employees=130, hourly=60)
    assert [user.id for user in csod.lookup()] == guids(csod)
    assert len(csod.time.waited) == 2
    assert all(0 < seconds <= 60 for seconds in csod.time.waited)


@pytest.mark.parametrize("after", ["30", "0"])
def test_a_portal_that_says_when_is_obeyed_in_the_middle_of_the_pages(portal, after):
    portal.sandbox.fail(status=429, headers={"Retry-After": after}, on=f"GET {EMPLOYEES}", after=1)
    assert [user.id for user in portal.lookup()] == guids(portal)
    assert portal.time.waited == [pytest.approx(max(int(after), 1), abs=1)]


@pytest.mark.parametrize("times", [1, 99])
def test_a_long_wait_is_not_sat_out(portal, times):
    wait = "3600" if times == 1 else "5"
    portal.sandbox.fail(
        status=429, times=times, headers={"Retry-After": wait}, on=f"GET {EMPLOYEES}", after=1
    )
    with pytest.raises(RateLimited):
        portal.lookup()


def test_a_look_up_of_one_waits_for_nothing(portal):
    """A person, or a batch, stands behind it."""
    portal.sandbox.fail(status=429, on=f"GET {EMPLOYEES}")
    with pytest.raises(RateLimited) as raised:
        portal.lookup(UserQuery(external_id="E-1001"))
    assert raised.value.until.second == 0
    assert portal.time.waited == []


def page(*people, token=None, **more):
    return json.dumps({"nextpagetoken": token, "data": [*people]} | more)


ANA = {"guid": "7c3f1d52-aaaa-4bbb-8ccc-000000000001", "userName": "ana"}


@pytest.mark.parametrize("token", ["same", "other"])
def test_pages_in_a_circle_are_given_up(csod, token):
    for n in range(9):
        body = page(ANA, token=token if token == "same" else f"token-{n}")
        csod.sandbox.fail(status=200, body=body, on=f"GET {EMPLOYEES}")
    with pytest.raises(ServerError, match="in a circle"):
        csod.lookup()


def test_pages_of_the_same_people_for_ever_are_given_up_early(csod):
    for n in range(9):
        csod.sandbox.fail(status=200, body=page(token=f"token-{n}"), on=f"GET {EMPLOYEES}")
    with pytest.raises(ServerError, match="in a circle"):
        csod.lookup()
    assert len(pages(csod)) == 3


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "7",
        '"x"',
        "{}",
        '{"data": 7}',
        page(7),
        page({}),
        page({"guid": None}),
        page({"guid": ["x"]}),
        page(ANA | {"userName": {"x": 1}}),
        page(ANA | {"primaryEmail": "a" * 5000}),
        page(ANA | {"externalId": True}),
        page(ANA, token=7),
        page(ANA, token="t" * 5000),
        "[" * 100_000,
        '{"data": [',
        "<employees/>",
    ],
)
def test_an_answer_that_makes_no_sense_is_the_portals_fault(csod, body):
    csod.sandbox.fail(status=200, body=body, on=f"GET {EMPLOYEES}")
    with pytest.raises(ServerError):
        csod.lookup()


def test_a_huge_answer_is_not_read(csod):
    csod.sandbox.fail(status=200, body=b" " * (17 * 2**20), on=f"GET {EMPLOYEES}")
    with pytest.raises(ServerError, match="more than 16 MiB"):
        csod.lookup()


def test_a_guid_is_the_same_in_upper_case(csod):
    upper = ANA | {"guid": ANA["guid"].upper()}
    csod.sandbox.fail(status=200, body=page(upper), on=f"GET {EMPLOYEES}")
    assert [user.id for user in csod.lookup()] == [ANA["guid"]]


def test_numbers_for_texts_and_missing_parts_are_taken(csod):
    odd = {"guid": ANA["guid"], "externalId": 77, "workerStatus": None, "firstName": "Ana"}
    csod.sandbox.fail(status=200, body=page(odd), on=f"GET {EMPLOYEES}")
    assert csod.lookup() == [User(id=ANA["guid"], external_id="77", name="Ana")]


@pytest.mark.parametrize(("status", "error"), [(403, ServerError), (500, ServerError), (400, ServerError)])
def test_what_concerns_the_portal_is_raised(csod, status, error):
    csod.sandbox.fail(status=status, on=f"GET {EMPLOYEES}")
    with pytest.raises(error):
        csod.lookup()
