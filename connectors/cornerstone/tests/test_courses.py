"""Course ids fit Cornerstone, stay the same, differ where activities do, and can be led back."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from passback_cornerstone import activity_id, course_id

ACTIVITY = st.text(min_size=1, max_size=120).filter(str.strip) | st.from_regex(
    r"(https://example\.com/|x_|h_)?[a-zA-Z0-9_/.-]{1,60}", fullmatch=True
)


@given(ACTIVITY)
@example("x_")
@example("h_" + "a" * 32)
@example("x_a_2f")
@example("a" * 51)
def test_an_id_fits_and_is_led_back_unless_it_is_a_digest(activity):
    course = course_id(activity)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,50}", course)
    assert course == course_id(activity)
    assert activity_id(course) == (None if course.startswith("h_") else activity)


@given(ACTIVITY, ACTIVITY)
@example("x_a", "a")
@example("x_x_5fa", "x_a")
def test_two_activities_have_two_ids(one, other):
    assert (course_id(one) == course_id(other)) is (one == other)


@pytest.mark.parametrize(
    ("activity", "course"),
    [
        ("ladder-1", "ladder-1"),
        ("Ladder_1", "Ladder_1"),
        ("a.b", "x_a_2eb"),
        ("https://example.com/crane", "x_https_3a_2f_2fexample_2ecom_2fcrane"),
        ("Kran für Anfänger", "x_Kran_20f_c3_bcr_20Anf_c3_a4nger"),
        ("https://example.com/courses/2026/crane/for/beginners", "h_ifog4tfiufh42d4vjnoithvzn5fix74o"),
    ],
)
def test_ids_never_change_with_a_release(activity, course):
    """Cornerstone keeps transcripts by them."""
    assert course_id(activity) == course


@pytest.mark.parametrize("course", ["x_", "x_zz_", "x__ff", "x__g0", "h_abc", "a.b", "", "x_a", "x_a_2F"])
def test_what_no_activity_gives_leads_back_to_none(course):
    assert activity_id(course) is None


def test_a_configured_id_goes_before_and_is_led_back_whatever_its_length():
    courses = {"https://example.com/" + "a" * 80: "crane-2"}
    (activity,) = courses
    assert course_id(activity, courses) == "crane-2"
    assert activity_id("crane-2", courses) == activity
    assert course_id("other", courses) == "other"


@pytest.mark.parametrize("taken", ["crane-2", "x_crane-2"])
def test_what_is_configured_for_one_activity_is_no_other_activitys_id(taken):
    courses = {"https://example.com/crane": taken, "other": "crane-2"}
    others = {course_id(activity, courses) for activity in ("crane-2", "x_crane-2")}
    assert not others & set(courses.values())
    assert len(others) == 2
