"""People sign in by an identity provider, through the mounted app: once each, as themselves, and for ever."""

import asyncio
import json
import logging
import re
import sys
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from hosting import made
from installing import install_plugin
from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Mount

from passback import Learner, Outcome, Passback, Person, Selection, SignInRefused
from passback.sandbox import serve
from passback.web import mountable
from passback_xapi.sandbox import Sandbox

PROVIDER = """
import json
from passback import (
    Assertion, CannotConnect, Connector, Departure, Observation, Options, SampleReading, ServiceMetadata,
    SignIn, SignInRefused,
)

class Idp(Connector[Options]):
    async def check(self): ...

    async def start_sign_in(self, request):
        if request.hint == "down":
            raise CannotConnect("idp.example: not reached")
        return Departure(url="https://idp.example/login?state=" + request.state, kept={"nonce": "n-1"})

    async def finish_sign_in(self, request):
        if request.kept != {"nonce": "n-1"}:
            raise SignInRefused("nobody here began this")
        said = dict(request.incoming.query)
        if said["state"] != request.state or "who" not in said:
            raise SignInRefused("it proves nothing")
        more = {name: (value,) for name, value in said.items() if name not in ("who", "state")}
        verified = {"true": True, "false": False}.get(said.get("verified"))
        return Assertion(
            issuer="https://idp.example", subject=said["who"], subject_kind="idp:sub", attributes=more,
            email_verified=verified, session="token-of-" + said["who"],
        )

    async def start_sign_out(self, request):
        return Departure(url="https://idp.example/logout?of=" + request.assertion.session)

    def publish_metadata(self, place):
        return ServiceMetadata(body=place.callback.encode(), media_type="text/plain")

    def read_sample(self, sample):
        said = json.loads(sample.body)
        attributes = {name: (value,) for name, value in said.items()}
        return SampleReading(
            assertion=Assertion(issuer="i", subject="s", attributes=attributes),
            observations=(Observation(what="place", said=sample.place.callback),),
        )

    async def inspect_provider(self, place):
        return [Observation(what="certificate", said=":".join(["AB"] * 32))]

class Bare(Idp):
    def publish_metadata(self, place):
        return Connector.publish_metadata(self, place)

class Lms(Connector[Options]):
    async def check(self): ...

    async def sign_in_url(self, request):
        fields = (("jwt", 'of "' + request.learner.id), ("to", request.return_to))
        return SignIn(url="https://lms.example/in", fields=fields)
"""
KEYS = """
[web]
url = "https://host.example/passback"
keys = ["a key that is long enough to seal what browsers bring"]
"""
TABLE = """
[connections.idp]
connector = "idp"
contact = "admin@example.com"
[connections.idp.sign_in]
title = "Acme"
return_to = ["https://courses.example/"]
after_sign_in = "/welcome"
after_sign_out = "/bye"
attributes = { email = "mail", name = "displayName", external_id = "employee" }
"""
LMS = """
[connections.lms]
connector = "lms"
contact = "admin@example.com"
activities = []
"""


@pytest.fixture
def idp(host, monkeypatch):
    """An identity provider's connector and an LMS's, installed for this test alone."""
    named = "idp = passback_idp:Idp\nbare = passback_idp:Bare\nlms = passback_idp:Lms\n"
    install_plugin(host.folder, "passback-idp", PROVIDER, f"[passback.connectors.v1]\n{named}")
    monkeypatch.syspath_prepend(host.folder)
    yield host
    sys.modules.pop("passback_idp", None)


class Session:
    """Keeps who is signed in in one browser, as a host does."""

    def __init__(self):
        self.signed = None

    async def begin(self, _request, signed):
        self.signed = signed
        return RedirectResponse(signed.return_to, 303)

    async def end(self, _request):
        signed, self.signed = self.signed, None
        return (signed.connection, signed.session) if signed else ("", "")

    async def learner(self, _request):
        return self.signed.learner if self.signed else None

    async def ask(self, _request, back):
        return RedirectResponse(f"/login?back={back}", 303)


class Browser:
    """A browser, and the host behind it."""

    def __init__(self, pb, session, client):
        self.pb = pb
        self.session = session
        self.client = client

    async def leave(self, **query):
        """Go to the provider; return the state that it was given."""
        answer = await self.client.get("/passback/sso/idp/sign-in", params=query)
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["state"]

    async def back(self, **query):
        return await self.client.get("/passback/sso/idp/callback", params=query)

    async def sign_in(self, who, **said):
        return await self.back(state=await self.leave(), who=who, **said)


