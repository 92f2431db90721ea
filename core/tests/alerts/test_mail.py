"""Mails through real mail servers: plain, STARTTLS and TLS with credentials; and what they refuse."""

import asyncio
import socket
import socketserver
import threading
import warnings
from contextlib import contextmanager, suppress

import pytest
from mailserver import PASSWORD, USER, authority, mail_server
from scripted import START

from passback import Alerted, AlertKind, Health
from passback.alerts import Mailbox, MailServer, Parcel
from passback.alerts.channel import InDoubt

TO = "lms-admin@acme.example"
ALERT = Alerted(
    kind=AlertKind.INCIDENT_BEGAN,
    connection="acme",
    at=START,
    health=Health.SERVER_ERROR,
    detail="GET /xapi/about answered 401; check key, secret or token",
    since=START,
    undelivered=1204,
)


@pytest.fixture(autouse=True)
def _insecure_servers_warn():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
        yield


def parcels(*recipients, alert=ALERT):
    return [
        Parcel(key=f"key-{number}", recipient=each, alert=alert) for number, each in enumerate(recipients)
    ]


def send(server, *recipients, alert=ALERT):
    async def work():
        async with asyncio.timeout(20):
            return [each async for each in Mailbox(server).send(parcels(*recipients, alert=alert))]

    return asyncio.run(work())


def plain(inbox, **options):
    return MailServer(
        **{"host": "localhost", "port": inbox.port, "sender": "passback@vendor.example", "security": "none"}
        | options
    )


def body(message, kind):
    return message.get_body((kind,)).get_content()


def test_a_mail_has_text_and_html_and_says_what_it_is():
    with mail_server() as inbox:
        assert send(plain(inbox), TO) == [""]
    (message,) = inbox.messages
    assert inbox.envelopes == [("passback@vendor.example", [TO])]
    assert (message["To"], message["From"]) == (TO, "Passback <passback@vendor.example>")
    assert message["Subject"] == "acme: server error"
    assert message["Message-ID"] == "<key-0@vendor.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        text = " ".join(body(message, kind).split())
        assert "answered 401; check key, secret or token" in text
        assert "1,204 results" in text


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_it_goes_encrypted_and_with_credentials(tmp_path, monkeypatch, security):
    certificate, ca = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    with mail_server(security, certificate) as inbox:
        server = plain(inbox, security=security, username=USER, password=PASSWORD)
        assert send(server, TO, "b@acme.example") == ["", ""]
        wrong = plain(inbox, security=security, username=USER, password="not-this-secret")
        (reason,) = send(wrong, TO)
    assert len(inbox.messages) == 2
    assert "refuses the credentials (535); check alerts.smtp.username and password" in reason
    assert "not-this-secret" not in reason + repr(wrong)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path, security):
    certificate, _ = authority(tmp_path)
    with mail_server(security, certificate) as inbox:
        (reason,) = send(plain(inbox, security=security, username=USER, password=PASSWORD), TO)
    assert "no encrypted connection" in reason
    assert "self-signed certificate" in reason or "unable to get local issuer" in reason
    assert inbox.messages == []


def test_nothing_goes_unencrypted_where_encryption_was_asked_for():
    with mail_server() as inbox:
        (reason,) = send(plain(inbox, security="starttls"), TO)
        assert "STARTTLS" in reason
        (reason,) = send(plain(inbox, security="tls", timeout=2), TO)
        assert "no encrypted connection" in reason
    assert inbox.messages == []


def test_one_that_is_refused_stops_no_other():
    with mail_server() as inbox:
        inbox.refusing[TO] = "550 5.1.1 no such mailbox"
        reasons = send(plain(inbox), TO, "b@acme.example")
    assert "refuses the recipient (550 5.1.1 no such mailbox); check the connection's contact" in reasons[0]
    assert reasons[1] == ""


