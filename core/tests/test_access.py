"""Access: absent, empty and given are three things, and nothing is revoked by an oversight."""

import attrs
import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from passback import (
    UNSET,
    Access,
    Grant,
    InvalidAccess,
    PassbackError,
    access_difference,
    granted_by,
    read_access,
)

NAMES = [
    "courseSlugs",
    "bundleSlugs",
    "learningPathSlugs",
    "clientId",
    "clientSlug",
    "clientSku",
    "studentLicenseIds",
    "studentLicenseSkus",
    "managerLicenseIds",
    "managerLicenseSkus",
    "replaceCourseAccess",
    "replaceLicenseAccess",
    *[f"ref{n}" for n in range(1, 11)],
    "role",
]
LISTS = [
    "course_slugs",
    "bundle_slugs",
    "learning_path_slugs",
    "student_license_ids",
    "student_license_skus",
    "manager_license_ids",
    "manager_license_skus",
]
words = st.text("abc-XYZ ü", min_size=1, max_size=6).filter(str.strip)
several = st.just(UNSET) | st.lists(st.sampled_from("abcde"), unique=True, max_size=4).map(tuple)
truths = st.sampled_from([UNSET, True, False])


@st.composite
def accesses(draw):
    """Any access that can be."""
    said = {name: draw(several) for name in LISTS}
    said |= {name: draw(truths) for name in ("replace_course_access", "replace_license_access")}
    if draw(st.booleans()):
        said[draw(st.sampled_from(["client_id", "client_slug", "client_sku"]))] = draw(words)
    said["ref1"] = draw(st.just(UNSET) | st.text(max_size=32))
    said["role"] = draw(st.sampled_from([UNSET, "manager", "course-manager"]))
    try:
        return Access(**said, allow_revoke_all=draw(st.booleans()))
    except InvalidAccess:
        reject()


def as_attributes(access):
    """Return what an identity provider would send."""

    def texts(value):
        if isinstance(value, list):
            return tuple(value)
        return ("true" if value else "false",) if isinstance(value, bool) else (value,)

    return {name: texts(value) for name, value in access.render_claims().items()}


def test_nothing_said_is_nothing_sent():
    assert Access().render_claims() == {}
    assert repr(Access().role) == "UNSET"


def test_what_is_empty_is_sent_as_empty():
    assert Access(course_slugs=(), ref3="").render_claims() == {"courseSlugs": [], "ref3": ""}


def test_the_names_are_thought_industries_own():
    assert list(Access.attribute_names()) == NAMES
    assert Access.attribute_names()["courseSlugs"] == "several texts"
    assert Access.attribute_names()["replaceLicenseAccess"] == "true or false"
    assert Access.attribute_names()["ref10"] == "a text of at most 32 characters"
    assert {field.name for field in attrs.fields(Access)} > {"client_sku", "ref10", "allow_revoke_all"}


@given(accesses())
def test_only_what_is_said_is_sent_under_its_own_name(access):
    claims = access.render_claims()
    assert set(claims) <= set(NAMES)
    assert UNSET not in claims.values()
    said = [each for each in attrs.astuple(access, recurse=False)[:-1] if each is not UNSET]
    assert len(claims) == len(said)


@given(accesses())
def test_what_is_read_of_attributes_is_what_was_sent(access):
    assert read_access(as_attributes(access), allow_revoke_all=access.allow_revoke_all) == access


@pytest.mark.parametrize(
    "said",
    [
        {"replace_course_access": True},
        {"replace_course_access": True, "course_slugs": ()},
        {"replace_course_access": True, "learning_path_slugs": ("a",)},
        {"replace_license_access": True},
        {"replace_license_access": True, "student_license_ids": (), "manager_license_skus": ()},
        {"replace_license_access": True, "client_id": "7"},
        {"replace_license_access": True, "course_slugs": ("a",)},
    ],
)
def test_to_revoke_everything_must_be_meant(said):
    with pytest.raises(InvalidAccess, match="allow_revoke_all"):
        Access(**said)
    assert Access(**said, allow_revoke_all=True)


