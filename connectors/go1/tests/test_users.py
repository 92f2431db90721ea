"""Users: looked up by GO1's own filter, or all of them, to the last page."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from passback import (
    Assertion,
    CannotConnect,
    IdentityProposal,
    IdentityRequest,
    Learner,
    RateLimited,
    ServerError,
    Unsupported,
    User,
    UserQuery,
)
from passback_go1.sandbox import PEOPLE, Behaviour, Person

EVERYBODY = [person.id for person in PEOPLE]
LIST = "GET /v2/users"


def test_all_users_are_listed_over_three_pages(start):
    portal = start()
    found = portal.users(UserQuery())
    assert [user.id for user in found] == EVERYBODY
    assert [seen.query for seen in portal.asked("/v2/users")] == [
        f"limit=50&offset={offset}" for offset in (0, 50, 100)
    ]
    assert found[:4] == [
        User(id="501", email="ana@example.com", name="Ana Silva"),
        User(id="502", email="twin@example.com", name="Bo Twin"),
        User(id="503", email="gone@example.com", name="Cy Gone", active=False),
        User(id="504", email=None, name="Di Post"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_whatever_fits_on_a_page_everybody_comes_once(start, size):
    """A portal may give less than it's asked for; what is asked for next follows what was given."""
    people = PEOPLE[:7]
    portal = start(Behaviour(people=people))
    pages = [people[at : at + size] for at in range(0, 7, size)]
    for page in pages:
        listed = {"total": 7, "hits": [{"id": person.id} for person in page]}
        portal.sandbox.fail(status=200, body=json.dumps(listed), on=LIST)
    assert [user.id for user in portal.users(UserQuery())] == [person.id for person in people]
    assert [seen.query for seen in portal.asked("/v2/users")] == [
        f"limit=50&offset={offset}" for offset in range(0, 7, size)
    ]


def test_an_address_that_two_share_gives_both_and_the_filter_is_the_portals_own(start):
    portal = start()
    found = portal.users(UserQuery(email="Twin@Example.com"))
    assert [user.id for user in found] == ["502", "629"]
    (asked,) = portal.asked("/v2/users")
    assert asked.query == "email=Twin%40Example.com&limit=50&offset=0"


def test_a_portal_without_the_filter_is_listed_whole_and_still_only_who_matches_is_found(start):
    """Wire facts §3.2: the filter is inferred."""
    portal = start(Behaviour(filters=False))
    assert [user.id for user in portal.users(UserQuery(email="twin@example.com"))] == ["502", "629"]
    assert len(portal.asked("/v2/users")) == 3


def test_the_filter_can_be_called_otherwise_or_be_missing(start):
    portal = start()
    assert portal.connection().connector.filters == {"email", "id"}
    assert portal.connection(email_filter="").connector.filters == {"id"}
    found = portal.users(UserQuery(email="ana@example.com"), email_filter="")
    assert [user.id for user in found] == ["501"]
    assert len(portal.asked("/v2/users")) == 3


def test_a_user_is_found_by_their_id_alone(start):
    portal = start()
    assert portal.users(UserQuery(id="503")) == [
        User(id="503", email="gone@example.com", name="Cy Gone", active=False)
    ]
    assert portal.users(UserQuery(id="99")) == []
    assert [seen.path for seen in portal.asked("/v2")] == ["/v2/users/503", "/v2/users/99"]


@pytest.mark.parametrize("identity", [".", "..", "../users", "501/login", "501?x=1", "501#", "%2e%2e", "a b"])
def test_what_could_lead_elsewhere_is_no_id_and_isnt_asked_for(start, identity):
    portal = start()
    assert portal.users(UserQuery(id=identity)) == []
    assert portal.asked("/v2") == []


def test_another_user_than_asked_for_is_nobody(start):
    portal = start()
    portal.sandbox.fail(status=200, body='{"id": "502"}', on="/v2/users/501")
    assert portal.users(UserQuery(id="501")) == []


@pytest.mark.parametrize("body", ["<h1>Not found</h1>", "", "[]", '{"message": "no Route matched"}'])
def test_404_from_something_that_isnt_go1_is_about_the_address(start, body):
    portal = start()
    portal.sandbox.fail(status=404, body=body, on="/v2/users/501")
    with pytest.raises(ServerError, match="check the URL"):
        portal.users(UserQuery(id="501"))


