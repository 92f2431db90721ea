"""The same trouble of many learners is one reason, also where a system names each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback.alerts.likeness import common, likeness

ALIKE = [
    (["no user ada@example.com", "no user bob+x@example.org"], "no user …"),
    (["/users/1007 is closed", "/users/4711 is closed"], "/users/… is closed"),
    (["user l-1234 of acme2026 is gone", "user l-1235 of acme2026 is gone"], "user … of acme2026 is gone"),
    (["it answered 404: no u10001", "it answered 404: no u10002"], "it answered 404: no …"),
    (["since 2026-11-23T09:00:00Z", "since 2026-11-24T09:00:00Z"], "since …:00:00Z"),
    (["nothing to name"], "nothing to name"),
]
DIFFERENT = [
    ("it answered 404: no user", "it answered 403: no user"),
    ('{"message": "User not found"}', '{"message": "Course closed"}'),
    ("no user", "no course"),
    ("rule 7 is broken", "rule 8 is broken"),
]


@pytest.mark.parametrize(("reasons", "one"), ALIKE)
def test_reasons_that_differ_in_whom_they_name_are_one_that_names_nobody(reasons, one):
    assert len({likeness(each) for each in reasons}) == 1
    assert common(reasons) == one


@pytest.mark.parametrize("pair", DIFFERENT)
def test_reasons_that_say_something_else_stay_apart(pair):
    assert likeness(pair[0]) != likeness(pair[1])


@given(st.text(max_size=80))
def test_a_reason_by_itself_stays_as_it_is(reason):
    assert common([reason]) == reason
    assert common([reason, reason]) == reason
