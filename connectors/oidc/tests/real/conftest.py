"""A certified provider on loopback, and people who sign in there."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from passback import SystemClock
from passback_testbed import Browser, OidcProvider, OidcUser
from passback_testbed.install import install_oidc_provider
from passback_testbed.places import workspace

SECRET = "s3cr3t of our + client"
ADA = OidcUser(
    "ada",
    "lovelace",
    {
        "sub": "u-1",
        "name": "Ada Lovelace",
        "given_name": "Ada",
        "email": "ada@example.org",
        "email_verified": True,
        "groups": ["staff", "authors"],
        "employee": 7,
        "realm_access": {"roles": ["teacher"]},
    },
)
BOB = OidcUser("bob", "builder", {"sub": "u-2", "email": "bob@example.org", "email_verified": False})


def registered(place, client, **more):
    return {
        "client_id": client,
        "client_secret": SECRET,
        "redirect_uris": [place.callback],
        "post_logout_redirect_uris": [place.signed_out],
        **more,
    }


def without_secret(place, client, method, **more):
    told = registered(place, client, token_endpoint_auth_method=method, **more)
    del told["client_secret"]
    return told


def clients(place, keys):
    public = {"keys": [keys.rsa.as_dict(private=False)]}
    return [
        registered(place, "basic"),
        registered(place, "posting", token_endpoint_auth_method="client_secret_post"),
        without_secret(place, "public", "none", id_token_signed_response_alg="EdDSA"),
        without_secret(place, "keyed", "private_key_jwt", id_token_signed_response_alg="ES256", jwks=public),
    ]


@pytest.fixture(scope="session")
def real_provider(tmp_path_factory, place, keys):
    home = workspace() / ".testbed"
    install_oidc_provider(home)
    data = tmp_path_factory.mktemp("op")
    with OidcProvider(data, [ADA, BOB], clients(place, keys), home=home) as provider:
        yield provider


class Somebody:
    """Somebody with a browser, the real provider, and the connection that sends them there."""

    def __init__(self, provider, desk):
        self.provider = provider
        self.desk = desk
        self.browser = Browser("https://host.example/")
        self.ask, self.start, self.finish = desk.ask, desk.start, desk.finish

    def depart(self, name="ada"):
        """Sign in at the provider; return what the browser brings back, and what is kept."""
        departure = self.start()
        return self.back(self.provider.sign_in(self.browser, departure.url, name)), departure.kept

    def depart_again(self):
        """Come back at once: the provider still knows the browser."""
        departure = self.start()
        return self.back(self.browser.open(departure.url)), departure.kept

    def sign_in(self, name="ada"):
        return self.finish(*self.depart(name))

    def back(self, page):
        """Return what a browser brings to our address."""
        assert page.status == 0, page
        return dict(parse_qsl(urlsplit(page.url).query, strict_parsing=True))


@pytest.fixture
def real(real_provider, desk_type):
    """Make connections to the real provider."""

    def make(client="basic", **options):
        desk = desk_type(real_provider.url, SystemClock(), client_id=client, **options)
        return Somebody(real_provider, desk)

    return make