@pytest.mark.parametrize("query", [UserQuery(username="ana"), UserQuery(external_id="E-1")])
def test_what_the_portal_has_no_filter_for_lists_everybody(start, query):
    portal = start()
    assert len(portal.users(query)) == len(PEOPLE)


def test_nobody_is_found_without_an_error(start):
    assert start().users(UserQuery(email="nobody@example.com")) == []
    assert start(Behaviour(people=())).users(UserQuery()) == []


def test_the_names_of_keys_are_options(start):
    portal = start(Behaviour(users_key="users"))
    assert len(portal.users(UserQuery(), users_key="users")) == len(PEOPLE)
    body = {"total": 1, "hits": [{"id": 7, "email": "a@example.com", "open": "inactive"}]}
    portal.sandbox.fail(status=200, body=json.dumps(body), on=LIST)
    found = portal.users(UserQuery(), active_key="open")
    assert found == [User(id="7", email="a@example.com", active=False)]


@pytest.mark.parametrize("uses", [1, 2])
def test_a_token_that_expires_in_the_middle_of_the_pages_is_replaced(start, uses):
    portal = start(Behaviour(token_uses=uses))
    assert [user.id for user in portal.users(UserQuery())] == EVERYBODY
    assert len(portal.asked("/oauth/token")) > 1


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_429_in_the_middle_of_the_pages_says_until_when(start, form):
    portal = start()
    at = datetime.now(UTC) + timedelta(seconds=120)
    headers = {"seconds": {"Retry-After": "120"}, "date": {"Retry-After": format_datetime(at)}, "none": {}}
    portal.sandbox.fail(status=429, headers=headers[form], on=LIST, after=1)
    with pytest.raises(RateLimited) as caught:
        portal.users(UserQuery())
    if form == "none":
        assert caught.value.until is None
    else:
        assert abs((caught.value.until - at).total_seconds()) < 5


def test_a_pause_in_the_middle_of_the_pages_is_waited_for(start, clock):
    portal = start()
    for after in (1, 2):
        portal.sandbox.fail(status=429, headers={"Retry-After": "60"}, on=LIST, after=after)
    assert [user.id for user in portal.users(UserQuery(), clock=clock)] == EVERYBODY
    assert clock.waits == [60, 60]


@pytest.mark.parametrize(("seconds", "waits"), [(40, [40, 40]), (91, [])])
def test_patience_between_two_pages_has_an_end(start, clock, seconds, waits):
    portal = start()
    portal.sandbox.fail(status=429, headers={"Retry-After": str(seconds)}, on=LIST, after=1, times=9)
    with pytest.raises(RateLimited):
        portal.users(UserQuery(), clock=clock)
    assert clock.waits == waits


def test_only_501_says_that_the_portal_tells_nobody_who_its_users_are(start):
    portal = start()
    portal.sandbox.fail(status=501, on=LIST)
    with pytest.raises(Unsupported) as caught:
        portal.users(UserQuery())
    assert caught.value.status == 501


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 500, 502, 503, 504])
def test_whatever_else_is_answered_is_a_fault_of_the_connection(start, status):
    portal = start()
    portal.sandbox.fail(status=status, times=9, on=LIST)
    with pytest.raises(ServerError) as caught:
        portal.users(UserQuery())
    assert caught.value.status == status


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        "null",
        '"hits"',
        '{"hits": {}}',
        '{"hits": [[]]}',
        '{"hits": [null]}',
        '{"hits": [{}]}',
        '{"hits": [{"id": true}]}',
        '{"hits": [{"id": ""}]}',
        '{"hits": [{"id": {"a": 1}}]}',
        '{"hits": [{"id": 1.5}]}',
        '{"hits": [{"id": ".."}]}',
        '{"hits": [{"id": "1/2"}]}',
        '{"hits": [{"id": 1, "email": 5}]}',
        '{"hits": [{"id": 1, "first_name": ["Ana"]}]}',
        f'{{"hits": [{{"id": "{"9" * 5000}"}}]}}',
        '{"hits": ' + "[" * 5000,
        '{"hits": [{"id": "5',
        "<html>",
    ],
)
def test_nonsense_is_an_error_and_nobody_is_left_out_in_silence(start, body):
    portal = start()
    portal.sandbox.fail(status=200, body=body, on=LIST)
    with pytest.raises(ServerError):
        portal.users(UserQuery())


