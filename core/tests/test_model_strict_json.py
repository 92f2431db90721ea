"""What much depends on is read so that no other reader can understand it differently."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import json_object

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


def nested(levels):
    return b'{"a":' * levels + b"1" + b"}" * levels


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, 2.5, true, null, "x"]}\n', {"a": [1, 2.5, True, None, "x"]}),
        (b'{"a": {"b": 1}, "b": {"b": 1}}', {"a": {"b": 1}, "b": {"b": 1}}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\N{GRINNING FACE}"}),
        (b'{"a": "\\\\u0000 \\\\ud800"}', {"a": "\\u0000 \\ud800"}),
        ('{"\u00fc": "\u5b66"}'.encode(), {"\u00fc": "\u5b66"}),
    ],
)
def test_an_object_is_read_as_it_is(text, value):
    assert json_object(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"b": {"a": 1, "a": 2}}]',
        b'{"b": [{"a": 1, "a": 2}]}',
    ],
)
def test_a_name_that_stands_twice_is_refused_wherever_it_is(text):
    """RFC 7493 §2.3."""
    with pytest.raises(ValueError, match="in one way only"):
        json_object(text)


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999"])
@pytest.mark.parametrize("place", [b'{"a": %b}', b'{"a": [%b]}', b'{"a": {"b": [0, %b]}}'])
def test_a_number_that_is_none_is_refused_wherever_it_is(number, place):
    """RFC 7493 §2.2."""
    with pytest.raises(ValueError, match="can be kept"):
        json_object(place % number)


@pytest.mark.parametrize("unfit", [b"\\ud800", b"x\\udfff", b"\\ude00\\ud83d", b"\\u0000", b"\\\\\\u0000"])
@pytest.mark.parametrize("place", [b'{"a": "%b"}', b'{"%b": 1}', b'{"a": ["%b"]}', b'{"a": {"%b": 1}}'])
def test_what_is_no_character_that_can_be_kept_is_refused_wherever_it_is(unfit, place):
    """RFC 7493 §2.1."""
    with pytest.raises(ValueError, match="can be kept"):
        json_object(place % unfit)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"{} {}", b"{'a': 1}", b'{"a": 1,}', b"\xef\xbb\xbf{}", b'{"a": "\xff"}', b'{"a": "\0"}'],
)
def test_what_is_no_json_in_utf_8_is_refused(text):
    with pytest.raises(ValueError, match="in one way only"):
        json_object(text)


@pytest.mark.parametrize("text", [b"[]", b"[{}]", b'"a"', b"1", b"null", b"true"])
def test_what_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match="a JSON object"):
        json_object(text)


def test_depth_is_bounded():
    assert json_object(nested(100))
    for deep in (nested(101), nested(50_000), b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"):
        with pytest.raises(ValueError, match="expected"):
            json_object(deep)


def test_size_is_bounded():
    assert json_object(b"{}".ljust(512 * 1024)) == {}
    with pytest.raises(ValueError, match="at most 512 KiB"):
        json_object(b"{}".ljust(512 * 1024 + 1))


def test_no_refusal_repeats_what_was_read():
    for text in (b'{"t0p": "s3cr3t", "t0p": 1}', b'{"t0p": "s3cr3t"', b'["s3cr3t"]', b'{"s3cr3t": NaN}'):
        with pytest.raises(ValueError, match="expected") as refused:
            json_object(text)
        assert "s3cr3t" not in str(refused.value)
        assert "t0p" not in str(refused.value)
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


@given(text=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_is_taken_is_what_anybody_reads_and_can_be_written_again(text):
    try:
        found = json_object(text)
    except ValueError:
        return
    assert found == json.loads(text)
    again = json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    assert json_object(again) == found
