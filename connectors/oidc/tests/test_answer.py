"""The browser's way there and back (sso.md §1.3, J11 to J13)."""

import base64
import hashlib

import pytest

from passback import SignInRefused

GOOD = {"state": "a-state-that-the-core-made", "code": "SplxlOBeZQQYbYS6WxSbIA"}


def test_a_browser_is_sent_with_everything_that_its_return_is_checked_by(fake, provider, query_of):
    departure = fake(scopes=["openid", "groups"]).start(hint="ada@example.org")
    assert departure.url.startswith(f"{provider.url}/auth?brand=acme&")
    asked = query_of(departure.url)
    challenge = hashlib.sha256(departure.kept["verifier"].encode()).digest()
    assert asked == {
        "brand": "acme",
        "response_type": "code",
        "client_id": "us",
        "redirect_uri": "https://host.example/passback/sso/acme/callback",
        "scope": "openid groups",
        "state": GOOD["state"],
        "nonce": departure.kept["nonce"],
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "login_hint": "ada@example.org",
    }
    assert departure.fields == ()


def test_j12_pkce_is_used_even_where_the_provider_doesnt_know_it(fake, provider, query_of):
    provider.discovery["code_challenge_methods_supported"] = ["plain"]
    assert query_of(fake().start().url)["code_challenge_method"] == "S256"


def test_no_two_sign_ins_share_a_nonce_or_a_verifier(fake):
    desk = fake()
    one, two = desk.start().kept, desk.start().kept
    assert one.keys() == two.keys() == {"nonce", "verifier"}
    assert not set(one.values()) & set(two.values())
    # RFC 7636 §4.1 wants 43 characters at least.
    assert all(len(value) >= 43 for value in one.values())


def test_what_is_kept_isnt_shown(fake):
    departure = fake().start()
    assert not any(value in repr(departure) for value in departure.kept.values())


def refused(desk, query, match, kept=None, **more):
    departure = desk.start()
    kept = departure.kept if kept is None else kept
    with pytest.raises(SignInRefused, match=match):
        desk.finish(query, kept, **more)
    assert not desk.provider.asked["/token"]


@pytest.mark.parametrize("kept", [{}, {"nonce": "n"}, {"verifier": "v"}, {"nonce": "", "verifier": "v"}])
def test_j11_who_wasnt_sent_away_isnt_signed_in(fake, kept):
    refused(fake(), GOOD, "nobody here asked", kept)


def test_j11_an_answer_that_nobody_asked_for_is_refused(fake):
    desk = fake()
    with pytest.raises(SignInRefused, match="nobody here asked"):
        desk.finish(GOOD, None)


@pytest.mark.parametrize(
    "query",
    [
        {"code": GOOD["code"]},
        GOOD | {"state": "another"},
        GOOD | {"state": ""},
        GOOD | {"state": GOOD["state"] + "é"},
    ],
)
def test_j11_the_state_is_the_one_that_was_given(fake, query):
    refused(fake(), query, "^state: ")


def test_j11_no_state_is_no_state(fake):
    refused(fake(), GOOD | {"state": ""}, "^state: ", state="")


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_what_comes_twice_is_refused(fake, name):
    value = GOOD.get(name, "x")
    refused(fake(), [*GOOD.items(), (name, value), (name, value)], f"{name}: the answer has more than one")


def test_what_else_an_answer_has_is_left_alone(fake):
    more = [("session_state", "1"), ("session_state", "2"), ("scope", "openid")]
    desk = fake()
    departure = desk.start()
    desk.provider.claims["nonce"] = departure.kept["nonce"]
    assert desk.finish([*GOOD.items(), *more], departure.kept).subject == "u-1"


def test_an_answer_by_form_is_refused(fake):
    refused(fake(), GOOD, "form", method="POST")


@pytest.mark.parametrize("code", ["", "\x00", "é", "c" * 9000, "a\nb"])
def test_a_code_is_one_that_can_be_sent(fake, code):
    refused(fake(), GOOD | {"code": code}, "^code: ")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("access_denied", "answered access_denied: the person gave up"),
        ("server_error", "answered server_error: it failed"),
        ("interaction_required", "answered interaction_required: "),
        ("x_vendor_error", "answered x_vendor_error$"),
        ("<script>", "answered with an error$"),
        ("", "answered with an error$"),
        ("e" * 100, "answered with an error$"),
    ],
)
def test_an_error_is_said_by_its_code_and_nothing_else_of_it(fake, error, said):
    query = GOOD | {"error": error, "error_description": "call 0800-EVIL"}
    desk = fake()
    with pytest.raises(SignInRefused, match=said) as caught:
        desk.finish(query, desk.start().kept)
    assert "EVIL" not in str(caught.value)
    assert not desk.provider.asked["/token"]


@pytest.mark.parametrize("iss", ["https://evil.example", "", "{url}/", "{url}.evil.example"])
def test_j13_an_answer_of_another_provider_is_refused(fake, provider, iss):
    refused(fake(), GOOD | {"iss": iss.format(url=provider.url)}, "another provider")


def test_j13_an_error_of_another_provider_is_refused_as_such(fake):
    query = {"state": GOOD["state"], "error": "access_denied", "iss": "https://evil.example"}
    refused(fake(), query, "another provider")


def test_j13_a_provider_that_names_itself_always_does(fake, provider):
    provider.discovery["authorization_response_iss_parameter_supported"] = True
    refused(fake(), GOOD, "doesn't say whose")
    desk = fake()
    assert desk.sign_in({"iss": provider.url}).subject == "u-1"


def test_j13_one_that_names_itself_unasked_is_taken_at_its_word(fake, provider):
    assert fake().sign_in({"iss": provider.url}).subject == "u-1"