@pytest.mark.parametrize("total", ["many", None, -1, True, 1e300, [7]])
def test_a_total_that_is_none_is_no_reason_to_stop_early(start, total):
    portal = start()
    listed = [{"id": n} for n in range(50)]
    portal.sandbox.fail(status=200, body=json.dumps({"total": 99, "hits": listed}), on=LIST)
    page = {"total": total, "hits": [{"id": 50}]}
    portal.sandbox.fail(status=200, body=json.dumps(page), on=LIST)
    portal.sandbox.fail(status=200, body='{"hits": []}', on=LIST)
    assert len(portal.users(UserQuery())) == 51


def test_a_list_that_ends_before_its_total_is_an_error(start):
    """Who isn't listed would count as gone."""
    portal = start()
    portal.sandbox.fail(status=200, body='{"total": 9, "hits": [{"id": 1}]}', on=LIST)
    portal.sandbox.fail(status=200, body='{"total": 9, "hits": []}', on=LIST)
    with pytest.raises(ServerError, match="ends at 1 of 9"):
        portal.users(UserQuery())


def test_a_page_that_comes_again_and_again_ends_the_walk(start):
    portal = start()
    full = json.dumps({"total": 10**9, "hits": [{"id": n} for n in range(50)]})
    portal.sandbox.fail(status=200, body=full, times=99, on=LIST)
    with pytest.raises(ServerError, match="came twice"):
        portal.users(UserQuery())
    assert len(portal.asked("/v2/users")) == 2


def test_a_portal_that_knows_no_pages_is_read_once(start):
    portal = start()
    portal.sandbox.fail(status=200, body='{"hits": [{"id": 1}]}', times=99, on=LIST)
    assert [user.id for user in portal.users(UserQuery())] == ["1"]


def test_pages_that_never_end_are_an_error(start, monkeypatch):
    monkeypatch.setattr("passback_go1.directory._MOST_PAGES", 5)
    portal = start()
    for n in range(9):
        body = {"total": 10**9, "hits": [{"id": n}]}
        portal.sandbox.fail(status=200, body=json.dumps(body), on=LIST)
    with pytest.raises(ServerError, match="more than 5 pages"):
        portal.users(UserQuery())
    assert len(portal.asked("/v2/users")) == 5


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "truncate"])
def test_a_cut_connection_is_no_answer(start, fault):
    portal = start()
    getattr(portal.sandbox, fault)(times=9, on=LIST)
    with pytest.raises(CannotConnect):
        portal.users(UserQuery())


def test_a_page_of_a_proxy_is_no_list_of_users(start):
    portal = start()
    portal.sandbox.html(on=LIST)
    with pytest.raises(ServerError, match="no JSON"):
        portal.users(UserQuery())


def test_a_slow_portal_isnt_waited_for_without_end(start):
    portal = start()
    portal.sandbox.slow(1.5, times=2, on=LIST)
    with pytest.raises(CannotConnect, match="no answer in time"):
        portal.users(UserQuery(), read=0.2)


def test_a_hostile_address_of_a_learner_stays_one_parameter(start):
    portal = start(Behaviour(people=(Person(id="1", email="a&limit=1#@example.com"),)))
    found = portal.users(UserQuery(email="a&limit=1#@example.com"))
    assert [user.id for user in found] == ["1"]


def propose(start, learner=None, assertion=None, **options):
    learner = learner or Learner(id="u-1", email="host@example.com")
    request = IdentityRequest(learner=learner, assertion=assertion)
    return start().connection(**options).map_identity(request)


def said(**attributes):
    return Assertion(issuer="idp", subject="s", attributes=attributes)


def by_email(address):
    return IdentityProposal(user_id=address, matched_by="email")


def test_who_signed_in_is_known_by_the_address_that_they_signed_in_with(start):
    assert propose(start, assertion=said(email=("ana@example.com",))) == by_email("ana@example.com")
    assert propose(start, assertion=said(mail=("a@b.example",)), identity_attribute="mail") == by_email(
        "a@b.example"
    )


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"Email": ("ana@example.com",)},
        {"email": ()},
        {"email": ("ana@example.com", "bo@example.com")},
        {"email": ("ana",)},
        {"email": ("",)},
        {"email": ("ana@example.com\n",)},
    ],
)
def test_who_signed_in_without_one_address_in_that_exact_attribute_is_nobody(start, attributes):
    assert propose(start, assertion=said(**attributes)) is None


def test_without_a_sign_in_the_learners_own_address_counts(start):
    assert propose(start) == by_email("host@example.com")
    assert propose(start, Learner(id="ana@example.com")) == by_email("ana@example.com")
    assert propose(start, Learner(id="u-1")) is None
