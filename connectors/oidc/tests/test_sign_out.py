"""Who signs out here is signed out at the provider, where it offers that."""

import pytest

from passback import Assertion, SignOutStart


def leave(desk, place, session="x.y.z"):
    ada = Assertion(issuer="i", subject="u-1", session=session)
    return desk.ask(lambda connection: connection.start_sign_out(SignOutStart(place=place, assertion=ada)))


def test_a_browser_takes_along_what_it_signed_in_with(fake, provider, place, query_of):
    departure = leave(fake(), place)
    assert departure.url.startswith(f"{provider.url}/logout?")
    assert query_of(departure.url) == {
        "id_token_hint": "x.y.z",
        "client_id": "us",
        "post_logout_redirect_uri": place.signed_out,
    }
    assert "x.y.z" not in repr(departure)


def test_without_that_it_only_says_where_it_comes_from(fake, place, query_of):
    assert "id_token_hint" not in query_of(leave(fake(), place, "").url)


def test_what_is_too_long_for_an_address_is_posted(fake, provider, place):
    departure = leave(fake(), place, "x" * 9000)
    assert departure.url == f"{provider.url}/logout"
    assert dict(departure.fields)["id_token_hint"] == "x" * 9000


def test_nothing_is_done_where_the_provider_offers_none(fake, provider, place):
    provider.discovery["end_session_endpoint"] = None
    assert leave(fake(), place) is None


def test_nor_where_that_is_configured(fake, place):
    assert leave(fake(sign_out=False), place) is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "/logout", 7])
def test_a_browser_isnt_sent_to_what_is_no_address(fake, provider, place, url):
    provider.discovery["end_session_endpoint"] = url
    with pytest.raises(Exception, match="no end_session_endpoint"):
        leave(fake(), place)
