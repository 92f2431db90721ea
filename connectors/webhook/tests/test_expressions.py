"""An expression is checked when the configuration loads, and bounded whatever it does."""

import json
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passback_webhook.expressions import Budget, Expression, ExpressionFailed, Template
from passback_webhook.facts import MESSAGE

FACTS = {"now": "2026-11-21T09:30:00Z", "n": 0.125, "words": ["a", "b"], "none": None}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lerner.id", "did you mean 'learner'"),
        ("learner.emial", "did you mean 'email'"),
        ("result.score.rav", "did you mean 'raw'"),
        ("learner.[id, mail]", "there is no 'mail' here"),
        ("join(', ', [learner.name, activity.nam])", "did you mean 'name'"),
        ("acme", "a fixed text is written 'acme', in single quotes"),
        ("score == true", "the constant is written `true`, in backticks"),
        ("flor(score)", "did you mean floor()"),
        ("loop()", "there is no function loop()"),
        ("join(learner.id)", "join() takes 2 arguments, not 1"),
        ("not_null()", "not_null() takes at least 1 argument, not 0"),
        ("learner.id ==", "this is no expression (it ends too early)"),
        ("'open", "this is no expression (at column 1, unclosed ' delimiter)"),
        ("{{learner}}", "this is no expression (at column 2, at '{')"),
        ("", "in single quotes of its own"),
        ("(" * 3000, "nested too deep"),
        ("`" + "[" * 900 + "]" * 900 + "`", "nested"),
        ("!" * 100 + "score", "nested deeper than 64 levels"),
        ("a" * 5000, "at most 4096 characters"),
        ("`acme`", "what stands in backticks is no JSON"),
        ("`NaN`", "which JSON doesn't have"),
        ("`1e999`", "which JSON doesn't have"),
        ("&score", "can only be given to a function"),
    ],
)
def test_a_mistake_is_told_with_what_was_probably_meant(text, hint):
    with pytest.raises(ValueError, match=r".") as mistake:
        Expression(text, MESSAGE)
    assert hint in str(mistake.value)


@pytest.mark.parametrize(
    "text",
    [
        "learner.id",
        "learner.{a: id, b: email}",
        "result.extensions.anything.at.all",
        "result.extensions.list[?x > `1`].y | [0]",
        "not_null(learner.external_id, learner.address)",
        "map(&anything, result.extensions.list)",
        "score == `null` && 'none' || 'some'",
        "learner | id",
        "@",
    ],
)
def test_what_can_be_is_taken(text):
    Expression(text, MESSAGE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("round(multiply(n, `100`), `0`)", 13),
        ("round(multiply(n, `100`), `1`)", 12.5),
        ("multiply(none, `100`)", None),
        ("divide(`1`, `0`)", None),
        ("divide(`1`, `4`)", 0.25),
        ("subtract(`1`, `0.5`)", 0.5),
        ("add(`1`, `2`)", 3),
        ("round(none, `0`)", None),
        ("milliseconds(now)", 1795253400000),
        ("format_time(now, '%d.%m.%Y %H:%M')", "21.11.2026 09:30"),
        ("format_time(in_zone(now, 'Europe/Zurich'), '%H:%M %z')", "10:30 +0100"),
        ("format_time(none, '%Y')", None),
        ("pick({a: 'x'}, 'a')", "x"),
        ("pick({a: 'x'}, 'b')", None),
        ("pick({a: 'x'}, none)", None),
        ("upper('aß')", "ASS"),
        ("lower('ÄB')", "äb"),
        ("trim(' a ')", "a"),
        ("replace('a-b', '-', '')", "ab"),
        ("split('a,b', ',')[1]", "b"),
        ("split('a,b', '')", ["a,b"]),
        ("substring('abcdef', `1`, `3`)", "bcd"),
        ("join('', words)", "ab"),
        ("`1` == `true`", False),
        ("missing.deep.down", None),
    ],
)
def test_what_messages_need_beside_jmespath_is_there(text, value):
    assert Expression(text).value(FACTS) == value


@pytest.mark.parametrize(
    "text",
    [
        "__class__",
        "__class__.__init__.__globals__",
        "words.append",
        "now.__class__",
        "keys(@).__class__",
        "to_string(@).format",
        '"__class__"."__mro__"[1]',
        "words[*].__class__ | [0]",
    ],
)
def test_nothing_but_data_can_be_reached(text):
    assert Expression(text).value(FACTS) is None


DOUBLINGS = ["[@,@]", "{a:@,b:@}", "[@,@][]", "merge({a:@}, {b:@})", "to_array([@,@])", "[@,@] | [*].[@,@]"]


