"""A whole sign-in at a real CAS server: django-cas-server."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from passback import Assertion, SignInRefused, SignOutStart
from passback_testbed import Browser, CasServer, CasUser
from passback_testbed.install import install_django_cas_server
from passback_testbed.places import workspace

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

ANA = CasUser("ana", "secret", {"mail": "ana@example.com", "memberOf": ["staff", "éclairs & <co>"]})


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = workspace() / ".testbed"
    install_django_cas_server(home)
    folder = tmp_path_factory.mktemp("cas")
    with CasServer(folder, [ANA], ["https://host.example/sso/cas/"], home=home) as it:
        yield it


@pytest.fixture
def real(server, desk_at):
    return desk_at(server.url)


def brought_back(server, departure, browser=None):
    """Sign in, and return the query that the browser comes back with."""
    page = server.sign_in(browser or Browser("https://host.example/"), departure.url, "ana")
    assert page.url.startswith("https://host.example/sso/cas/callback?")
    return parse_qsl(urlsplit(page.url).query)


@pytest.mark.parametrize("protocol", [2, 3])
def test_a_person_signs_in(server, real, protocol):
    query = brought_back(server, real.start(state="of-this-browser"))
    assert dict(query)["state"] == "of-this-browser"
    assertion = real.finish(*query, state="of-this-browser", protocol=protocol)
    assert (assertion.issuer, assertion.subject) == (server.url, "ana")
    assert assertion.attributes["mail"] == ("ana@example.com",)
    assert sorted(assertion.attributes["memberOf"]) == ["staff", "éclairs & <co>"]


def test_c3_a_ticket_is_good_once(server, real):
    query = brought_back(server, real.start())
    assert real.finish(*query).subject == "ana"
    with pytest.raises(SignInRefused, match="INVALID_TICKET"):
        real.finish(*query)


def test_c4_a_ticket_for_another_state_is_refused(server, real):
    """Whoever gets hold of somebody's ticket has no browser that it was given out for."""
    query = brought_back(server, real.start(state="theirs"))
    with pytest.raises(SignInRefused, match="INVALID_SERVICE"):
        real.finish(*query, state="mine")


def test_a_session_of_the_server_gives_a_ticket_without_a_password_unless_renew_is_asked(server, real):
    browser = Browser("https://host.example/")
    brought_back(server, real.start(), browser)
    page = browser.open(real.start(state="second").url)
    query = parse_qsl(urlsplit(page.url).query)
    with pytest.raises(SignInRefused, match="INVALID_TICKET"):
        real.finish(*query, state="second", renew=True)
    departure = real.start(state="third", renew=True)
    page = browser.open(departure.url)
    assert "password" in page.forms[-1].fields
    query = brought_back(server, departure, browser)
    assert real.finish(*query, state="third", renew=True).subject == "ana"


def test_the_server_passes_the_check_and_is_seen(real, said):
    real.ask(lambda it: it.check())
    seen = {each.what: each.verdict for each in real.ask(lambda it: it.inspect_provider(said.place))}
    assert seen["ticket validation"] == seen["clock"] == "ok"


def test_sign_out_ends_the_servers_session(server, real, said):
    browser = Browser("https://host.example/")
    brought_back(server, real.start(), browser)
    start = SignOutStart(place=said.place, assertion=Assertion(issuer=server.url, subject="ana"))
    browser.open(real.ask(lambda it: it.start_sign_out(start)).url)
    assert "password" in browser.open(real.start().url).forms[-1].fields