@pytest.mark.parametrize(
    ("where", "answer", "said"),
    [
        ("sender", "553 not from here", "refuses the sender (553 not from here); check alerts.smtp.sender"),
        ("data", "554 this is spam", "refuses the mail (554 this is spam)"),
        ("sender", "530 5.7.0 Authentication required", "wants user and password, or encryption, first (530"),
        (TO, "530 5.7.0 Must issue a STARTTLS command first", "check alerts.smtp.username, password and sec"),
        ("sender", "552 5.3.4 too big", "has no room for the mail (552 5.3.4 too big): a mailbox is full, a"),
        (TO, "552 5.2.2 over quota", "(552 5.2.2 over quota): a mailbox is full, a quota is used up, or ma"),
        ("data", f"451 {PASSWORD}\x1b[2J later", "doesn't take the mail yet (451 ********"),
        ("data", "451 later", "doesn't take the mail yet (451 later); it asks to try again later"),
        ("sender", "450 busy", "doesn't take mail from the sender yet (450 busy); it asks to try again"),
    ],
)
def test_what_the_server_says_is_told_without_secrets(where, answer, said):
    with mail_server() as inbox:
        inbox.refusing[where] = answer
        (reason,) = send(plain(inbox, password=PASSWORD), TO)
    assert said in reason
    assert "\x1b" not in reason


@pytest.mark.parametrize("answer", ["450 4.2.0 greylisted", "451 4.7.1 greylisted, come back"])
def test_who_is_to_come_back_later_is_told_that_and_sent_to_check_nothing(answer):
    with mail_server() as inbox:
        inbox.refusing[TO] = answer
        (reason,) = send(plain(inbox), TO)
    assert f"doesn't take mail for the recipient yet ({answer}); it asks to try again later" in reason
    assert "check" not in reason


def test_a_server_that_is_not_there_is_told_for_each():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = MailServer(
            host="127.0.0.1", port=taken.getsockname()[1], security="none", sender="a@b.example"
        )
        reasons = send(server, TO, "b@acme.example")
    assert len(reasons) == 2
    assert all("connection refused; check alerts.smtp.host and port" in each for each in reasons)
    (reason,) = send(MailServer(host="nowhere.invalid", security="none", sender="a@b.example"), TO)
    assert "isn't reached" in reason


def test_a_server_that_never_answers_is_given_up_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        server = MailServer(host="127.0.0.1", port=port, security="none", sender="a@b.example", timeout=0.3)
        (reason,) = send(server, TO)
    assert "no answer in time" in reason


@contextmanager
def hanging(at, *, gone=False, **options):
    """Run a mail server that begins an answer to the line `at` and never ends it; yield where it is.

    Where it's `gone`, it cuts the connection there instead.
    """

    class Talk(socketserver.StreamRequestHandler):
        def handle(self):
            self.wfile.write(b"220 mail.test\r\n")
            answer = b"250 OK\r\n"
            with suppress(ConnectionError):
                for line in self.rfile:
                    if gone and line.startswith(b"DATA"):
                        self.wfile.write(b"354 go on\r\n")
                        list(iter(self.rfile.readline, at))
                        return
                    answer = b"250-\r\n" if line.startswith(at) else answer
                    self.wfile.write(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.05,)).start()
        where = {"host": "127.0.0.1", "port": serving.server_address[1]}
        try:
            yield MailServer(**where, security="none", sender="a@b.example", **options)
        finally:
            serving.shutdown()


@pytest.mark.parametrize("at", [b"MAIL", b"RCPT", b"DATA"])
def test_no_other_answer_than_that_to_a_whole_mail_is_waited_for_long(at):
    with hanging(at, timeout=0.3) as server:
        (reason,) = send(server, TO)
    assert "no answer in time" in reason


def test_who_is_to_stop_while_a_server_hangs_takes_no_leave_of_it():
    async def stop(server):
        sending = asyncio.create_task(anext(Mailbox(server).send(parcels(TO))))
        await asyncio.sleep(0.5)
        sending.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([sending])

    with hanging(b"MAIL", timeout=15) as server:
        asyncio.run(stop(server))


