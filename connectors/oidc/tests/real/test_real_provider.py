"""Somebody signs in at a certified provider that knows nothing of Passback."""

import attrs
import pytest
from joserfc.jwk import ECKey, RSAKey

from passback import ServerError, SignInRefused, SignOutStart
from passback_testbed import Browser

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)


def test_who_signs_in_is_who_the_provider_says(real):
    ada = real(nested=["realm_access.roles"]).sign_in()
    assert (ada.subject, ada.subject_kind) == ("u-1", "oidc:sub")
    assert ada.issuer.startswith("http://127.0.0.1:")
    assert ada.email_verified is True
    assert ada.attributes == {
        "sub": ("u-1",),
        "name": ("Ada Lovelace",),
        "given_name": ("Ada",),
        "email": ("ada@example.org",),
        "email_verified": ("true",),
        "groups": ("staff", "authors"),
        "employee": ("7",),
        "realm_access.roles": ("teacher",),
    }


def test_another_is_another(real):
    bob = real().sign_in("bob")
    assert bob.subject == "u-2"
    assert bob.email_verified is False


def test_without_userinfo_only_the_id_token_counts(real):
    ada = real(userinfo="never").sign_in()
    assert "email" not in ada.attributes
    assert ada.email_verified is None


@pytest.mark.parametrize(
    ("client", "options"),
    [
        ("basic", {"client_auth": "client_secret_basic"}),
        ("posting", {"client_auth": "client_secret_post"}),
        ("public", {"client_auth": "none", "client_secret": None}),
        ("keyed", {"client_auth": "private_key_jwt", "client_secret": None}),
    ],
)
def test_our_client_proves_itself_in_each_way(real, keys, client, options):
    if client == "keyed":
        pem = keys.rsa.as_pem(private=True).decode()
        options = options | {"private_key": pem, "private_key_id": "rsa"}
    desk = real(client=client, **options)
    desk.ask(lambda connection: connection.check())
    assert desk.sign_in().subject == "u-1"


@pytest.mark.parametrize(
    "options",
    [
        {"client_secret": "another"},
        {"client": "posting", "client_auth": "client_secret_post", "client_secret": "another"},
        {"client": "nobody"},
        {
            "client": "keyed",
            "client_auth": "private_key_jwt",
            "client_secret": None,
            "private_key": RSAKey.generate_key(2048).as_pem(private=True).decode(),
        },
    ],
)
def test_a_check_finds_out_that_our_client_isnt_accepted(real, options):
    with pytest.raises(ServerError, match=r"invalid_client: it doesn't accept our client") as caught:
        real(**options).ask(lambda connection: connection.check())
    assert "another" not in str(caught.value)


def test_a_key_of_another_kind_isnt_what_the_provider_knows(real):
    key = ECKey.generate_key("P-256").as_pem(private=True).decode()
    desk = real(client="keyed", client_auth="private_key_jwt", client_secret=None, private_key=key)
    with pytest.raises(ServerError, match="invalid_client"):
        desk.sign_in()


def test_a_code_is_good_once(real):
    desk = real()
    came, kept = desk.depart()
    assert desk.finish(came, kept).subject == "u-1"
    with pytest.raises(SignInRefused, match="used before"):
        desk.finish(came, kept)


def test_a_code_is_good_only_with_the_verifier_of_its_sign_in(real):
    """J12: a code that was stolen is worth nothing."""
    desk = real()
    came, kept = desk.depart()
    with pytest.raises(SignInRefused, match="invalid_grant"):
        desk.finish(came, {**kept, "verifier": desk.start().kept["verifier"]})


def test_an_answer_is_good_only_for_the_sign_in_that_it_answers(real):
    """J9: the nonce of another sign-in refuses the token, though the code was good."""
    desk = real()
    came, kept = desk.depart()
    with pytest.raises(SignInRefused, match="nonce"):
        desk.finish(came, {**kept, "nonce": desk.start().kept["nonce"]})


def test_an_answer_of_another_provider_is_refused(real):
    """J13: this provider names itself, so its silence is refused, too."""
    desk = real()
    came, kept = desk.depart()
    with pytest.raises(SignInRefused, match="another provider"):
        desk.finish({**came, "iss": "https://login.example.com"}, kept)
    del came["iss"]
    with pytest.raises(SignInRefused, match="doesn't say whose"):
        desk.finish(came, kept)


def test_who_gives_up_isnt_signed_in(real):
    desk = real()
    departure = desk.start()
    (form,) = desk.browser.open(departure.url).forms
    page = desk.browser.submit(form, {"do": "cancel"})
    with pytest.raises(SignInRefused, match=r"access_denied: the person gave up"):
        desk.finish(desk.back(page), departure.kept)


def test_a_redirect_uri_that_isnt_registered_gets_no_browser_back(real, place):
    elsewhere = attrs.evolve(place, callback="https://evil.example/callback")
    page = Browser("https://evil.example/").open(real().start(place=elsewhere).url)
    assert page.status == 400


@pytest.mark.parametrize("keep", [True, False])
def test_new_keys_are_found_while_somebody_signs_in(real, keep):
    """The keys that we know are old by the time the code becomes a token."""
    desk = real()
    assert desk.sign_in().subject == "u-1"
    came, kept = desk.depart_again()
    desk.provider.new_keys(keep=keep)
    assert desk.finish(came, kept).subject == "u-1"


def test_who_signs_out_here_is_signed_out_there(real, place):
    desk = real()
    ada = desk.sign_in()
    # Still signed in there: no form is shown.
    assert not desk.browser.open(desk.start().url).forms
    asked = SignOutStart(place=place, assertion=ada)
    departure = desk.ask(lambda connection: connection.start_sign_out(asked))
    (form,) = desk.browser.open(departure.url).forms
    page = desk.browser.submit(form, {"logout": "yes"})
    assert page.url == place.signed_out
    assert desk.browser.open(desk.start().url).forms


def test_what_the_provider_publishes_is_shown(real, place):
    desk = real()
    seen = desk.ask(lambda connection: connection.inspect_provider(place))
    assert {each.verdict for each in seen} == {"ok"}
    said = {each.what: each.said for each in seen}
    assert said["issuer"] == desk.provider.url
    assert said["redirect URI"] == place.callback
    assert said["clock"] in {"0 s apart", "1 s apart"}
    assert len([each for each in seen if each.what == "key"]) >= 3
