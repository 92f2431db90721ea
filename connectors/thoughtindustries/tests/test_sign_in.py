"""Sign-ins: a token of the school's own key, once, for a short time; read by PyJWT and by the sandbox."""

import logging
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from passback import Access, Activity, ConnectionFailure, Learner, SignInRequest, SystemClock
from passback_thoughtindustries.sandbox import Behaviour

ANA = Learner(id="l-1", email="ana@example.com", name="Ana Maria Silva", external_id="E-1")
PATHS = {"ladder": "/learn/course/ladder"}


def asking(learner=ANA, **more):
    return SignInRequest(learner=learner, **more)


def claims_of(made, signed):
    (token,) = parse_qs(urlsplit(signed.url).query)["jwt"]
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    return jwt.decode(token, made.key, ["HS256"])


def test_a_learner_is_signed_in_once(start, made, raw):
    school = start()
    signed = school.sign_in(asking())
    assert signed.url.startswith(f"{school.url}/access/jwt?jwt=")
    claims = claims_of(made, signed)
    now = datetime.now(UTC).timestamp()
    assert abs(claims.pop("iat") - now) < 10
    assert abs(claims.pop("exp") - now - 60) < 10
    assert len(claims.pop("jti")) >= 32
    assert claims == {
        "externalCustomerId": "E-1",
        "email": "ana@example.com",
        "firstName": "Ana Maria",
        "lastName": "Silva",
    }
    assert abs(signed.expires.timestamp() - now - 60) < 10
    assert raw.get(signed.url).text == "signed in as u-501 at /"
    assert raw.get(signed.url).status_code == 403


def test_a_form_leaves_no_trace(start, raw):
    school = start()
    signed = school.sign_in(asking(), sign_in_by="form")
    assert signed.url == f"{school.url}/access/jwt"
    assert raw.post(signed.url, data=dict(signed.fields)).text == "signed in as u-501 at /"


@pytest.mark.parametrize("off", [-510, 510])
def test_a_clock_that_is_off_by_more_than_the_school_allows_is_refused_there(start, raw, off):
    """Wire facts §6.3: 500 s."""

    class Off(SystemClock):
        def now(self):
            return super().now() + timedelta(seconds=off)

    school = start()
    assert raw.get(school.sign_in(asking(), clock=Off()).url).status_code == 403


def test_the_external_id_keeps_somebody_the_same_when_their_address_changes(start, raw):
    school = start()
    moved = Learner(id="l-1", email="silva@example.com", external_id="E-1")
    assert raw.get(school.sign_in(asking(moved)).url).text == "signed in as u-501 at /"


@pytest.mark.parametrize(("option", "told"), [("external_id", "E-1"), ("id", "l-1"), ("none", None)])
def test_what_the_external_id_is_can_be_chosen(start, made, option, told):
    claims = claims_of(made, start().sign_in(asking(), external_id=option))
    assert claims.get("externalCustomerId") == told


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("Ana Silva", {}, ("Ana", "Silva")),
        ("Cher", {}, (None, None)),
        (None, {}, (None, None)),
        (" Ana  Silva ", {}, ("Ana", "Silva")),
        ("Ana Silva", {"send_names": False}, (None, None)),
    ],
)
def test_a_name_that_cant_be_split_is_asked_of_the_learner_over_there(start, made, name, options, told):
    learner = Learner(id="l-1", email="ana@example.com", name=name)
    claims = claims_of(made, start().sign_in(asking(learner), **options))
    assert (claims.get("firstName"), claims.get("lastName")) == told


def test_who_has_neither_address_nor_external_id_isnt_signed_in(start):
    with pytest.raises(ConnectionFailure, match="external_id"):
        start().sign_in(asking(Learner(id="l-1", email="no address")))


def test_an_activity_opens_its_page(start, raw):
    school = start()
    signed = school.sign_in(asking(activity=Activity(id="ladder")), paths=PATHS)
    assert raw.get(signed.url).text == "signed in as u-501 at /learn/course/ladder"
    with pytest.raises(ConnectionFailure, match="add it to paths"):
        school.sign_in(asking(activity=Activity(id="crane")), paths=PATHS)


def test_where_the_school_sent_the_browser_from_goes_first(start, raw):
    school = start()
    for given, path in (
        ("/learn?x=1&y=%2F", "/learn?x=1&y=%2F"),
        (f"{school.url}/learn", "/learn"),
        (school.url, "/"),
    ):
        signed = school.sign_in(asking(activity=Activity(id="crane"), return_to=given))
        assert raw.get(signed.url).text == f"signed in as u-501 at {path}"


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "learn",
        "/learn\r\nSet-Cookie: x",
        "/\t/evil.example",
        "/a\\b",
        " /learn",
        "/" + "x" * 2001,
        "{school}.evil.example/",
        "{school}@evil.example/",
        "{school}//evil.example",
    ],
)
def test_nobody_is_sent_on_to_another_place(start, given):
    """O: returnTo is local; what says otherwise came from a browser."""
    school = start()
    with pytest.raises(ConnectionFailure, match="isn't one of the school's") as caught:
        school.sign_in(asking(return_to=given.format(school=school.url)))
    assert "evil" not in str(caught.value)


def test_what_somebody_may_learn_goes_along(start, made, raw):
    school = start()
    access = Access(
        course_slugs=("ladder", "crane"),
        bundle_slugs=(),
        client_slug="north",
        student_license_skus=("GOLD",),
        manager_license_ids=("li-2",),
        ref1="plant 7",
        role="Course Manager",
    )
    signed = school.sign_in(asking(access=access))
    claims = claims_of(made, signed)
    assert claims["bundleSlugs"] == []
    assert "learningPathSlugs" not in claims
    assert "replaceCourseAccess" not in claims
    assert raw.get(signed.url).status_code == 200
    held = school.sandbox.held("u-501")
    assert held.courses == {"ladder", "crane"}
    assert (held.student, held.manager, held.role) == ({"li-1"}, {"li-2"}, "course-manager")


def test_access_is_added_unless_it_is_to_be_replaced(start, raw):
    school = start()

    def comes_with(**said):
        assert raw.get(school.sign_in(asking(access=Access(**said))).url).status_code == 200
        return school.sandbox.held("u-501")

    comes_with(course_slugs=("ladder",), student_license_ids=("li-1",))
    assert comes_with(course_slugs=("crane",)).courses == {"ladder", "crane"}
    assert comes_with(course_slugs=("fire",), replace_course_access=True).courses == {"fire"}
    held = comes_with(replace_course_access=True, replace_license_access=True, allow_revoke_all=True)
    assert (held.courses, held.student) == (set(), set())


def test_nothing_of_an_access_stands_for_the_person(start, made):
    claims = claims_of(made, start().sign_in(asking(access=Access(ref1="x"))))
    assert claims["externalCustomerId"] == "E-1"


def test_a_school_that_takes_no_form_says_so(start, raw):
    signed = start(Behaviour(form=False)).sign_in(asking(), sign_in_by="form")
    assert raw.post(signed.url, data=dict(signed.fields)).status_code == 405


def test_every_sign_in_has_an_id_of_its_own(start, made):
    school = start()
    assert len({claims_of(made, school.sign_in(asking()))["jti"] for _ in range(10)}) == 10


def test_the_address_is_shown_nowhere(start, caplog):
    caplog.set_level(logging.DEBUG)
    signed = start().sign_in(asking())
    token = signed.url.partition("jwt=")[2]
    assert token not in repr(signed)
    assert token not in caplog.text
