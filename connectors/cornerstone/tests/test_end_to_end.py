"""Through the real core: submitted, looked up, launched, drained."""

import asyncio
import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from passback import Activity, Learner, Passback, Selection

KEY = "a-key-that-is-long-enough-to-seal-launches-with"
PATIENCE = 20


@pytest.fixture
def configured(csod, tmp_path):
    """Write a configuration for the sandbox, with one of the two ways or both."""

    def write(*ways):
        like = csod.sandbox.behaviour
        known = {
            "callback": f'callback = {{ key = "{like.key}", secret = "{like.secret}" }}',
            "api": f'api = {{ client_id = "{like.client_id}", client_secret = "{like.client_secret}" }}',
        }
        lines = [
            'store = "passback.db"',
            f'web = {{ keys = ["{KEY}"] }}',
            "[connections.acme]",
            'connector = "cornerstone"',
            'contact = "lms@example.com"',
            'activities = ["ladder-1"]',
            'network = { allow_http = true, allow = ["127.0.0.0/8"] }',
            "[connections.acme.options]",
            f'url = "{csod.url}"',
            *(known[way] for way in ways),
        ]
        path = tmp_path / "passback.toml"
        path.write_text("\n".join(lines), "utf-8")
        return path

    return write


async def states(pb):
    return sorted(f"{each.state}{each.waiting_for or ''}" for each in await pb.deliveries(Selection()))


async def until(pb, wanted):
    """Wait until the deliveries stand as `wanted`."""
    async with asyncio.timeout(PATIENCE):
        while await states(pb) != sorted(wanted):
            await asyncio.sleep(0.02)


def opened(csod, place):
    """Return the query with which the portal opens the course for somebody."""
    return csod.sandbox.launch(csod.sandbox.people[place].username, csod.url)


def learner(place):
    return Learner(id=f"learner-{place}", external_id=f"E-{1000 + place}")


def test_a_learner_is_found_by_external_id_and_the_completion_arrives(csod, configured, made):
    async def run():
        async with Passback.from_file(configured("api")) as pb:
            await pb.submit(made(learner=learner(4)))
            await until(pb, ["delivered"])

    asyncio.run(run())
    assert (csod.entry(4).status, csod.entry(4).way) == ("Completed", "api")


def test_results_wait_for_a_launch_and_anybodys_lets_all_of_them_go(csod, configured, made):
    """The first launch says who the learner is, and ages; the second is somebody else's."""

    async def run():
        async with Passback.from_file(configured("callback")) as pb:
            await pb.submit(made("completed", learner=learner(0)))
            await until(pb, ["waitingaccount"])
            ticket = await pb.launching.record("acme", "ladder-1", opened(csod, 0))
            csod.sandbox.expire_sessions()
            assert await pb.launching.claim(ticket.reference, "learner-0")
            await asyncio.sleep(0.5)
            assert csod.entry(0) is None
            other = await pb.launching.record("acme", "ladder-1", opened(csod, 5))
            assert await pb.launching.claim(other.reference, "learner-5")
            await until(pb, ["delivered"])

    asyncio.run(run())
    assert csod.entry(0).status == "Completed"


def test_a_forged_launch_is_refused_before_it_is_kept(csod, configured):
    async def run():
        async with Passback.from_file(configured("callback")) as pb:
            forged = dict(opened(csod, 0)) | {"callbackUrl": "@evil.example/x"}
            with pytest.raises(Exception, match="no launch of its system"):
                await pb.launching.record("acme", "ladder-1", forged.items())

    asyncio.run(run())


def test_the_guide_of_the_sandbox_is_a_configuration_that_works(csod, tmp_path, made):
    path = tmp_path / "passback.toml"
    guide = csod.sandbox.guide(csod.url)
    path.write_text(guide.replace('contact = "you', 'activities = ["ladder-1"]\ncontact = "you'), "utf-8")

    async def run():
        async with Passback.from_file(path) as pb:
            outcome = await pb.check("cornerstone")
            await pb.submit(made(learner=learner(4), activity=Activity(id="ladder-1")))
            await until(pb, ["delivered"])
            return outcome

    outcome = asyncio.run(run())
    assert outcome.error is None
    assert csod.entry(4).way == "api"
    address = next(word for word in guide.split() if "/sandbox/launch" in word)
    assert dict(parse_qsl(urlsplit(address).query))["user"] == csod.sandbox.people[0].username
    assert json.dumps(csod.sandbox.behaviour.secret) in guide
