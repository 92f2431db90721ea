"""What an ID token and the userinfo endpoint say together (sso.md §1.3, J15)."""

import pytest
from starlette.responses import Response

from passback import ServerError, SignInRefused


def test_attributes_are_texts_under_the_names_that_were_sent(fake, provider):
    provider.claims = {
        "firstName": "Ada",
        "firstname": "ada",
        "groups": ["a", "b"],
        "age": 36,
        "share": 0.5,
        "path": "C:\\u0000",
        "member": True,
        "guest": False,
        "nothing": None,
        "none": [],
        "mixed": ["a", 1, True, None, {"b": 1}, ["c"]],
        "address": {"country": "UK"},
        "https://acme.example/roles": ["author"],
        "acr": "mfa",
        "amr": ["pwd", "otp"],
    }
    assert fake().sign_in().attributes == {
        "sub": ("u-1",),
        "firstName": ("Ada",),
        "firstname": ("ada",),
        "groups": ("a", "b"),
        "age": ("36",),
        "share": ("0.5",),
        "path": ("C:\\u0000",),
        "member": ("true",),
        "guest": ("false",),
        "mixed": ("a", "1", "true"),
        "https://acme.example/roles": ("author",),
        "acr": ("mfa",),
        "amr": ("pwd", "otp"),
    }


def test_claims_inside_claims_are_reached_by_their_path(fake, provider):
    provider.claims = {
        "realm_access": {"roles": ["author", "staff"], "more": {"deep": 1}},
        "flat.name": "as it is",
    }
    paths = ["realm_access.roles", "realm_access.more.deep", "realm_access.no", "sub.no", "flat.name"]
    attributes = fake(nested=paths).sign_in().attributes
    assert attributes["realm_access.roles"] == ("author", "staff")
    assert attributes["realm_access.more.deep"] == ("1",)
    assert attributes["flat.name"] == ("as it is",)
    assert not {"realm_access.no", "sub.no", "realm_access"} & attributes.keys()


@pytest.mark.parametrize(
    ("said", "options", "verified"),
    [
        ({}, {}, None),
        ({"email_verified": True}, {}, True),
        ({"email_verified": False}, {}, False),
        ({"email_verified": None}, {}, None),
        ({"email_verified": "true"}, {}, False),
        ({"email_verified": 1}, {}, False),
        ({"email_verified": [True]}, {}, False),
        ({"email_verified": "true"}, {"verified_text": True}, True),
        ({"email_verified": "false"}, {"verified_text": True}, False),
        ({"email_verified": "True"}, {"verified_text": True}, False),
        ({"email_verified": False}, {"verified_text": True}, False),
        ({"xms_edov": True}, {}, None),
    ],
)
def test_only_true_is_true(fake, provider, said, options, verified):
    provider.claims = {"email": "ada@example.org", **said}
    assert fake(**options).sign_in().email_verified is verified


@pytest.mark.parametrize("sub", ["u-2", "U-1", "u-1 ", None, ["u-1"], 7])
def test_j15_userinfo_about_somebody_else_is_refused(fake, provider, sub):
    provider.userinfo = {"sub": sub, "email": "eve@example.org"}
    with pytest.raises(SignInRefused, match="somebody else"):
        fake().sign_in()


def test_userinfo_adds_what_the_id_token_lacks_and_changes_nothing(fake, provider):
    provider.claims = {"name": "Ada", "email": "ada@example.org"}
    provider.userinfo = {"sub": "u-1", "name": "Eve", "groups": ["staff"], "iss": "https://evil.example"}
    ada = fake().sign_in()
    assert ada.attributes["name"] == ("Ada",)
    assert ada.attributes["groups"] == ("staff",)
    assert ada.issuer == provider.url