@asynccontextmanager
async def browser(host, *tables):
    host.configure(KEYS, TABLE, *tables)
    async with Passback.from_file(host.folder / "passback.toml") as pb:
        session = Session()
        app = Starlette(routes=[Mount("/passback", app=mountable(pb, session=session))])
        async with other(app) as client:
            yield Browser(pb, session, client)


@asynccontextmanager
async def other(app):
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://host.example") as client:
        client.app = app
        yield client


def run(work):
    return asyncio.run(work())


def test_who_signed_in_comes_back_as_the_same_learner_for_ever(idp):
    async def work():
        async with browser(idp) as at:
            answer = await at.sign_in("1", mail="ana@x.example", displayName="Ana")
            first = at.session.signed
            assert (answer.status_code, answer.headers["location"]) == (303, "/welcome")
            assert (first.outcome, first.learner.email) == (Outcome.CREATED, "ana@x.example")
            await at.sign_in("1", mail="ana@married.example")
            assert at.session.signed.outcome is Outcome.KNOWN
            assert at.session.signed.learner == Learner(
                id=first.learner.id, email="ana@married.example", name="Ana"
            )
            assert at.pb.providers.titles() == {"idp": "Acme"}

    run(work)


def test_a_state_serves_the_browser_that_it_was_given_to_once(idp, caplog):
    async def work():
        async with browser(idp) as at:
            state = await at.leave()
            async with other(at.client.app) as stranger:
                wrong = await stranger.get("/passback/sso/idp/callback", params={"state": state, "who": "1"})
            missing = await at.back(who="1")
            unknown = await at.back(who="1", state="another")
            twice = await at.client.get(f"/passback/sso/idp/callback?state={state}&state=x&who=1")
            assert [each.status_code for each in (wrong, missing, unknown, twice)] == [403] * 4
            assert at.session.signed is None
            assert (await at.back(state=state, who="1")).status_code == 303
            assert (await at.back(state=state, who="1")).status_code == 403
            assert state not in caplog.text

    with caplog.at_level(logging.DEBUG, "passback"):
        run(work)
    assert "nobody here began this" in caplog.text


def test_who_isnt_let_in_gets_a_word_that_the_administrator_finds_in_the_log(idp, caplog):
    async def work():
        async with browser(idp) as at:
            return await at.back(state=await at.leave())

    answer = run(work)
    word = re.search(r"administrator: (\w{6})$", answer.text)[1]
    assert f"({word}): it proves nothing" in caplog.text


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "https:evil",
        "/\\evil.example",
        "\\\\evil.example",
        "/%0d\r\nx",
        "javascript:alert(1)",
        "https://courses.example@evil.example/",
        "https://courses.example.evil.example/",
        "http://courses.example/",
        " //evil.example",
        "/ /evil",
        "//[",
        "https://[",
        "https://courses.example\u2100/",
        "/" + "a" * 2048,
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(idp, wanted):
    async def work():
        async with browser(idp) as at:
            answer = await at.client.get("/passback/sso/idp/sign-in", params={"return_to": wanted})
            assert answer.status_code == 403
            assert "evil" not in answer.text

    run(work)


@pytest.mark.parametrize("wanted", ["/courses?id=1", "https://courses.example/1?x=//y"])
def test_who_came_from_somewhere_allowed_goes_back_there(idp, wanted):
    async def work():
        async with browser(idp) as at:
            answer = await at.back(state=await at.leave(return_to=wanted), who="1")
            assert answer.headers["location"] == wanted

    run(work)


async def until(at, states):
    async with asyncio.timeout(10):
        while {each.result_id: each.state for each in await at.pb.deliveries(Selection())} != states:
            await asyncio.sleep(0.02)


def test_a_link_brings_the_account_and_drains_what_waited_for_it(idp):
    lrs = Sandbox()
    with serve(lrs) as url:
        table = f"""
[connections.lrs]
connector = "xapi"
contact = "admin@example.com"
options = {{ url = "{url}", key = "{lrs.behaviour.key}", secret = "{lrs.behaviour.secret}", actor = "sso" }}
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
"""

        async def work():
            async with browser(idp, 'serves = ["lrs"]', "by_external_id = true", table) as at:
                ana = Learner(id="ana", external_id="E-1")
                await at.pb.linking.know(Person(organisation="default", learner=ana))
                await at.pb.submit(made(1, learner=ana))
                await at.pb.submit(made(2, learner=Learner(id="never signed in")))
                await until(at, {"result-1": "waiting", "result-2": "waiting"})
                await at.sign_in("00u1", employee="E-1")
                await until(at, {"result-1": "delivered", "result-2": "waiting"})
                (bond,) = [each for each in await at.pb.accounts.of("lrs") if each.account]
                assert (bond.learner.id, bond.matched_by) == ("ana", "identity")

        run(work)
        (kept,) = lrs.statements
        assert kept["actor"]["account"] == {"homePage": "https://idp.example", "name": "00u1"}


