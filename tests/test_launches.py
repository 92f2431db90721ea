"""Content that an LMS lists and opens, as its administrator and its learners see it: over real sockets."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn

from passback import Activity, Course, Passback, Selection
from passback.sandbox import serve
from passback.web import mountable
from passback_cornerstone import course_id
from passback_cornerstone.sandbox import Sandbox
from passback_testbed.ports import free_port

LADDER = "https://content.example.com/ladder 1/ü"
PAGE = "/courses/open?from=lms"
EVIL = [
    "@evil.example/x",
    "//evil.example",
    "https:evil",
    "https://evil.example/",
    "/\\evil.example",
    "/a\n/b",
]


@pytest.fixture
def csod():
    sandbox = Sandbox()
    with serve(sandbox) as url:
        sandbox.url = url
        yield sandbox


@pytest.fixture
def configured(host, csod):
    """A host that content is opened in from Cornerstone, by the callback alone."""
    like = csod.behaviour
    port = free_port()
    host.configure(
        f"""
[web]
keys = ["a-key-that-is-long-enough-to-seal-launches-with"]
url = "http://127.0.0.1:{port}"
[connections.acme]
connector = "cornerstone"
contact = "lms@example.com"
activities = ["{LADDER}"]
network = {{ allow_http = true, allow = ["127.0.0.0/8"] }}
[connections.acme.options]
url = "{csod.url}"
subdomain = "{like.subdomain}"
callback = {{ key = "{like.key}", secret = "{like.secret}", suffix = "{like.suffix}" }}
"""
    )
    host.port = port
    return host


@asynccontextmanager
async def served(host):
    """Serve the mountable app beside the host, and let a browser ask it."""
    async with Passback.from_file(host.folder / "passback.toml") as pb:
        settings = uvicorn.Config(mountable(pb, page=PAGE), port=host.port, log_config=None, lifespan="off")
        server = uvicorn.Server(settings)
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            async with httpx2.AsyncClient() as browser:
                yield pb, browser
        finally:
            server.should_exit = True
            await running


def launched(csod, **changes):
    return dict(csod.launch(csod.people[0].username, csod.url)) | changes


def claimable(answer):
    assert answer.status_code == 303
    return parse_qs(urlsplit(answer.headers["location"]).query)["launch"][0]


async def states(pb):
    return [each.waiting_for or each.state for each in await pb.deliveries(Selection())]


async def until(pb, wanted):
    async with asyncio.timeout(20):
        while await states(pb) != wanted:
            await asyncio.sleep(0.02)


def test_from_the_administrators_link_to_the_completion_in_the_portal(configured, csod):
    link = configured.run("link", LADDER, "acme").stdout.strip()
    assert link.startswith(f"http://127.0.0.1:{configured.port}/launch/acme/https%3A%2F%2F")

    async def run():
        async with served(configured) as (pb, browser):
            await pb.launching.offer("acme", [Course(activity=Activity(id=LADDER, name="Ladder safety"))])
            await asyncio.to_thread(csod.pull, f"http://127.0.0.1:{configured.port}/courses/acme")
            answer = await browser.get(link, params=launched(csod))
            assert answer.headers["location"].startswith("/courses/open?from=lms&launch=")
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == "no-store"
            ticket = await pb.launching.claim(claimable(answer), "ana")
            assert (ticket.activity, ticket.user_id) == (LADDER, csod.people[0].guid)
            (line,) = configured.write_results(1, activity=Activity(id=LADDER))
            configured.run("submit", "-", stdin=line.replace("learner-0@example.com", "ana"))
            await until(pb, ["delivered"])

    asyncio.run(run())
    (entry,) = csod.transcripts.values()
    assert entry.status == "Completed"
    assert "known" in configured.run("users", "accounts", "acme").stdout


async def waiting_for_an_account(host, csod, pb):
    """Have a result of Ana, who is known by that id alone, wait once she was looked for."""
    await pb.launching.offer("acme", [Course(activity=Activity(id=LADDER))])
    await asyncio.to_thread(csod.pull, f"http://127.0.0.1:{host.port}/courses/acme")
    (line,) = host.write_results(1, activity=Activity(id=LADDER))
    host.run("submit", "-", stdin=line.replace("learner-0@example.com", "ana"))
    async with asyncio.timeout(20):
        while not await pb.accounts.of("acme"):
            await asyncio.sleep(0.02)
    assert await states(pb) == ["account"]


def test_who_is_known_by_an_id_alone_and_opens_the_course_later_has_what_waited_sent(configured, csod):
    async def run():
        async with served(configured) as (pb, browser):
            await waiting_for_an_account(configured, csod, pb)
            assert not (await pb.accounts.context("acme")).known
            answer = await browser.get(pb.launching.link(LADDER, "acme"), params=launched(csod))
            await pb.launching.claim(claimable(answer), "ana")
            await until(pb, ["delivered"])

    asyncio.run(run())


def test_who_is_nobody_to_a_portal_that_lists_its_users_has_what_waited_sent_by_their_launch(
    configured, csod
):
    like, path = csod.behaviour, configured.folder / "passback.toml"
    client = f'api = {{ client_id = "{like.client_id}", client_secret = "{like.client_secret}" }}'
    path.write_text(f"{path.read_text('utf-8')}{client}\n", "utf-8")

    async def run():
        async with served(configured) as (pb, browser):
            await waiting_for_an_account(configured, csod, pb)
            assert (await pb.accounts.context("acme")).lists_users
            answer = await browser.get(pb.launching.link(LADDER, "acme"), params=launched(csod))
            await pb.launching.claim(claimable(answer), "ana")
            await until(pb, ["delivered"])
            assert [each.state for each in await pb.accounts.of("acme")] == ["unknown"]
            (only,) = await pb.deliveries(Selection())
            told = [each.outcome for each in await pb.steps(only.id)]
            assert "sent, as the learner has opened the content" in told

    asyncio.run(run())


@pytest.mark.parametrize("callback", EVIL)
def test_a_launch_that_leads_elsewhere_opens_nothing_and_is_kept_nowhere(configured, csod, callback):
    async def run():
        async with served(configured) as (pb, browser):
            link = pb.launching.link(LADDER, "acme")
            answer = await browser.get(link, params=launched(csod, callbackUrl=callback))
            assert answer.status_code == 404
            assert "evil" not in answer.text
            assert "location" not in answer.headers

    asyncio.run(run())


def test_only_what_is_attached_is_opened_and_only_once_for_one_person(configured, csod):
    async def run():
        async with served(configured) as (pb, browser):
            for path in (
                "/launch/acme/other",
                "/launch/nobody/x",
                "/launch/acme/",
                "/launch/acme",
                "/launch/",
            ):
                url = f"http://127.0.0.1:{configured.port}{path}"
                assert (await browser.get(url, params=launched(csod))).status_code == 404, path
            link = pb.launching.link(LADDER, "acme")
            assert (await browser.delete(link)).status_code == 405
            for junk in (b"\xff", b"a" * 70_000, b"x", b"&".join([b"a=1"] * 500)):
                assert (await browser.post(link, content=junk)).status_code == 400
            reference = claimable(await browser.post(link, data=launched(csod)))
            assert await pb.launching.claim(reference, "ana") is not None
            assert await pb.launching.claim(reference, "eve") is None
            assert await pb.launching.claim("guessed", "eve") is None

    asyncio.run(run())


def test_without_a_key_to_seal_it_no_launch_is_taken(configured, csod):
    path = configured.folder / "passback.toml"
    path.write_text(path.read_text().replace("keys = [", "keys = [] # ["), "utf-8")

    async def run():
        async with served(configured) as (pb, browser):
            answer = await browser.get(pb.launching.link(LADDER, "acme"), params=launched(csod))
            assert answer.status_code == 404

    asyncio.run(run())


def test_a_key_that_is_put_back_opens_the_launches_that_it_sealed_and_what_waited_for_them_goes(
    configured, csod
):
    path = configured.folder / "passback.toml"
    (line,) = configured.write_results(1, activity=Activity(id=LADDER))

    async def run():
        async with served(configured) as (pb, browser):
            await pb.launching.offer("acme", [Course(activity=Activity(id=LADDER, name="Ladder safety"))])
            await asyncio.to_thread(csod.pull, f"http://127.0.0.1:{configured.port}/courses/acme")
            link = pb.launching.link(LADDER, "acme")
            await pb.launching.claim(claimable(await browser.get(link, params=launched(csod))), "ana")
            kept = path.read_text("utf-8")
            path.write_text(
                kept.replace("keys = [", 'keys = ["another-key-that-is-long-enough" ] # ['), "utf-8"
            )
            await pb.reload()
            configured.run("submit", "-", stdin=line.replace("learner-0@example.com", "ana"))
            await until(pb, ["launch"])
            path.write_text(kept.replace("keys = [", 'keys = ["another-key-that-is-long-enough", '), "utf-8")
            await pb.reload()
            await until(pb, ["delivered"])

    asyncio.run(run())


def test_the_portal_pulls_the_courses_that_are_offered_and_later_what_changed(configured, csod):
    ladder = Course(
        activity=Activity(id=LADDER, name="Ladder safety"), description="Up and down", seconds=900
    )
    crane = Course(activity=Activity(id="crane", name="Crane safety"))

    async def run():
        async with served(configured) as (pb, _):
            assert await pb.launching.offer("acme", [ladder, crane]) == 2
            assert await pb.launching.offer("acme", [ladder, crane]) == 0
            courses = f"http://127.0.0.1:{configured.port}/courses/acme"
            first = await asyncio.to_thread(csod.pull, courses)
            await asyncio.sleep(1.1)  # HTTP dates have seconds
            assert await pb.launching.offer("acme", [ladder]) == 1
            second = await asyncio.to_thread(csod.pull, courses)
            third = await asyncio.to_thread(csod.pull, courses)
            return pb.launching.link(LADDER, "acme"), first, second, third

    link, *pulled = asyncio.run(run())
    ladder_id, crane_id = course_id(LADDER), course_id("crane")
    assert [sorted(each.taken) for each in pulled] == [sorted([ladder_id, crane_id]), [crane_id], []]
    assert [each.refused for each in pulled] == [[], [], []]
    assert csod.courses[ladder_id]["URL"] == link
    assert [csod.courses[each]["IsActive"] for each in (ladder_id, crane_id)] == [True, False]
