"""What doesn't sign anybody in: the rows C1 to C10, and random answers."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from passback import Assertion, ServerError, SignInRefused

SUCCESS = "<cas:authenticationSuccess><cas:user>ana</cas:user></cas:authenticationSuccess>"


def validated(desk):
    (seen,) = desk.validator.requests
    return seen.query


def test_c1_the_service_is_our_own_address_whatever_the_request_calls_us(desk):
    """CVE-2022-39369."""
    desk.finish(
        headers={"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil"}
    )
    assert "evil" not in validated(desk)
    assert validated(desk).startswith(
        "service=https%3A%2F%2Fhost.example%2Fsso%2Fcas%2Fcallback%3Fstate%3Ds-1&"
    )


def test_c1_the_state_is_the_one_that_was_given_to_this_browser(desk, said):
    desk.finish(("state", "other"), ("ticket", said.ticket), ("service", "https://evil.example"))
    assert "state%3Ds-1" in validated(desk)
    assert "other" not in validated(desk)


@pytest.mark.parametrize(
    "ticket",
    [
        "ST-1&service=https://evil.example",
        "ST-1#",
        "ST-1?x",
        "ST-1/../x",
        "ST-1%26service=x",
        "ST-1\n",
        "ST-1 ",
        " ST-1",
        "ST-",
        "st-1",
        "ST-ü",
        "ST-1\x00",
        "ST-" + "a" * 254,
        "LT-1",
        "TGT-1",
        "",
    ],
)
def test_c2_what_is_no_service_ticket_isnt_even_sent(desk, ticket):
    """CVE-2014-4172."""
    with pytest.raises(SignInRefused, match="service ticket") as caught:
        desk.finish(("state", "s-1"), ("ticket", ticket))
    assert desk.validator.requests == []
    assert len(ticket) < 4 or ticket not in str(caught.value)


def test_c3_a_ticket_leaves_a_mark_by_which_the_core_knows_it_again(desk, said):
    first, again = desk.finish(), desk.finish()
    other = desk.finish(("state", "s-1"), ("ticket", "ST-2"))
    assert first.once == again.once
    assert first.once != other.once
    assert said.ticket not in first.once


def test_c5_two_tickets_are_none(desk, said):
    with pytest.raises(SignInRefused, match="more than one ticket"):
        desk.finish(("ticket", said.ticket), ("state", "s-1"), ("ticket", "ST-2"))
    assert desk.validator.requests == []


def test_no_ticket_is_none(desk):
    with pytest.raises(SignInRefused, match="without a ticket"):
        desk.finish(("state", "s-1"), ("Ticket", "ST-1"))


@pytest.mark.parametrize(
    "inside",
    [
        "",
        SUCCESS * 2,
        SUCCESS + '<cas:authenticationFailure code="INVALID_TICKET"/>',
        '<cas:authenticationFailure code="INVALID_TICKET"/>' + SUCCESS,
        "<cas:proxySuccess><cas:proxyTicket>PT-1</cas:proxyTicket></cas:proxySuccess>",
        f"<cas:more>{SUCCESS}</cas:more>",
        SUCCESS.replace("cas:authenticationSuccess", "cas:AuthenticationSuccess"),
        "<authenticationSuccess><cas:user>ana</cas:user></authenticationSuccess>",
    ],
)
def test_c6_an_answer_has_one_verdict(desk, said, inside):
    desk.validator.body = said.answer(inside)
    with pytest.raises(SignInRefused):
        desk.finish()


@pytest.mark.parametrize(
    "inside",
    [
        "",
        "<cas:user>ana</cas:user><cas:user>bo</cas:user>",
        "<cas:user>ana</cas:user>" * 2,
        "<cas:attributes><cas:user>ana</cas:user></cas:attributes>",
        "<user>ana</user>",
        "<cas:user/>",
        "<cas:user> \n</cas:user>",
        "<cas:user><cas:user>ana</cas:user></cas:user>",
        "<cas:user>ana<b/>bo</cas:user>",
        '<x:user xmlns:x="http://www.yale.edu/tp/CAS">ana</x:user>',
    ],
)
def test_c7_an_answer_names_one_user_in_its_place(desk, said, inside):
    desk.validator.body = said.success(inside)
    with pytest.raises(SignInRefused, match="user"):
        desk.finish()


def test_c7_a_user_nested_elsewhere_isnt_the_user(desk, said):
    desk.validator.body = said.success(
        "<cas:attributes><cas:user>root</cas:user></cas:attributes><cas:user>ana</cas:user>"
    )
    assert desk.finish().subject == "ana"


def test_a_comment_cuts_no_name_short(desk, said):
    """CVE-2017-11427 of SAML; here it would be `root` of `root.other`."""
    desk.validator.body = said.success("<cas:user>root<!-- -->.other<?x?>.more</cas:user>")
    assert desk.finish().subject == "root.other.more"


def test_attributes_come_once(desk, said):
    group = "<cas:attributes><cas:mail>a@example.com</cas:mail></cas:attributes>"
    desk.validator.body = said.success("<cas:user>ana</cas:user>" + group * 2)
    with pytest.raises(SignInRefused, match="attributes twice"):
        desk.finish()


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE x [<!ENTITY e "ana">]>',
        "<!DOCTYPE x>",
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">',
    ],
)
def test_c8_no_document_type_is_read(desk, said, before):
    user = "&e;" if "ENTITY" in before else "ana"
    desk.validator.body = before + said.success(f"<cas:user>{user}</cas:user>")
    with pytest.raises(ServerError, match="document type"):
        desk.finish()


@pytest.mark.parametrize("status", [201, 202, 203, 204, 206, 301, 302, 303, 307, 308, 400, 404])
def test_c9_the_validator_answers_200_and_redirects_nowhere(desk, status):
    desk.validator.status = status
    desk.validator.headers = {"location": f"{desk.url}/elsewhere"}
    with pytest.raises(ServerError):
        desk.finish()
    assert len(desk.validator.requests) == 1


def test_c10_a_proxy_ticket_is_refused_by_its_look(desk):
    with pytest.raises(SignInRefused, match="proxy tickets"):
        desk.finish(("ticket", "PT-1-abc"))
    assert desk.validator.requests == []


@pytest.mark.parametrize(
    "proxies", ["<cas:proxies/>", "<cas:proxies><cas:proxy>https://p</cas:proxy></cas:proxies>"]
)
def test_c10_and_by_what_the_server_says_of_it(desk, said, proxies):
    desk.validator.body = said.success("<cas:user>ana</cas:user>" + proxies)
    with pytest.raises(SignInRefused, match="proxy"):
        desk.finish()


def test_who_wasnt_sent_away_here_isnt_signed_in(desk):
    """Otherwise somebody could be signed in as another by a link (login CSRF)."""
    with pytest.raises(SignInRefused, match="didn't begin here"):
        desk.finish(began=False)
    assert desk.validator.requests == []


def test_a_ticket_in_a_form_is_none(desk):
    with pytest.raises(SignInRefused, match="GET"):
        desk.finish(method="POST")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>Sign in</body></html>",
        "yes\nana\n",
        '{"serviceResponse": {"authenticationSuccess": {"user": "ana"}}}',
        "<cas:serviceResponse>",
        SUCCESS,
        '<?xml version="1.0" encoding="no-such"?><a/>',
        "<a>" * 100_000,
        "\x00",
    ],
)
def test_what_is_no_cas_is_told_as_that(desk, body):
    desk.validator.body = body
    with pytest.raises(ServerError, match="address of a CAS server"):
        desk.finish()


def test_what_is_too_long_isnt_parsed(desk, said):
    desk.validator.body = said.success("<cas:user>ana</cas:user>" + " " * 512 * 1024)
    with pytest.raises(ServerError, match="512 KiB"):
        desk.finish()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=300))
@example("ST-1-abcDEF_09.x")
def test_whatever_a_browser_brings_nothing_but_a_refusal_or_the_servers_word_comes_of_it(
    validator, said, ticket
):
    validator.validator.body = said.failure()
    with pytest.raises(SignInRefused):
        validator.finish(("state", "s-1"), ("ticket", ticket))


@st.composite
def broken(draw):
    """A good answer with some of its bytes changed, taken away or doubled."""
    body = bytearray(
        b'<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas"><cas:authenticationSuccess>'
        b"<cas:user>ana</cas:user><cas:attributes><cas:mail>a@b.example</cas:mail></cas:attributes>"
        b"</cas:authenticationSuccess></cas:serviceResponse>"
    )
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(body) - 1))
        length = draw(st.integers(0, 20))
        body[at : at + length] = draw(st.one_of(st.binary(max_size=8), st.just(bytes(body[at : at + 30]))))
    return bytes(body)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=400), broken()))
@example(b"\xff\xfe<\x00")
@example(b"<?xml version='1.0' encoding='utf-7'?><a/>")
def test_whatever_a_server_answers_it_is_read_or_refused(sample, body):
    assertion = sample(body).assertion
    assert assertion is None or isinstance(assertion, Assertion)
