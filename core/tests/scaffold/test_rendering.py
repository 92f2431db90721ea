"""From a template to a text."""

import pytest

from passback.scaffold.rendering import render

PARTS = """first
%% if results
results
%% if key
with a key
%% end
%% else
no results
%% end
%% if results users
either
%% end
last
"""


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ((), "first no-results last"),
        (("users",), "first no-results either last"),
        (("results",), "first results either last"),
        (("results", "key"), "first results with-a-key either last"),
        (("key",), "first no-results last"),
    ],
)
def test_a_part_stands_for_those_who_want_one_of_its_features(features, expected):
    rendered = render(PARTS, frozenset(features), {})
    assert [line.replace(" ", "-") for line in rendered.splitlines()] == expected.split()


def test_a_value_stands_in_its_place_and_a_dollar_stays_one():
    assert render("$name ${name}s $$name\n", frozenset(), {"name": "a$b"}) == "a$b a$bs $name\n"


def test_a_value_that_nobody_gave_is_a_mistake():
    with pytest.raises(KeyError):
        render("$nobody\n", frozenset(), {})


def test_only_what_is_used_is_imported():
    template = "import json\nimport re\nfrom a import B, C, D\nfrom e import F\n\nprint(re, B, D)\n"
    assert render(template, frozenset(), {}) == "import re\nfrom a import B, D\n\nprint(re, B, D)\n"


def test_a_group_of_imports_of_which_none_is_used_leaves_no_gap():
    template = "from a import B\n\nfrom c import D\n\nfrom e import F\n\nprint(B, F)\n"
    assert render(template, frozenset(), {}) == "from a import B\n\nfrom e import F\n\nprint(B, F)\n"


def test_an_import_that_is_too_long_for_a_line_gets_one_for_each_name():
    names = [f"a_name_that_is_long_{n}" for n in range(5)]
    template = f"from a import {', '.join(names)}\n\nprint({' + '.join(names)})\n"
    lines = render(template, frozenset(), {}).splitlines()
    assert lines[:7] == ["from a import (", *(f"    {name}," for name in names), ")"]
