"""What `passback sso check` shows before the first person signs in."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from unittest.mock import ANY

import attrs
import pytest

from passback_oidc.inspecting import inspected


def seen(desk, place):
    return desk.ask(lambda connection: connection.inspect_provider(place))


@pytest.fixture
def inspect(fake, place):
    """Inspect the provider through a connection with these options."""
    return lambda **options: seen(fake(**options), place)


def one(observations, what):
    (found,) = [each for each in observations if each.what == what]
    return found.verdict, found.said


def test_what_is_published_and_what_we_would_send(fake, provider, place, clock):
    # The date of its answers is the machine's.
    clock.at = datetime.now(UTC)
    provider.discovery = {"claims_supported": ["sub"], "scopes_supported": ["openid", "profile", "email"]}
    shown = seen(fake(), place)
    assert {each.verdict for each in shown} == {"ok"}
    assert [(each.what, each.said) for each in shown] == [
        ("issuer", provider.url),
        ("signs in at", f"{provider.url}/auth?brand=acme"),
        ("signs out at", f"{provider.url}/logout"),
        ("userinfo", "none: the ID token must say all"),
        ("key", "RSA 2048, rsa"),
        ("key", "P-256, ec"),
        ("key", "Ed25519, ed"),
        ("clock", ANY),
        ("redirect URI", place.callback),
        ("post-logout redirect URI", place.signed_out),
        ("client", "us, by client_secret_basic"),
        ("asks for", "openid profile email"),
    ]


@pytest.mark.parametrize(
    ("published", "options", "what", "found"),
    [
        ({"response_types_supported": ["token"]}, {}, "flow", ("problem", "authorization code flow")),
        ({"code_challenge_methods_supported": ["plain"]}, {}, "PKCE", ("warning", "S256")),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
            {},
            "client_auth",
            ("warning", "client_secret_basic isn't among what it takes: private_key_jwt"),
        ),
        ({}, {"client_auth": "client_secret_post"}, "client_auth", ("warning", "client_secret_post isn't")),
        ({"scopes_supported": ["openid"]}, {}, "scopes", ("warning", "doesn't list profile, email")),
        ({"id_token_signing_alg_values_supported": ["HS256"]}, {}, "algorithms", ("problem", "HS256")),
        ({}, {"subject": "email"}, "subject", ("warning", "changes")),
        ({"end_session_endpoint": None}, {}, "signs out at", ("ok", "nowhere")),
    ],
)
def test_what_doesnt_fit_is_said(provider, inspect, published, options, what, found):
    provider.discovery = published
    verdict, said = one(inspect(**options), what)
    assert verdict == found[0]
    assert found[1] in said


def test_without_keys_nobody_signs_in(fake, provider, place):
    provider.published = []
    assert one(seen(fake(), place), "keys")[0] == "problem"


@pytest.fixture
def clock_of(fake, place):
    """What is said of the clocks, if the provider's answer has this date."""

    def clock_of(date):
        desk = fake()
        connector = desk.connection.connector
        metadata = desk.ask(lambda _: connector._discovery.metadata())
        metadata = attrs.evolve(metadata, date=date(metadata.received) if callable(date) else date)
        return one(inspected(metadata, (), connector.options, place), "clock")

    return clock_of


@pytest.mark.parametrize(
    ("seconds", "verdict", "said"),
    [
        (0, "ok", "0 s apart"),
        (30, "ok", "30 s apart"),
        (31, "warning", "31 s apart; from 60 s on, tokens are refused"),
        (-120, "warning", "120 s apart; from 60 s on, tokens are refused"),
        (121, "problem", "121 s apart: its tokens are refused; set it"),
        (-4000, "problem", "4000 s apart: its tokens are refused; set it"),
    ],
)
def test_clocks_are_compared(clock_of, seconds, verdict, said):
    def date(received):
        return format_datetime(received + timedelta(seconds=seconds), usegmt=True)

    assert clock_of(date) == (verdict, said)


@pytest.mark.parametrize("date", ["", "soon", "Mon, 99 Nov 2026 08:30:00 GMT"])
def test_a_date_that_is_none_says_nothing(clock_of, date):
    assert clock_of(date) == ("ok", "its answer has no date, so its clock can't be compared")


@pytest.mark.parametrize(
    ("callback", "verdict"),
    [
        ("http://host.example/callback", "warning"),
        ("http://10.0.0.1/callback", "warning"),
        ("http://localhost:8000/callback", "ok"),
        ("http://127.0.0.1:8000/callback", "ok"),
        ("http://[::1]:8000/callback", "ok"),
    ],
)
def test_a_redirect_uri_is_encrypted_or_here(fake, place, callback, verdict):
    assert one(seen(fake(), attrs.evolve(place, callback=callback)), "redirect URI")[0] == verdict


def test_no_secret_is_in_it(fake, place):
    desk = fake(client_auth="client_secret_post")
    secret = desk.connection.connector.options.client_secret.get_secret_value()
    assert secret not in repr(seen(desk, place))


def test_what_a_provider_calls_its_keys_cant_take_over_a_terminal(provider, inspect):
    provider.key_members = {"kid": "\x1b[2J" + "k" * 5000}
    verdict, said = next((each.verdict, each.said) for each in inspect() if each.what == "key")
    assert verdict == "ok"
    assert said.isprintable()
    assert len(said) < 150
