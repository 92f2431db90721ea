"""The browser that signs people in: what a person's would do, and no more."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from passback_testbed import Browser, Form, Page

LOGIN = """
<form action="?nothing=1"><input name="q" value="a&amp;b"><input type=submit name=go value=Go></form>
<form method="post" action="/login">
  <input type="hidden" name="csrf" value="42"><input name="user"><input name="off" disabled value="x">
  <input type="checkbox" name="stay" checked><input type="checkbox" name="news" value="yes">
  <select name="lang"><option value="de"><option value="en" selected></select>
  <textarea name="note">so &lt; so</textarea><button name="do" value="cancel">
</form>
"""


class Site(BaseHTTPRequestHandler):
    """Answers by its path: /login is a page of forms, /see/N redirects with N, /jar shows the cookies."""

    def do_GET(self):
        path = urlsplit(self.path).path
        if path.startswith("/see/"):
            return self.answer(int(path[5:]), "", Location="/jar")
        if path == "/out":
            return self.answer(302, "", Location="https://host.example/callback?code=1#part")
        if path == "/round":
            return self.answer(302, "", Location="/round")
        if path == "/missing":
            return self.answer(404, "not here")
        if path == "/login":
            return self.answer(200, LOGIN, **{"Set-Cookie": "seen=1; Path=/; HttpOnly"})
        return self.answer(200, f"{self.command} {self.path} {self.headers['Cookie']}")

    def do_POST(self):
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if urlsplit(self.path).path.startswith("/see/"):
            return self.do_GET()
        return self.answer(200, f"POST {self.path} {sorted(sent.items())} {self.headers['Cookie']}")

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def site():
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_page_gives_its_forms_as_they_would_be_sent(site):
    search, login = Browser().open(f"{site}/login?then=1").forms
    assert search == Form(f"{site}/login?nothing=1", "GET", {"q": "a&b"})
    assert login == Form(
        f"{site}/login",
        "POST",
        {"csrf": "42", "user": "", "stay": "on", "lang": "en", "note": "so < so"},
    )


def test_a_form_is_sent_filled_in_and_with_the_cookies_of_the_site(site):
    browser = Browser()
    form = browser.open(f"{site}/login").forms[1]
    page = browser.submit(form, {"user": "ada", "note": "x"})
    assert "('user', ['ada'])" in page.text
    assert "('csrf', ['42'])" in page.text
    assert page.text.endswith("seen=1")
    assert page.sent["user"] == "ada"


def test_a_search_form_replaces_the_query(site):
    browser = Browser()
    page = browser.submit(browser.open(f"{site}/login").forms[0])
    assert page.url == f"{site}/login?q=a%26b"


def test_two_browsers_share_no_cookie(site):
    Browser().open(f"{site}/login")
    assert Browser().open(f"{site}/jar").text.endswith("None")


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_after_a_post_is_got(site, status):
    page = Browser().submit(Form(f"{site}/see/{status}", "POST", {"a": "1"}))
    assert page.text.startswith("GET /jar")
    assert page.sent == {}


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_posts_again(site, status):
    page = Browser().submit(Form(f"{site}/see/{status}", "POST", {"a": "1"}))
    assert page.text.startswith("POST /jar [('a', ['1'])]")


def test_where_it_stops_nothing_is_sent(site):
    browser = Browser("https://host.example/", f"{site}/jar")
    assert browser.open(f"{site}/out") == Page("https://host.example/callback?code=1", 0)
    posted = browser.submit(Form("https://host.example/acs", "POST", {"SAMLResponse": "x"}))
    assert (posted.status, posted.method, posted.sent) == (0, "POST", {"SAMLResponse": "x"})
    assert browser.open(f"{site}/see/302").status == 0


def test_an_error_is_a_page(site):
    page = Browser().open(f"{site}/missing")
    assert (page.status, page.text) == (404, "not here")
    assert page.headers["content-length"] == "8"


def test_redirects_without_end_are_an_error(site):
    with pytest.raises(RuntimeError, match="redirects"):
        Browser().open(f"{site}/round")


def test_no_file_is_opened():
    with pytest.raises(ValueError, match="http"):
        Browser().open("file:///etc/hostname")
