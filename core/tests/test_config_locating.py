"""A mistake is told with the line on which the statement begins that made it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback.host.config.locating import Locator


@pytest.mark.parametrize(
    ("text", "place", "line"),
    [
        ("a = 1\nb = 2", ("b",), 2),
        ("# a = 1\n\n  a = 1", ("a",), 3),
        ("[x]\n[x.y]\na = 1", ("x", "y", "a"), 3),
        ("[x.y]\na = 1\n[x]\nb = 2", ("x",), 3),
        ("[x.y]\na = 1", ("x",), 1),
        ("[x]\ny.a = 1\ny.b = 2", ("x", "y", "b"), 3),
        ("[x]\ny = {a = 1, b = {c = 2}}", ("x", "y", "b", "c"), 2),
        ('["x.y"]\n"a b" = 1\n\'c\' = 2', ("x.y", "c"), 3),
        ("a = [\n  1,\n  # ]\n  2,\n]\nb = 1", ("a", 1), 1),
        ("a = [\n  1,\n  # ]\n  2,\n]\nb = 1", ("b",), 6),
        ('a = """\n[x]\nb = 1\n"""\nb = 2', ("b",), 5),
        ('a = """x\\"""\n""" \nb = 2', ("b",), 3),
        ('a = """x"""""\nb = 2', ("b",), 2),
        ("a = '''\n[[''x''''\nb = 2", ("b",), 3),
        ('a = "[" # {\nb = \'"\'\nc = 1', ("c",), 3),
        ("a = 1\r\n\r\nb = '''\r\n'''\r\nc = 1\r\n", ("c",), 5),
        ("[[x]]\na = 1\n[[x]]\na = 2\n[x.y]\nb = 3", ("x", 1, "a"), 4),
        ("[[x]]\na = 1\n[[x]]\na = 2\n[x.y]\nb = 3", ("x", 1, "y", "b"), 6),
        ("[[x]]\n[[x.y]]\n[[x.y]]\nb = 3", ("x", 0, "y", 1, "b"), 4),
        ("[x]\na = 1", ("x", "missing"), 1),
        ("a = 1", ("missing",), 1),
    ],
)
def test_the_line_is_the_one_where_the_statement_begins(text, place, line):
    assert Locator(text).line(place) == line


KEYS = st.text(st.sampled_from('ab.#"=[\\ é'), min_size=1, max_size=3)
VALUES = st.sampled_from(
    [
        "1",
        '"# ["',
        "'\"'",
        '"""\n[a]\n"""',
        "'''\n\"\"\"\n'''",
        "[\n1, # ]\n2\n]",
        '{ "é" = ["}"] }',
        '""',
        "[]",
    ]
)
GAPS = st.sampled_from(["", "\n", "# [x]\n", '  \n\t# """\n'])


def quoted(key):
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    tables=st.dictionaries(
        st.tuples(KEYS, KEYS) | st.tuples(KEYS),
        st.dictionaries(KEYS.map("x".__add__), st.tuples(GAPS, VALUES), max_size=4),
        max_size=5,
    ),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_every_key_of_any_document_is_found_where_it_stands(tables, newline):
    text, expected = "", {}
    for header, table in tables.items():
        expected[header] = text.count("\n") + 1
        text += f"[{'.'.join(map(quoted, header))}]\n"
        for key, (gap, value) in table.items():
            text += gap
            expected[*header, key] = text.count("\n") + 1
            text += f"{quoted(key)} = {value} # {key!r}\n"
    locator = Locator(text.replace("\n", newline))
    assert {place: locator.line(place) for place in expected} == expected


def test_fifty_mistakes_in_a_long_file_are_found_at_once():
    text = "".join(f"[connections.c{at}]\na = 1\nb = [\n1,\n]\n" for at in range(400))
    started = time.perf_counter()
    locator = Locator(text)
    assert [locator.line(("connections", f"c{at}", "b")) for at in range(50)] == [
        5 * at + 3 for at in range(50)
    ]
    assert time.perf_counter() - started < 2
