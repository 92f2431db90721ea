"""What a scaffold is asked for, and what is refused with a word about what would do."""

import pytest

from passback.scaffold import AUTHENTICATIONS, CAPABILITIES, ExtraOption, Plan


@pytest.mark.parametrize(
    ("name", "distribution", "package", "prefix"),
    [
        ("acme", "passback-acme", "passback_acme", "Acme"),
        ("acme-learn", "passback-acme-learn", "passback_acme_learn", "AcmeLearn"),
        ("lms360", "passback-lms360", "passback_lms360", "Lms360"),
        ("a" * 30, f"passback-{'a' * 30}", f"passback_{'a' * 30}", f"A{'a' * 29}"),
    ],
)
def test_everything_is_named_after_the_connector(name, distribution, package, prefix):
    plan = Plan(name=name)
    values = plan.values()
    assert (plan.distribution, plan.package, values["Name"]) == (distribution, package, prefix)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "a word of Python's"),
        ("passback-acme", "leave passback out"),
        ("", "expected small letters"),
        ("Acme", "expected small letters"),
        ("acme_learn", "expected small letters"),
        ("acme.learn", "expected small letters"),
        ("../acme", "expected small letters"),
        ("acme\n", "expected small letters"),
        ("1acme", "a letter first"),
        ("acme-", "single hyphens"),
        ("acme--learn", "single hyphens"),
        ("äcme", "expected small letters"),
        ("a" * 31, "at most 30"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_what_can(name, why):
    with pytest.raises(ValueError, match=why):
        Plan(name=name)


@pytest.mark.parametrize("auth", ["", "oauth", "Bearer"])
def test_an_unknown_way_to_prove_requests_is_refused_with_those_there_are(auth):
    with pytest.raises(ValueError, match=", ".join(AUTHENTICATIONS)):
        Plan(name="acme", auth=auth)


def test_an_unknown_capability_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match=", ".join(CAPABILITIES)):
        Plan(name="acme", capabilities=frozenset({"submit_results", "list_courses"}))


@pytest.mark.parametrize("able", [(), ("map_identity",), ("map_identity", "read_launch")])
def test_a_connector_that_neither_sends_nor_lists_is_refused(able):
    with pytest.raises(ValueError, match="submit_results or lookup_users"):
        Plan(name="acme", capabilities=frozenset(able))


@pytest.mark.parametrize(
    "name",
    ["", "Portal", "por-tal", "class", "url", "token", "launch_secret", "copy", "json", "model_x", "a" * 41],
)
def test_an_option_that_would_hide_something_is_refused(name):
    with pytest.raises(ValueError, match=repr(name)):
        ExtraOption(name, "Which one.")


@pytest.mark.parametrize("text", ['with "quotes"', "back\\slash", "two\nlines", "a|b", "x" * 71])
def test_a_text_that_would_break_a_file_is_refused(text):
    with pytest.raises(ValueError, match="expected a line"):
        ExtraOption("portal", text)
    with pytest.raises(ValueError, match="expected a line"):
        Plan(name="acme", author=text)


def test_an_option_is_given_once():
    twice = (ExtraOption("portal", "Which."), ExtraOption("portal", "What."))
    with pytest.raises(ValueError, match="'portal' is asked for twice"):
        Plan(name="acme", options=twice)