@pytest.mark.parametrize(
    ("token", "userinfo", "verified"),
    [
        ({"email": "a"}, {"email": "a", "email_verified": True}, True),
        ({"email": "a", "email_verified": True}, {"email": "a"}, True),
        ({"email": "a", "email_verified": True}, {"email": "a", "email_verified": False}, False),
        ({"email": "a", "email_verified": False}, {"email": "a", "email_verified": True}, False),
        ({"email": "a"}, {"email": "b", "email_verified": True}, None),
        ({"email": "a", "email_verified": True}, {"email": "b", "email_verified": False}, True),
        ({"email": "a"}, {"email_verified": True}, None),
        ({"email": "a", "email_verified": True}, {"email_verified": False}, False),
        ({}, {"email": "b", "email_verified": True}, True),
        ({"email_verified": True}, {"email": "b"}, None),
        ({"email_verified": False}, {"email": "b", "email_verified": True}, False),
    ],
)
def test_one_source_vouches_for_no_address_but_its_own(fake, provider, token, userinfo, verified):
    """Else an address that the person chose would count as one that the provider checked."""
    provider.claims = token
    provider.userinfo = {"sub": "u-1", **userinfo}
    ada = fake().sign_in()
    assert ada.email_verified is verified
    assert ada.attributes["email"] == (token.get("email", "b"),)


def test_userinfo_isnt_asked_where_that_is_configured(fake, provider):
    provider.userinfo = {"sub": "u-2"}
    assert fake(userinfo="never").sign_in().subject == "u-1"
    assert not provider.asked["/userinfo"]


@pytest.mark.parametrize("access_token", ["", None, "a\nb", "é", 7])
def test_without_a_token_for_it_userinfo_isnt_asked(fake, provider, sign, access_token):
    provider.userinfo = {"sub": "u-2"}
    desk = fake()
    departure = desk.start()
    token = sign(provider.id_token(nonce=departure.kept["nonce"]))
    provider.answers["/token"] = (200, {"id_token": token, "access_token": access_token})
    query = {"state": "a-state-that-the-core-made", "code": "x"}
    assert desk.finish(query, departure.kept).subject == "u-1"
    assert not provider.asked["/userinfo"]


def test_userinfo_that_cant_be_read_isnt_passed_over(fake, provider):
    """Roles could hang on it: a sign-in without them would take them away."""
    provider.userinfo = {}
    provider.answers["/userinfo"] = (401, {"error": "invalid_token"})
    with pytest.raises(ServerError, match="401") as caught:
        fake().sign_in()
    assert "access-token-of-ada" not in str(caught.value)


def test_signed_userinfo_is_refused_with_a_clear_word(fake, provider):
    provider.userinfo = {}
    provider.answers["/userinfo"] = Response("a.b.c", 200, {"content-type": "application/jwt; charset=x"})
    with pytest.raises(ServerError, match="signed document, which isn't supported"):
        fake().sign_in()


def test_another_claim_can_say_who_somebody_is(fake, provider):
    provider.claims = {"employee_id": "0042", "number": 42}
    ada = fake(subject="employee_id").sign_in()
    assert (ada.subject, ada.subject_kind) == ("0042", "oidc:claim:employee_id")
    provider.used.clear()
    provider.claims = {"number": 42}
    assert fake(subject="number").sign_in().subject == "42"


def test_the_subject_named_as_such_is_the_same_as_by_default(fake):
    assert fake(subject="sub").sign_in().subject_kind == "oidc:sub"


@pytest.mark.parametrize("value", [None, "", "  ", [], ["0042"], ["a", "b"], {"a": 1}, True])
def test_a_claim_that_names_nobody_is_refused(fake, provider, value):
    provider.claims = {"employee_id": value}
    with pytest.raises(SignInRefused, match="employee_id: doesn't name one person"):
        fake(subject="employee_id").sign_in()


def test_what_is_said_to_be_elsewhere_is_incomplete(fake, provider):
    provider.claims = {
        "_claim_names": {"groups": "src1", "roles": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://evil.example"}},
    }
    ada = fake().sign_in()
    assert ada.incomplete == {"groups", "roles"}
    assert ada.attributes == {"sub": ("u-1",)}


def test_nothing_is_incomplete_otherwise(fake, provider):
    provider.claims = {"_claim_names": ["groups"], "hasgroups": False, "groups": ["a"]}
    assert fake().sign_in().incomplete == frozenset()