def test_proof_is_needed_once_by_the_same_browser_of_the_same_person(idp):
    async def work():
        async with browser(idp, 'merge = "proof"') as at:
            await at.pb.linking.know(
                Person(organisation="default", learner=Learner(id="ana", email="ana@x.example"))
            )
            await at.sign_in("1", mail="ana@x.example")
            waiting = at.session.signed
            assert (waiting.outcome, waiting.learner.id) == (Outcome.NEEDS_PROOF, "ana")
            cookie = at.client.cookies["passback_browser"]
            with pytest.raises(SignInRefused):
                await at.pb.signing_in.prove(waiting.proof, "ana", "another browser")
            # What is a proof is no state.
            assert (await at.back(state=waiting.proof.partition(":")[2], who="1")).status_code == 403
            proved = await at.pb.signing_in.prove(waiting.proof, "ana", cookie)
            assert (proved.outcome, proved.learner.id) == (Outcome.MERGED, "ana")
            with pytest.raises(SignInRefused):
                await at.pb.signing_in.prove(waiting.proof, "ana", cookie)
            await at.sign_in("1")
            assert (at.session.signed.outcome, at.session.signed.learner.id) == (Outcome.KNOWN, "ana")

    run(work)


def test_signing_out_goes_by_the_provider_and_ends_where_the_host_says(idp):
    async def work():
        async with browser(idp) as at:
            await at.sign_in("1")
            answer = await at.client.post("/passback/sso/sign-out")
            assert answer.headers["location"] == "https://idp.example/logout?of=token-of-1"
            assert at.session.signed is None
            left = await at.client.get("/passback/sso/idp/signed-out")
            assert left.headers["location"] == "/bye"
            assert (await at.client.post("/passback/sso/sign-out")).headers["location"] == "/"

    run(work)


def test_an_lms_that_sends_somebody_here_gets_them_back_signed_in(idp):
    async def work():
        async with browser(idp, LMS) as at:
            wanted = "/passback/enter/lms?returnTo=%2Fcourse%3Fa%3Db"
            asked = await at.client.get(wanted)
            assert asked.headers["location"] == f"/login?back={wanted}"
            await at.sign_in("1")
            page = await at.client.get(wanted)
            assert page.headers["referrer-policy"] == "no-referrer"
            assert page.headers["cache-control"] == "no-store"
            assert "script-src 'nonce-" in page.headers["content-security-policy"]
            assert 'action="https://lms.example/in"' in page.text
            assert f'value="of &quot;{at.session.signed.learner.id}"' in page.text
            assert 'name="to" value="/course?a=b"' in page.text

    run(work)


def test_what_isnt_there_isnt_told_apart_from_what_signs_nobody_in(idp):
    async def work():
        async with browser(idp, LMS) as at:
            for path in ("sso/lms/sign-in", "sso/none/sign-in", "sso/none/callback", "sso/none/metadata"):
                assert (await at.client.get(f"/passback/{path}")).status_code == 404
            metadata = await at.client.get("/passback/sso/idp/metadata")
            assert metadata.text == "https://host.example/passback/sso/idp/callback"
            big = await at.client.post("/passback/sso/idp/callback", content=b"x" * (1024 * 1024 + 1))
            assert big.status_code == 413

    run(work)


@pytest.mark.parametrize("mounted", ["/passback", "", "/inside"])
def test_the_cookie_goes_nowhere_else(idp, mounted):
    """It goes where browsers see the app, wherever a proxy has it."""

    async def work():
        async with browser(idp) as at:
            app = Starlette(routes=[Mount(mounted, app=mountable(at.pb, session=at.session))])
            async with other(app) as client:
                answer = await client.get(
                    f"{mounted}/sso/idp/sign-in", headers={"cookie": "passback_browser=evil"}
                )
            said = answer.headers["set-cookie"].lower()
            assert "httponly" in said
            assert "secure" in said
            assert "samesite=none" in said
            assert "path=/passback;" in said
            assert "evil" not in said

    run(work)


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (['serves = ["lsm"]', LMS], "sign_in.serves.0: there is no connection 'lsm'; did you mean 'lms'?"),
        (['serves = ["lms"]', LMS + 'organisation = "other"'], "another organisation's"),
        ([LMS.replace("activities = []", "")], "connections.lms.activities: it takes no results"),
        (['merge = "sometimes"'], "connections.idp.sign_in.merge: "),
        ([LMS + "[connections.lms.sign_in]"], "connections.lms.sign_in: connector 'lms' signs nobody in"),
    ],
)
def test_what_cant_work_is_said_before_anybody_comes(idp, tables, says):
    async def work():
        async with browser(idp, *tables):
            pytest.fail("it can't work")

    with pytest.raises(ExceptionGroup) as refused:
        run(work)
    (only,) = refused.value.exceptions
    assert says in str(only)


