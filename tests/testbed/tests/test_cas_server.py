"""The CAS server that connectors are tried against."""

from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest

from passback_testbed import Browser, CasServer, CasUser

# The first of them may have to install it.
pytestmark = pytest.mark.timeout(600)

SERVICE = "https://host.example/callback?state=s"
ADA = CasUser("ada", "lovelace", {"mail": "ada@example.org", "memberOf": ["a", "b"]})
opener = build_opener(ProxyHandler({}))


@pytest.fixture(scope="module")
def server(cas_server_home, tmp_path_factory):
    with CasServer(
        tmp_path_factory.mktemp("cas"), [ADA], ["https://host.example/"], home=cas_server_home
    ) as it:
        yield it


def signed_in(server, service=SERVICE, password=None):
    browser = Browser("https://host.example/")
    start = f"{server.url}/login?{urlencode({'service': service})}"
    return server.sign_in(browser, start, "ada", password)


def said_of(server, ticket, service=SERVICE):
    query = urlencode({"service": service, "ticket": ticket})
    with opener.open(f"{server.url}/p3/serviceValidate?{query}", timeout=10) as answer:
        return answer.read().decode()


def test_a_person_gets_a_ticket_that_says_who_they_are_once(server):
    back = signed_in(server)
    (ticket,) = parse_qs(urlsplit(back.url).query)["ticket"]
    said = said_of(server, ticket)
    assert "<cas:user>ada</cas:user>" in said
    assert "<cas:mail>ada@example.org</cas:mail>" in said
    assert said.count("<cas:memberOf>") == 2
    assert 'code="INVALID_TICKET"' in said_of(server, ticket)


def test_a_ticket_is_good_for_its_service_alone(server):
    (ticket,) = parse_qs(urlsplit(signed_in(server).url).query)["ticket"]
    assert 'code="INVALID_SERVICE"' in said_of(server, ticket, "https://host.example/callback?state=t")


def test_a_wrong_password_stays_at_the_form(server):
    page = signed_in(server, password="byron")
    assert page.status == 200
    assert "password" in page.forms[-1].fields


def test_a_service_that_isnt_registered_gets_no_ticket(server):
    page = signed_in(server, "https://elsewhere.example/")
    assert page.url.startswith(server.url)
    assert "ticket=" not in page.url
