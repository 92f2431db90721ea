"""The ways on which people come, each from its beginning to its end, over real sockets.

They begin at the host, at the LMS, and at the identity provider. The provider is somebody else's program,
the LMS a strict fake.
"""

import threading
import time
from contextlib import asynccontextmanager, contextmanager

import jwt
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.routing import Mount, Route

from passback import Passback
from passback.sandbox import serve
from passback.web import mountable
from passback_testbed.browser import Browser
from passback_testbed.oidc_provider import OidcProvider, OidcUser
from passback_testbed.ports import free_port
from passback_thoughtindustries.sandbox import Sandbox

ANA = OidcUser("ana", "open sesame", {"sub": "00u1", "name": "Ana Ortiz", "email": "ana@university.example"})
PARTNER = "a secret of the partner's that is long enough"
LOCAL = 'network = { allow_http = true, allow = ["127.0.0.0/8"] }'


class Session:
    """Who is signed in, in a signed cookie; who isn't goes to the university."""

    async def begin(self, request, signed):
        request.session.clear()
        request.session.update(learner=signed.learner.id, by=signed.connection)
        return RedirectResponse(signed.return_to, 303)

    async def end(self, request):
        request.session.clear()
        return "", ""

    async def learner(self, request):
        return request.session.get("learner")

    async def ask(self, request, back):
        return RedirectResponse(request.url_for("start").include_query_params(return_to=back), 303)


async def start(request):
    wanted = request.query_params.get("return_to", "/")
    return RedirectResponse(f"/passback/sso/university/sign-in?return_to={wanted}", 303)


async def home(request):
    return PlainTextResponse(f"signed in as {request.session.get('learner')} by {request.session.get('by')}")


@contextmanager
def hosted(pb, port):
    """The host's app, served by a thread of its own."""

    @asynccontextmanager
    async def lifespan(_):
        async with pb:
            yield

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/start", start, name="start"),
            Mount("/passback", app=mountable(pb, session=Session())),
        ],
        middleware=[Middleware(SessionMiddleware, secret_key="of one test")],
        lifespan=lifespan,
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def school():
    sandbox = Sandbox()
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


@pytest.fixture
def world(host, school, tmp_path):
    """A host, a provider that is somebody else's program, a partner who signs tokens, and a school."""
    port = free_port()
    ours = f"http://127.0.0.1:{port}"
    client = {
        "client_id": "courses",
        "client_secret": "secret of the client",
        "redirect_uris": [f"{ours}/passback/sso/university/callback"],
    }
    with OidcProvider(tmp_path / "provider", [ANA], [client]) as provider:
        host.configure(
            f"""
[web]
url = "{ours}/passback"
keys = ["a key that is long enough to seal what browsers bring"]
[connections.university]
connector = "oidc"
contact = "it@university.example"
options = {{ issuer = "{provider.url}", client_id = "courses", client_secret = "secret of the client" }}
{LOCAL}
[connections.university.sign_in]
[connections.partner]
connector = "jwt"
contact = "it@partner.example"
options = {{ issuer = "https://partner.example", algorithms = ["HS256"], secret = "{PARTNER}" }}
[connections.partner.sign_in]
[connections.school]
connector = "thoughtindustries"
contact = "it@school.example"
activities = []
options = {{ url = "{school.url}", api_key = "{school.behaviour.api_key}", external_id = "id" }}
{LOCAL}
"""
        )
        with hosted(Passback.from_file(host.folder / "passback.toml"), port) as url:
            yield url, provider


def test_who_begins_at_the_lms_comes_back_to_the_page_they_wanted_there(world, school):
    ours, provider = world
    browser = Browser()
    page = provider.sign_in(browser, f"{ours}/passback/enter/school?returnTo=/learn/course/ladder", "ana")
    assert page.url.startswith(f"{school.url}/access/jwt")
    assert page.text.endswith("at /learn/course/ladder")
    # The second time the host knows them, and nobody is asked anything.
    again = browser.open(f"{ours}/passback/enter/school?returnTo=/learn/course/ladder")
    assert again.text == page.text


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example"])
def test_the_lms_can_send_nobody_elsewhere(world, wanted):
    ours, provider = world
    browser = Browser("http://evil.example", "https://evil.example")
    page = provider.sign_in(browser, f"{ours}/passback/enter/school?returnTo={wanted}", "ana")
    assert (page.status, "evil" in page.url.partition("?")[0]) == (503, False)


def test_who_begins_at_the_provider_is_signed_in_once_by_each_token(world):
    ours, _ = world
    now = int(time.time())
    claims = {"iss": "https://partner.example", "sub": "p-1", "iat": now, "exp": now + 60, "jti": "once"}
    token = jwt.encode(claims, PARTNER, algorithm="HS256")
    page = Browser().open(f"{ours}/passback/sso/partner/callback?jwt={token}")
    assert page.text.endswith("by partner")
    assert Browser().open(f"{ours}/passback/sso/partner/callback?jwt={token}").status == 403


def test_who_begins_at_the_host_comes_back_to_where_they_were(world):
    ours, provider = world
    page = provider.sign_in(Browser(), f"{ours}/start?return_to=/", "ana")
    assert page.text.endswith("by university")
