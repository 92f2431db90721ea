"""A person goes to the CAS server, comes back with a ticket, and is who the server says."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from passback import (
    Assertion,
    CannotConnect,
    RateLimited,
    ServerError,
    SignInRefused,
    SignOutStart,
    Unsupported,
)


def asked(desk):
    """Return path and query of the one request that was made."""
    (seen,) = desk.validator.requests
    return seen.path, parse_qsl(seen.query)


def test_a_browser_is_sent_to_the_login_with_our_callback_and_its_state_as_the_service(desk, said):
    departure = desk.start(state="a b&c")
    address = urlsplit(departure.url)
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{desk.url}/login"
    assert parse_qs(address.query) == {"service": [f"{said.place.callback}?state=a+b%26c"]}
    assert (departure.fields, departure.kept) == ((), {})


def test_a_ticket_becomes_an_assertion(desk, said):
    desk.validator.body = said.success(
        "<cas:user>Ana</cas:user><cas:attributes><cas:mail>ana@example.com</cas:mail>"
        "<cas:memberOf>a</cas:memberOf><cas:memberOf>b</cas:memberOf><cas:empty/>"
        "<cas:nested><cas:mail>no</cas:mail></cas:nested><mail>no</mail></cas:attributes>"
        '<cas:attribute name="mail" value="no"/>'
    )
    before = datetime.now(UTC)
    assertion = desk.finish()
    assert assertion == Assertion(
        issuer=desk.url,
        subject="Ana",
        subject_kind="cas:user",
        attributes={"mail": ("ana@example.com",), "memberOf": ("a", "b"), "empty": ("",)},
        email_verified=None,
        once=hashlib.sha256(f"{desk.url}\n{said.ticket}".encode()).hexdigest(),
        expires=assertion.expires,
    )
    assert before + said.day <= assertion.expires <= datetime.now(UTC) + said.day
    assert asked(desk) == (
        "/cas/p3/serviceValidate",
        [("service", f"{said.place.callback}?state=s-1"), ("ticket", said.ticket)],
    )


def test_version_2_of_the_protocol_has_another_address(desk):
    assert desk.finish(protocol=2).subject == "ana"
    assert asked(desk)[0] == "/cas/serviceValidate"


def test_renew_is_asked_for_both_ways(desk):
    """Without it at the validation, a ticket of a session that goes on would do."""
    assert parse_qs(urlsplit(desk.start(renew=True).url).query)["renew"] == ["true"]
    desk.finish(renew=True)
    assert ("renew", "true") in asked(desk)[1]


def test_somebody_can_be_recognised_by_an_attribute(desk, said):
    desk.validator.body = said.success(
        "<cas:user>ana</cas:user><cas:attributes><cas:employeeNumber>E-7</cas:employeeNumber></cas:attributes>"
    )
    assertion = desk.finish(subject="attribute:employeeNumber")
    assert (assertion.subject, assertion.subject_kind) == ("E-7", "cas:attr:employeeNumber")


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<cas:employeenumber>E-7</cas:employeenumber>",
        "<cas:employeeNumber/>",
        "<cas:employeeNumber> </cas:employeeNumber>",
        "<cas:employeeNumber>E-7</cas:employeeNumber><cas:employeeNumber>E-8</cas:employeeNumber>",
    ],
)
def test_an_attribute_that_recognises_people_has_exactly_one_value(desk, said, inside):
    desk.validator.body = said.success(f"<cas:user>ana</cas:user><cas:attributes>{inside}</cas:attributes>")
    with pytest.raises(SignInRefused, match="employeeNumber"):
        desk.finish(subject="attribute:employeeNumber")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("INVALID_TICKET", "INVALID_TICKET: it doesn't know the ticket"),
        ("UNAUTHORIZED_SERVICE", "isn't registered"),
        ("SOMETHING_ELSE", "SOMETHING_ELSE: see its log"),
        ("<no code & 'T-SECRET'>".replace("<", "&lt;").replace("& ", "&amp; "), "without a code"),
    ],
)
def test_a_refusal_says_the_code_and_nothing_else_of_the_answer(desk, said, code, message):
    desk.validator.body = said.failure(code, "ticket T-SECRET isn't known")
    with pytest.raises(SignInRefused, match=message) as caught:
        desk.finish()
    assert "T-SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind"), [(500, ServerError), (403, ServerError), (429, RateLimited), (501, Unsupported)]
)
def test_a_server_that_cant_be_asked_is_the_connections_trouble(desk, said, status, kind):
    desk.validator.status = status
    desk.validator.body = f"no {said.ticket}"
    with pytest.raises(kind) as caught:
        desk.finish()
    assert said.ticket not in str(caught.value)


def test_a_lost_answer_is_no_reason_to_use_the_ticket_twice(desk, said):
    """A ticket is good once: the second request would say that it's unknown, which is not what happened."""

    async def twice(connection):
        # The second goes over the first one's connection to the server.
        await connection.finish_sign_in(said.returning())
        desk.validator.cut_after()
        await connection.finish_sign_in(said.returning())

    with pytest.raises(CannotConnect):
        desk.ask(twice)
    assert len(desk.validator.requests) == 2


def test_sign_out_leads_to_the_servers_own(desk, said):
    start = SignOutStart(place=said.place, assertion=Assertion(issuer=desk.url, subject="ana"))
    departure = desk.ask(lambda it: it.start_sign_out(start))
    assert departure.url == f"{desk.url}/logout?service=https%3A%2F%2Fhost.example%2Fbye"