@pytest.mark.parametrize(
    "said",
    [
        {"replace_course_access": True, "course_slugs": ("a",)},
        {"replace_course_access": False, "course_slugs": ()},
        {"replace_license_access": True, "manager_license_ids": ("a",)},
        {"replace_license_access": True, "student_license_skus": ("a",), "client_sku": "c"},
        {"student_license_ids": ("a",), "student_license_skus": ()},
        {"bundle_slugs": ("a",), "replace_course_access": False},
        {"replace_course_access": True, "course_slugs": ("a",), "bundle_slugs": ()},
        {"ref1": "x" * 32},
    ],
)
def test_what_revokes_less_is_nobody_elses_business(said):
    assert Access(**said)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"student_license_skus": ("a",)}, "studentLicenseSkus: needs one of clientId"),
        ({"manager_license_skus": ("a",)}, "managerLicenseSkus: needs one of clientId"),
        ({"client_id": "1", "client_sku": "c"}, "clientId: give one of"),
        (
            {"replace_course_access": True, "course_slugs": ("a",), "bundle_slugs": ("b",)},
            "replaceCourseAccess: doesn't go with bundleSlugs",
        ),
        ({"ref1": "x" * 33}, "ref1: expected a text of at most 32 characters; it isn't cut"),
        ({"ref10": 7}, "ref10: expected a text"),
        ({"role": "manager!"}, "role: expected a role's slug"),
        ({"role": ""}, "role: expected a role's slug"),
        ({"role": 7}, "role: expected a role's slug"),
        ({"client_id": ""}, "clientId: expected a text"),
        ({"client_slug": 7}, "clientSlug: expected a text"),
        ({"client_sku": "x" * 1025}, "clientSku: expected a text"),
        ({"course_slugs": "abc"}, "courseSlugs: expected several texts"),
        ({"course_slugs": ["a"]}, "courseSlugs: expected several texts"),
        ({"course_slugs": None}, "courseSlugs: expected several texts"),
        ({"course_slugs": ("a", "")}, "courseSlugs: expected several texts"),
        ({"course_slugs": ("a", "a")}, "courseSlugs: expected each once"),
        ({"course_slugs": ("x" * 1025,)}, "courseSlugs: expected each once"),
        ({"replace_license_access": "true"}, "replaceLicenseAccess: expected true or false"),
        ({"replace_course_access": 1}, "replaceCourseAccess: expected true or false"),
    ],
)
def test_what_cant_be_names_the_attribute(said, message):
    with pytest.raises(InvalidAccess) as caught:
        Access(**said)
    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, PassbackError)


@pytest.mark.parametrize("role", ["Course Manager", " course  manager ", "COURSE-manager"])
def test_a_role_becomes_its_slug(role):
    assert Access(role=role).role == "course-manager"


@pytest.mark.parametrize(
    ("text", "meant"), [("true", True), ("True", True), ("1", True), ("FALSE", False), ("0", False)]
)
def test_true_and_false_are_read_as_providers_write_them(text, meant):
    access = read_access({"replaceCourseAccess": (text,), "courseSlugs": ("a",)})
    assert access.replace_course_access is meant


@pytest.mark.parametrize("values", [(), ("",)])
def test_an_empty_list_is_empty_and_not_absent(values):
    assert read_access({"courseSlugs": values}) == Access(course_slugs=())
    assert read_access({}) == Access()


def test_the_same_value_twice_says_it_once():
    assert read_access({"courseSlugs": ("a", "b", "a")}).course_slugs == ("a", "b")