def test_who_is_to_stop_while_a_server_looks_through_a_mail_says_that_it_may_have_arrived():
    async def stop(server, inbox):
        sending = asyncio.create_task(anext(Mailbox(server).send(parcels(TO))))
        async with asyncio.timeout(10):
            while not inbox.begun:
                await asyncio.sleep(0.05)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError) as left:
                await sending
        assert [type(each) for each in left.value.args] == [InDoubt]

    with mail_server() as inbox:
        inbox.thinking = 2
        asyncio.run(stop(plain(inbox), inbox))


def test_a_server_that_looks_through_a_mail_before_it_takes_it_is_waited_for():
    with mail_server() as inbox:
        inbox.thinking = 1.5
        assert send(plain(inbox, timeout=0.5), TO) == [""]


def test_one_that_the_server_had_and_said_nothing_of_may_have_arrived():
    with hanging(b".\r\n", gone=True, timeout=5) as server:
        (reason,) = send(server, TO)
    assert "had the whole mail and said nothing of it, so it may have arrived" in reason
    assert isinstance(reason, InDoubt)


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("münchen.example", "xn--mnchen-3ya.example"),
        ("MÜNCHEN.example", "xn--mnchen-3ya.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("σας.example", "xn--mxa8ab.example"),
    ],
)
def test_a_domain_of_other_letters_goes_by_its_own_name_in_dns_and_no_other(domain, known):
    with mail_server() as inbox:
        assert send(plain(inbox, sender=f"passback@{domain}"), f"admin@{domain}") == [""]
    (message,) = inbox.messages
    assert inbox.envelopes == [(f"passback@{known}", [f"admin@{known}"])]
    assert message["To"] == f"admin@{known}"
    assert message["Message-ID"] == f"<key-0@{known}>"


def test_letters_before_the_at_go_as_they_are_to_a_server_that_takes_them():
    with mail_server(letters=True) as inbox:
        assert send(plain(inbox, sender="grüße@vendor.example"), "jörg@müller.example") == [""]
    (message,) = inbox.messages
    assert inbox.envelopes == [("grüße@vendor.example", ["jörg@xn--mller-kva.example"])]
    to = message["To"].addresses[0].addr_spec
    assert to.encode(errors="surrogateescape").decode() == "jörg@xn--mller-kva.example"


def test_a_server_that_takes_no_letters_before_the_at_is_told_as_that_and_mailed_the_others():
    with mail_server() as inbox:
        (reason, other) = send(plain(inbox), "jörg@müller.example", TO)
    assert "takes no address with letters such as ö before the @ (no SMTPUTF8); check the conn" in reason
    assert other == ""


def test_a_mail_server_of_other_letters_is_looked_for_by_its_own_name(monkeypatch):
    asked = []

    async def look_up(_loop, host, *_, **__):
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    (reason,) = send(MailServer(host="mail.faß.example", security="none", sender="a@b.example"), TO)
    assert asked == ["mail.xn--fa-hia.example"]
    assert "isn't reached" in reason


@pytest.mark.parametrize(
    "address", ["a\x00b@acme.example", "ö\u200ba@acme.example", "ö,b@acme.example", "a@[,."]
)
def test_an_address_that_cannot_stand_in_a_mail_is_told_and_stops_no_other(address):
    with mail_server(letters=True) as inbox:
        (reason, other) = send(plain(inbox), address, TO)
    assert "an address can't stand in a mail" in reason
    assert other == ""


def test_what_came_from_outside_makes_no_header_no_markup_and_steers_nothing():
    hostile = "x\r\nBcc: everybody@example.com\r\n\r\n<script>alert(1)</script>\x1b[2J\u202e"
    alert = Alerted(
        kind=AlertKind.INCIDENT_BEGAN,
        connection=hostile,
        at=START,
        health=Health.CANNOT_CONNECT,
        detail=hostile,
        since=START,
    )
    with mail_server() as inbox:
        assert send(plain(inbox), TO, alert=alert) == [""]
    (message,) = inbox.messages
    assert message["Bcc"] is None
    assert inbox.envelopes[0][1] == [TO]
    assert "<script>" not in body(message, "html")
    for kind in ("plain", "html"):
        assert not {"\x1b", "\u202e", "\r\n\r\n<"} & set(body(message, kind))
    assert "x Bcc: everybody" in message["Subject"]
