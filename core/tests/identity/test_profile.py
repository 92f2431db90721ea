"""Attributes are taken by their exact names; what was probably meant is said, and no value ever is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import Assertion
from passback.identity.linking import (
    AttributeRule,
    GroupChange,
    RoleRule,
    Roles,
    groups_of,
    map_profile,
    role_of,
)


def said(**attributes):
    return Assertion(
        issuer="https://idp.example",
        subject="1",
        attributes={name: (value,) for name, value in attributes.items()},
    )


@pytest.mark.parametrize(
    ("sent", "wanted", "hint"),
    [
        ("firstName", "firstname", "did you mean 'firstName'? names are case-sensitive"),
        ("first_name", "firstName", "did you mean 'first_name'?"),
        (
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
            "emailaddress",
            "claims/emailaddress",
        ),
        ("givenName", "firstName", "did you mean 'givenName'?"),
        ("urn:oid:0.9.2342.19200300.100.1.3", "email", "did you mean 'urn:oid:0.9.2342.19200300.100.1.3'?"),
        ("emial", "email", "did you mean 'emial'?"),
        ("shoe size", "email", "'email' was not sent"),
    ],
)
def test_a_name_that_is_almost_right_is_a_hint_and_never_corrected(sent, wanted, hint):
    profile = map_profile(said(**{sent: "ana@example.com"}), {"it": AttributeRule(source=wanted)})
    assert profile.values == {}
    assert hint in profile.notes[0]
    assert "ana@example.com" not in profile.notes[0]


def test_what_is_required_and_wasnt_sent_is_missing_and_not_merely_noted():
    rule = AttributeRule(source="mail", required=True)
    profile = map_profile(said(Mail="ana@example.com"), {"email": rule})
    assert profile.missing == ("'mail' was not sent; did you mean 'Mail'? names are case-sensitive",)


def test_several_values_are_no_value_of_what_a_person_has_once():
    assertion = Assertion(issuer="i", subject="1", attributes={"mail": ("a@x.example", "b@x.example")})
    profile = map_profile(assertion, {"email": AttributeRule(source="mail")})
    assert profile.one("email") is None
    assert "2 values" in profile.notes[0]
    assert map_profile(assertion, {"email": AttributeRule(source="mail")}, {"email"}).notes == ()


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=6), st.text(min_size=1))
def test_no_value_stands_in_a_note_however_names_are_written(attributes, wanted):
    marked = {name: f"⟦{value}⟧" for name, value in attributes.items()}
    profile = map_profile(said(**marked), {"it": AttributeRule(source=wanted)})
    assert not any(
        "⟦" in each for each in (*profile.notes, *profile.missing) if "⟦" not in wanted + "".join(marked)
    )
    assert profile.values == ({"it": (marked[wanted],)} if wanted in marked else {})


ROLES = Roles(
    attribute="groups",
    rules=(RoleRule(value="staff", role="teacher"), RoleRule(value="all", role="learner")),
    default="guest",
)


def grouped(*values, incomplete=()):
    return Assertion(
        issuer="i",
        subject="1",
        attributes={"groups": values} if values else {},
        incomplete=frozenset(incomplete),
    )


def test_the_first_rule_that_matches_gives_the_role():
    assert role_of(grouped("all", "staff"), ROLES, new=False) == "teacher"


def test_who_matches_nothing_gets_the_default_when_they_first_come_and_keeps_their_role_later():
    assert role_of(grouped("Staff"), ROLES, new=True) == "guest"
    assert role_of(grouped("Staff"), ROLES, new=False) is None


def test_what_a_provider_left_out_changes_no_role_and_no_group():
    cut = grouped(incomplete=["groups"])
    assert role_of(cut, ROLES, new=True) is None
    assert groups_of(cut, "groups", {"a": "A"}, ["A"]) == (GroupChange(), ("A",))


def test_groups_are_left_when_their_value_is_gone_but_not_by_those_who_were_there_before():
    table = {"a": "A", "b": "B"}
    assert groups_of(grouped("b", "x"), "groups", table, ["A"]) == (
        GroupChange(add=("B",), remove=("A",)),
        ("B",),
    )
    assert groups_of(grouped("b"), "groups", table, ["A"], merged=True)[0] == GroupChange(add=("B",))