def test_names_are_case_sensitive_and_others_are_passed_over():
    assert read_access({"courseslugs": ("a",), "mail": ("x",), "allow_revoke_all": ("true",)}) == Access()


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"courseSlugs": ("SECRET", "")}, "courseSlugs:"),
        ({"replaceCourseAccess": ("SECRET",)}, "replaceCourseAccess: expected true or false"),
        ({"replaceCourseAccess": ("true",)}, "replaceCourseAccess: would revoke every course"),
        ({"replaceCourseAccess": ("true",), "courseSlugs": ("",)}, "replaceCourseAccess: would revoke"),
        ({"replaceLicenseAccess": ()}, "replaceLicenseAccess: expected one value, got 0"),
        ({"clientId": ("SECRET", "b")}, "clientId: expected one value, got 2"),
        ({"ref2": ("SECRET" * 10,)}, "ref2: expected a text of at most 32"),
        ({"role": ("SECRET!",)}, "role: expected a role's slug"),
        ({"licenseIds": ("SECRET",)}, "licenseIds: is deprecated"),
        ({"studentLicenseSkus": ("SECRET",)}, "studentLicenseSkus: needs one of clientId"),
    ],
)
def test_an_attribute_that_cant_be_is_named_without_its_value(attributes, message):
    with pytest.raises(InvalidAccess) as caught:
        read_access(attributes)
    assert str(caught.value).startswith(message)
    assert caught.value.attribute == message.partition(":")[0]
    assert "SECRET" not in str(caught.value)


held_ones = st.builds(
    Grant,
    st.sampled_from(["course", "bundle", "learning_path", "student_license_id", "manager_license_sku"]),
    st.sampled_from("abcde"),
    st.sampled_from(["", "clientId=1"]),
)


@given(st.lists(held_ones, max_size=6), accesses())
def test_a_difference_is_what_it_says(held, access):
    found = access_difference(held, access)
    before, after = set(held), set(found.held)
    assert set(found.granted) == after - before
    assert set(found.revoked) == before - after
    assert set(granted_by(access)) <= after
    assert len(found.held) == len(after)


@given(st.lists(held_ones, max_size=6), accesses())
def test_saying_the_same_again_changes_nothing(held, access):
    again = access_difference(access_difference(held, access).held, access)
    assert (again.granted, again.revoked) == ((), ())


@given(st.lists(held_ones, max_size=6), accesses())
def test_nothing_is_revoked_unless_something_is_replaced(held, access):
    kept = attrs.evolve(access, replace_course_access=UNSET, replace_license_access=False)
    assert access_difference(held, kept).revoked == ()
    assert access_difference(held, Access()).held == tuple(dict.fromkeys(held))


@given(st.lists(held_ones, max_size=6), accesses())
def test_replacing_one_kind_leaves_the_other(held, access):
    revoked = access_difference(held, access).revoked
    if access.replace_course_access is not True:
        assert not [each for each in revoked if each.kind == "course"]
    if access.replace_license_access is not True:
        assert not [each for each in revoked if each.licenses]
    assert not [each for each in revoked if each.kind in ("bundle", "learning_path")]


def test_courses_are_replaced_by_those_that_are_named():
    held = granted_by(Access(course_slugs=("a", "b"), bundle_slugs=("x",)))
    found = access_difference(held, Access(course_slugs=("b", "c"), replace_course_access=True))
    assert found.granted == (Grant("course", "c"),)
    assert found.revoked == (Grant("course", "a"),)
    assert set(found.held) == {Grant("bundle", "x"), Grant("course", "b"), Grant("course", "c")}


def test_licences_are_replaced_for_the_client_that_is_named():
    ours = granted_by(Access(client_slug="us", student_license_skus=("a", "b")))
    theirs = granted_by(Access(client_slug="them", student_license_skus=("a",)))
    said = Access(client_slug="us", student_license_skus=("b",), replace_license_access=True)
    assert access_difference((*ours, *theirs), said).revoked == (ours[0],)
    unnamed = Access(manager_license_ids=("m",), replace_license_access=True)
    assert set(access_difference((*ours, *theirs), unnamed).revoked) == {*ours, *theirs}


def test_everything_can_be_revoked_where_that_is_meant():
    held = granted_by(Access(course_slugs=("a",), student_license_ids=("l",), learning_path_slugs=("p",)))
    said = Access(
        course_slugs=(), replace_course_access=True, replace_license_access=True, allow_revoke_all=True
    )
    assert access_difference(held, said).held == (Grant("learning_path", "p"),)