def test_results_go_to_no_identity_provider(idp):
    async def work():
        async with browser(idp) as at:
            accepted = await at.pb.submit(made(1))
            assert accepted.connections == ()

    run(work)


def signed_in(host):
    """Somebody has signed in, by the app."""

    async def work():
        async with browser(host) as at:
            await at.sign_in("1", mail="ana@x.example")
            return at.session.signed.learner.id

    return run(work)


def test_explain_says_what_became_what_and_shows_no_value(idp, monkeypatch):
    idp.configure(KEYS, TABLE)
    (idp.folder / "sample").write_text(
        json.dumps({"Mail": "ana@secret.example", "displayName": "Ana Secret"})
    )
    monkeypatch.setenv("PYTHONPATH", str(idp.folder))
    done = idp.run("sso", "explain", "idp", "sample")
    assert "name: from 'displayName'" in done.stdout
    assert "'mail' was not sent; did you mean 'Mail'? names are case-sensitive" in done.stdout
    assert "place: https://host.example/passback/sso/idp/callback" in done.stdout
    assert "secret" not in done.stdout.lower()


def test_explain_tells_what_keeps_newcomers_out(idp, monkeypatch):
    idp.configure(KEYS, TABLE, 'required = ["email"]')
    (idp.folder / "sample").write_text(json.dumps({"Mail": "ana@secret.example"}))
    monkeypatch.setenv("PYTHONPATH", str(idp.folder))
    told = {each["what"]: each for each in idp.json("sso", "explain", "idp", "sample")}
    assert told["email"]["verdict"] == "problem"
    assert told["email"]["said"].endswith("; without it nobody comes in for the first time (required)")
    assert told["name"]["verdict"] == "warning"


@pytest.mark.parametrize(("connector", "published"), [("idp", True), ("bare", False)])
def test_check_shows_what_is_copied_from_it_in_one_piece_and_only_what_is_there(
    idp, monkeypatch, connector, published
):
    idp.configure(KEYS, TABLE.replace('connector = "idp"', f'connector = "{connector}"'))
    monkeypatch.setenv("PYTHONPATH", str(idp.folder))
    said = idp.run("sso", "check", "idp").stdout
    assert f"certificate: {':'.join(['AB'] * 32)}\n" in said
    assert "callback, to enter at the provider: https://host.example/passback/sso/idp/callback\n" in said
    assert ("https://host.example/passback/sso/idp/metadata" in said) is published


def test_an_administrator_sees_the_links_and_changes_one_in_their_name(idp, monkeypatch):
    first = signed_in(idp)
    monkeypatch.setenv("PYTHONPATH", str(idp.folder))
    (link,) = idp.json("sso", "links")
    assert (link["connection"], link["kind"], link["subject"], link["learner"]) == (
        "idp",
        "idp:sub",
        "1",
        first,
    )
    assert first[:16] in idp.run("sso", "links", "--connection", "idp").stdout
    assert "several do" in idp.run("sso", "end", link["link"][:5], "--by", "admin", expect=2).stderr
    idp.run("sso", "end", link["link"], "--by", "admin@acme")
    assert idp.json("sso", "links")[0]["live"] is False
    idp.run("sso", "relink", link["link"], "ana", "--by", "admin@acme")
    assert [(each["learner"], each["live"]) for each in idp.json("sso", "links")] == [("ana", True)]
    said = idp.run("sso", "rename-issuer", "idp", "https://idp.example", "https://new.example", "--by", "me")
    assert "1 link" in said.stdout
    assert idp.json("sso", "links")[0]["issuer"] == "https://new.example"


def test_the_table_to_paste_for_a_customers_own_provider_names_every_attribute(idp):
    said = idp.run("sso", "attributes").stdout
    assert all(name in said for name in ("courseSlugs", "replaceLicenseAccess", "ref10", "role"))


def test_whoever_merges_people_by_their_addresses_is_warned_when_they_check(idp, monkeypatch):
    idp.configure(KEYS, TABLE, 'merge = "verified"', 'trusted_domains = ["x.example"]')
    monkeypatch.setenv("PYTHONPATH", str(idp.folder))
    (checked,) = idp.json("check")
    assert checked["ok"]
    assert [each.partition(":")[0] for each in checked["doubts"]] == [
        "sign_in.merge",
        "sign_in.trusted_domains",
    ]
    assert "becomes anybody whose address" in idp.run("check").stdout
