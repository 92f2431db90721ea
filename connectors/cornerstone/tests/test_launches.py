"""A launch comes through the learner's browser: it names this portal and a plain path in it, or it's none."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import Launch, LaunchQuery, SystemClock
from passback_cornerstone import CornerstoneOptions
from passback_cornerstone.launches import read, target

GUID = "7c3f1d52-aaaa-4bbb-8ccc-000000000001"
GOOD = {
    "userGuid": GUID,
    "sessionToken": "t0ken+/==",
    "callbackUrl": "/services/callback",
    "fqdn": "acme.csod.com",
}
NOW = SystemClock().now()


def options(**changes):
    given = {"url": "https://acme.csod.com", "callback": {"key": "us", "secret": "hush-hush"}}
    return CornerstoneOptions.model_validate(given | changes)


def read_pairs(pairs, **changes):
    configured = options(**changes)
    return read(LaunchQuery(pairs=tuple(pairs)), configured, configured.callback, NOW)


def launched(query=None, **changes):
    return read_pairs((query or GOOD).items(), **changes)


def where(launch, **changes):
    configured = options(**changes)
    found = target(launch, configured, configured.callback)
    return None if found is None else found.url


def test_a_launch_says_who_it_is_and_lives_two_hours():
    launch = launched()
    assert launch.user_id == GUID
    assert launch.expires == NOW + timedelta(hours=2)
    assert where(launch) == "https://acme.csod.com/services/callback/progress"


def test_a_guid_is_the_same_in_upper_case():
    assert launched(GOOD | {"userGuid": GUID.upper()}).user_id == GUID


def test_the_whole_query_is_kept_in_its_order_with_its_repeats():
    pairs = (("x", "1"), *GOOD.items(), ("x", "2"))
    assert read_pairs(pairs).passthrough == pairs


@pytest.mark.parametrize(
    "path",
    [
        "@evil.example/x",
        "//evil.example",
        "//evil.example/x",
        "https:evil",
        "https://evil.example/x",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        ".evil.example/x",
        ":443@evil.example/",
        "/a/../b",
        "/..",
        "/a/./b",
        "/a/%2e%2e/b",
        "/%2f%2fevil.example",
        "/a%00b",
        "/a\r\nHost: evil.example",
        "/a\tb",
        "/a b",
        "/a?x=1",
        "/a#b",
        "/a;b",
        "/a@b",
        "/a//b",
        "/é",
        "/\u2025/b",
        "",
        "/",
        "a",
        " /a",
        "/" + "a" * 2000,
    ],
)
def test_a_callback_that_is_no_plain_path_makes_it_no_launch(path):
    assert launched(GOOD | {"callbackUrl": path}) is None


@given(st.text(max_size=60) | st.from_regex(r"[/\\@:.%a-z0-9;?#]{1,30}", fullmatch=True))
def test_whatever_the_callback_is_it_leads_to_this_portal_or_nowhere(path):
    launch = launched(GOOD | {"callbackUrl": path})
    assert launch is None or where(launch) == f"https://acme.csod.com{path.rstrip('/')}/progress"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "acme.csod.com.evil.example",
        "evil.example/acme.csod.com",
        "acme.csod.com@evil.example",
        "evil.example#acme.csod.com",
        "acme.csod.com:444",
        "acme.csod.com.",
        "acme-pilot.csod.com",
        "other.csod.com",
        " acme.csod.com",
        "",
    ],
)
def test_another_host_makes_it_no_launch_however_it_is_written(host):
    assert launched(GOOD | {"fqdn": host}) is None


def test_a_host_is_known_in_any_case_and_by_its_other_names():
    assert where(launched(GOOD | {"fqdn": "ACME.csod.COM"})).startswith("https://acme.csod.com/")
    also = {"hosts": ["learn.acme.example"]}
    launch = launched(GOOD | {"fqdn": "learn.acme.example"}, **also)
    assert where(launch, **also).startswith("https://learn.acme.example/")
    assert where(launch) is None, "a host that is no longer configured gets no token"


@pytest.mark.parametrize(
    ("url", "named", "is_launch"),
    [
        ("https://acme.csod.com", "acme", True),
        ("https://acme.csod.com", "ACME", True),
        ("https://acme.csod.com", "acme-pilot", False),
        ("https://acme-pilot.csod.com", "acme-pilot", True),
        ("https://acme-pilot.csod.com", "acme", False),
        ("https://acme.csod.com", "evil.example/", False),
        ("https://learn.acme.example", "acme", False),
    ],
)
def test_a_name_is_compared_and_never_made_into_a_host(url, named, is_launch):
    query = {name: text for name, text in GOOD.items() if name != "fqdn"} | {"subdomain": named}
    launch = launched(query, url=url)
    assert (launch is not None) is is_launch
    if launch is not None:
        assert where(launch, url=url).startswith(f"{url}/")


def test_the_name_of_a_portal_with_its_own_domain_is_configured():
    query = {name: text for name, text in GOOD.items() if name != "fqdn"} | {"subdomain": "acme"}
    assert launched(query, url="https://learn.acme.example", subdomain="acme") is not None


def test_host_and_name_must_both_be_this_portal():
    assert launched(GOOD | {"subdomain": "acme"}) is not None
    assert launched(GOOD | {"subdomain": "other"}) is None


@pytest.mark.parametrize("name", ["userGuid", "sessionToken", "callbackUrl", "fqdn"])
def test_without_any_part_of_it_it_is_no_launch(name):
    assert launched({key: text for key, text in GOOD.items() if key != name}) is None


@pytest.mark.parametrize("name", list(GOOD))
def test_a_part_given_twice_with_two_values_is_no_launch(name):
    assert read_pairs([*GOOD.items(), (name, "/other")]) is None
    assert read_pairs([*GOOD.items(), (name, GOOD[name])]) is not None


@pytest.mark.parametrize(
    "change",
    [
        {"userGuid": "7"},
        {"userGuid": f"{GUID}'--"},
        {"userGuid": f"{GUID}\n"},
        {"sessionToken": ""},
        {"sessionToken": "a b"},
        {"sessionToken": "a\nb"},
        {"sessionToken": "a" * 5000},
        {"other": "x" * 20_000},
    ],
)
def test_what_is_no_guid_and_no_token_is_no_launch(change):
    assert launched(GOOD | change) is None


def test_hundreds_of_parameters_are_no_launch():
    assert read_pairs([*GOOD.items(), *(("x", "1") for _ in range(200))]) is None


def test_a_path_can_be_narrowed_and_a_launch_kept_from_before_is_bound_by_it():
    narrow = {"callback": {"key": "us", "secret": "hush-hush", "path": "/services/"}}
    assert launched(**narrow) is not None
    launch = launched(GOOD | {"callbackUrl": "/robots"})
    assert where(launch) == "https://acme.csod.com/robots/progress"
    assert where(launch, **narrow) is None


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"portal": "https://evil.example", "path": "/a", "token": "t"},
        {"portal": "https://acme.csod.com", "path": "@evil.example", "token": "t"},
        {"portal": "https://acme.csod.com", "path": "/a", "token": "a b"},
    ],
)
def test_what_was_kept_is_looked_at_again_before_it_is_used(kept):
    assert where(Launch(parameters=kept)) is None


def test_a_launch_shows_no_token():
    launch = launched()
    configured = options()
    shown = repr(launch) + repr(target(launch, configured, configured.callback))
    assert GOOD["sessionToken"] not in shown


def test_without_a_provider_key_launches_are_not_read(csod):
    query = LaunchQuery(pairs=tuple(csod.sandbox.launch(csod.sandbox.people[0].username, csod.url)))
    assert csod.connection().read_launch(query) is not None
    assert csod.connection(callback=None).read_launch(query) is None