@pytest.mark.parametrize(
    "text",
    [
        *("|".join([step] * 30) for step in DOUBLINGS),
        "to_string(" + "|".join(["[@,@]"] * 50) + ")",
        "'aaaaaaaaaaaaaaaa'|" + "|".join(["join('', [@,@])"] * 60),
        "'aaaaaaaaaaaaaaaa'|" + "|".join(["replace(@, 'a', 'aaaaaaaaaaaaaaaa')"] * 30),
        "`[1,1,1,1,1,1,1,1]`|" + "|".join(["map(&[@,@,@,@,@,@,@,@], @)[]"] * 30),
        "`[1,1,1,1,1,1,1,1]`|" + "|".join(["[*].[@,@,@,@][]"] * 30) + "|sort_by(@, &to_string(@))",
        "`10`|" + "|".join(["multiply(@,@)"] * 60),
        "'9'|" + "|".join(["join('', [@,@,@,@])"] * 9) + "|to_number(@)",
        "|".join(["[@,@]"] * 30) + " == " + "|".join(["[@,@]"] * 30),
        "contains([" + "|".join(["[@,@]"] * 30) + "], " + "|".join(["[@,@]"] * 30) + ")",
        "format_time(now, '%99999999Y')",
        "format_time(now, '%010000000d')",
        "in_zone(now, '../../../etc/passwd')",
        "in_zone(now, '/etc/passwd')",
        "to_number('nan')",
        "to_number('1e999')",
        "sum(`[1e308, 1e308]`)",
        "to_string(&a)",
        "[&a, &b]",
        "abs('x')",
        "'a' < `1`",
        "words[::0]",
        "format_time('yesterday', '%Y')",
    ],
)
def test_a_hostile_expression_fails_within_a_moment(text):
    expression = Expression(text)
    started = time.process_time()
    with pytest.raises(ExpressionFailed) as failure:
        expression.value(FACTS)
    assert time.process_time() - started < 3
    assert len(str(failure.value)) < 300


def test_texts_that_a_function_makes_again_and_again_fill_no_memory():
    longer = f"replace('{'a' * 1000}', 'a', '{'b' * 1000}')"
    expression = Expression(f"map(&{longer}, list)")
    tracemalloc.start()
    with pytest.raises(ExpressionFailed, match="too many steps"):
        expression.value({"list": [0] * 300})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_all_expressions_of_a_message_share_one_budget():
    costly = "|".join(["[@,@]"] * 10)
    Template({"a": costly}).filled(FACTS, Budget())
    with pytest.raises(ExpressionFailed, match="too many steps"):
        Template([costly] * 20).filled(FACTS, Budget())


def test_a_failure_says_where_and_quotes_no_data():
    template = Template({"user": {"names": ["'x'", "abs(secret)"]}})
    with pytest.raises(ExpressionFailed) as failure:
        template.filled({"secret": "s3cr3t"}, Budget())
    assert str(failure.value) == "user.names[1]: abs(secret): abs() was given what it can't take"


def test_a_mistake_in_a_template_says_where():
    with pytest.raises(ValueError, match=r"^user\.names\[1\]: there is no 'nam' here"):
        Template({"user": {"names": ["'x'", "nam"]}}, MESSAGE)


def test_a_template_has_a_bounded_number_of_expressions():
    with pytest.raises(ValueError, match="at most 500"):
        Template(["now"] * 501)


def test_what_is_no_text_stands_as_it_is():
    shape = {"a": 1, "b": 1.5, "c": True, "d": None, "e": [1, {"f": False}]}
    assert Template(shape).filled({}, Budget()) == shape


STEPS = st.sampled_from(
    [
        *DOUBLINGS,
        "@",
        "[]",
        "[*]",
        "*",
        "keys(@)",
        "values(@)",
        "length(@)",
        "to_string(@)",
        "to_array(@)",
        "reverse(@)",
        "sort(@)",
        "join('xyz', @)",
        "map(&[@,@], @)",
        "map(&to_string(@), @)",
        "sort_by(@, &length(@))",
        "max_by(@, &length(@))",
        "replace(@, 'a', @)",
        "split(@, 'a')",
        "multiply(@, @)",
        "[?@ == @]",
        "[0]",
        "[1:]",
        "@ == [@]",
        "not_null(@, `1`)",
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=40))
def test_whatever_is_chained_ends_soon_and_gives_json_or_fails(steps):
    started = time.process_time()
    try:
        value = Expression("|".join(steps)).value({"a": ["aaaa", "bab"], "b": {"c": 2, "d": "a"}})
    except ExpressionFailed:
        return
    finally:
        assert time.process_time() - started < 3
    assert len(json.dumps(value, allow_nan=False)) < 5_000_000


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab.[]{}()*?&|!<>=`'\",:@_0-9 lengthjoi", max_size=40))
def test_any_text_is_an_expression_or_a_mistake(text):
    try:
        expression = Expression(text)
    except ValueError:
        return
    with suppress(ExpressionFailed):
        json.dumps(expression.value({"a": [1, {"b": "x"}]}), allow_nan=False)
