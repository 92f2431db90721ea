"""Whatever is done to a message, it signs in nobody else, says nothing else, and breaks nothing.

Nothing but `SignInRefused` is raised: `Connection` would turn anything else into a `ContractError`.
"""

import contextlib
import copy
import functools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from passback import SignInRefused

fuzzed = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"<!--x-->",
            b"<!DOCTYPE x>",
            b"&#x0;",
            b"&lt;",
            b"<![CDATA[x]]>",
            b"</saml:Assertion>",
            b'<saml:Assertion ID="_a1">',
            b' ID="_a1"',
            b' xmlns:saml="urn:x"',
            b"\xef\xbb\xbf",
            b"\xff",
            b"attacker",
        ]
    ),
)


@functools.cache
def goods(idp):
    """Return good messages, signed in the ways that there are."""
    plain = idp.unsigned()
    alone, around = idp.signed(plain), idp.signed(plain, "_r1")
    return [etree.tostring(each) for each in (alone, around, idp.signed(alone, "_r1"))]


def harmless(site, idp, message):
    """See `message` refused, or taken for what the provider really said."""
    said = None
    with contextlib.suppress(SignInRefused):
        said = site.finish(message)
    if said is None:
        return
    assert (said.issuer, said.subject, said.subject_kind) == (idp.IDP, "u-1", "saml:persistent")
    assert said.attributes == {"email": ("ada@example.org",), "role": ("a", "b")}
    assert said.once == f"{idp.IDP} _a1"


@fuzzed
@given(st.data())
def test_bytes_put_in_taken_out_or_doubled(site, idp, data):
    raw = data.draw(st.sampled_from(goods(idp)))
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 200)))
        piece = data.draw(st.one_of(PIECES, st.just(raw[start:end] * 2)))
        raw = raw[:start] + piece + raw[end:]
    harmless(site(), idp, raw)


@fuzzed
@given(st.data())
def test_elements_moved_copied_taken_away_or_renamed(site, idp, data):
    """Signature wrapping, by chance."""
    root = etree.fromstring(data.draw(st.sampled_from(goods(idp))))
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(root.iter())
        one, other = (every[data.draw(st.integers(0, len(every) - 1))] for _ in range(2))
        kind = data.draw(st.sampled_from(["copy", "move", "remove", "swap", "text", "attribute", "id"]))
        change(kind, one, other, root)
    harmless(site(), idp, etree.tostring(root))


def change(kind, one, other, root):
    inside = one is root or other in one.iter()
    if kind == "copy":
        other.append(copy.deepcopy(one))
    elif kind == "text":
        one.text = "attacker"
    elif kind == "id":
        one.set("ID", other.get("ID", "_a1"))
    elif kind == "attribute" and one.attrib:
        one.set(min(one.attrib), "attacker")
    elif kind == "move" and not inside:
        other.append(one)
    elif kind == "remove" and not inside:
        one.getparent().remove(one)
    elif kind == "swap" and not inside and one not in other.iter():
        one.addprevious(copy.deepcopy(other))


@fuzzed
@given(body=st.binary(max_size=300))
def test_any_bytes_as_a_form(site, idp, body):
    for whole in (body, b"SAMLResponse=" + body):
        with pytest.raises(SignInRefused):
            site().finish(idp.posted(b"", body=whole))


@fuzzed
@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_any_bytes_as_a_response_or_a_sample(site, body):
    with pytest.raises(SignInRefused):
        site().finish(body)
    assert site().sample(body).assertion is None


@fuzzed
@given(st.data())
def test_a_sample_is_read_whatever_was_done_to_it(site, idp, data):
    root = etree.fromstring(data.draw(st.sampled_from(goods(idp))))
    for _ in range(data.draw(st.integers(1, 3))):
        every = list(root.iter())
        one, other = (every[data.draw(st.integers(0, len(every) - 1))] for _ in range(2))
        change(data.draw(st.sampled_from(["copy", "move", "remove", "text", "attribute"])), one, other, root)
    reading = site().sample(etree.tostring(root))
    assert reading.observations
