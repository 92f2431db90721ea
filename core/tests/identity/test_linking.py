"""Who signed in becomes the right learner, for ever: the decision, on each engine."""

import asyncio
import concurrent.futures
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from passback import Assertion, Learner
from passback.errors import SignInRefused
from passback.identity import Seal
from passback.identity.linking import (
    AttributeRule,
    Claim,
    Departures,
    LinkPolicy,
    Merge,
    Outcome,
    Person,
    Profile,
    changes_of,
    decide,
    end_link,
    erase_person,
    find,
    know,
    links_of,
    map_profile,
    once,
    prove,
    relink,
    rename_issuer,
    require_identity,
)
from passback.store import Store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
RULES = {name: AttributeRule(source=name) for name in ("email", "name", "external_id", "username")}


class Host:
    """A store, and a connection that decides by what a test says."""

    def __init__(self, store):
        self.store = store
        self.policy = LinkPolicy()

    def claim(self, subject="1", connection="okta", issuer="https://idp.example", kind="oidc:sub", **said):
        verified = said.pop("verified", None)
        organisation = said.pop("organisation", "acme")
        assertion = Assertion(
            issuer=issuer,
            subject=subject,
            subject_kind=kind,
            attributes={name: (value,) for name, value in said.items()},
            email_verified=verified,
        )
        return Claim(
            connection=connection,
            organisation=organisation,
            assertion=assertion,
            profile=map_profile(assertion, RULES),
            policy=self.policy,
        )

    async def comes(self, subject="1", **said):
        return await self.store.run(decide, self.claim(subject, **said), NOW)

    async def knows(self, learner, **more):
        person = Person(organisation="acme", learner=learner, **more)
        await self.store.run(know, person, NOW)

    async def links(self, **which):
        return await self.store.run(links_of, **which)


@pytest.fixture
def check(place):
    def checked(work):
        async def run():
            store = Store(place)
            await store.open()
            try:
                await work(Host(store))
            finally:
                await store.close()

        asyncio.run(run())

    return checked


ANA = Learner(id="ana", email="ana@x.example", external_id="E-1")


def test_the_first_visit_creates_and_the_link_holds_though_everything_else_changes(check):
    async def work(host):
        first = await host.comes(email="ana@x.example", name="Ana")
        again = await host.comes(email="ana@married.example", name="Ana B", verified=False)
        bare = await host.comes()
        assert [each.outcome for each in (first, again, bare)] == [
            Outcome.CREATED,
            Outcome.KNOWN,
            Outcome.KNOWN,
        ]
        assert {first.learner.id} == {again.learner.id, bare.learner.id}
        # What isn't said any longer stays as it was.
        assert bare.learner.email == "ana@married.example"
        (link,) = await host.links()
        assert [each.what for each in await host.store.run(changes_of, link.key)] == ["linked"]

    check(work)


@pytest.mark.parametrize(
    "other",
    [
        {"issuer": "https://idp.example/"},
        {"kind": "oidc:claim:email"},
        {"connection": "entra"},
        {"subject": "A"},
        {"subject": "a "},
        {"subject": "\u0430"},  # Cyrillic, and so another person
    ],
)
def test_one_byte_of_difference_is_another_person(check, other):
    async def work(host):
        first = await host.comes("a")
        second = await host.comes(**{"subject": "a", **other})
        assert second.outcome is Outcome.CREATED
        assert second.learner.id != first.learner.id

    check(work)


@pytest.mark.parametrize("subject", ["", " ", "x" * 1025, "a\0b", "a\ud800"])
def test_what_could_be_anybody_is_nobody(subject):
    with pytest.raises(SignInRefused, match="subject"):
        require_identity(Assertion(issuer="i", subject=subject))


@pytest.mark.parametrize("more", [{"name": ("\ud800",)}, {"\ud800": ("a",)}])
def test_what_is_no_text_is_said_by_nobody(more):
    with pytest.raises(SignInRefused, match="no text has") as refused:
        require_identity(Assertion(issuer="i", subject="1", attributes=more))
    assert "ud800" not in str(refused.value)


def test_by_default_the_same_address_makes_no_one_the_same_person(check):
    async def work(host):
        await host.knows(ANA, email_proven=True)
        came = await host.comes(email="ana@x.example", verified=True)
        assert (came.outcome, came.learner.id != "ana") == (Outcome.CREATED, True)

    check(work)


VERIFIED = LinkPolicy(merge=Merge.VERIFIED)


@pytest.mark.parametrize(
    ("policy", "said", "known"),
    [
        (VERIFIED, {"verified": False}, {"email_proven": True}),
        (VERIFIED, {}, {"email_proven": True}),
        (VERIFIED, {"verified": True}, {"email_proven": False}),
        (
            LinkPolicy(merge=Merge.VERIFIED, trusted_domains=frozenset({"x.example"})),
            {"verified": False},
            {"email_proven": True},
        ),
        (
            LinkPolicy(merge=Merge.VERIFIED, trusted_domains=frozenset({"example"})),
            {},
            {"email_proven": True},
        ),
    ],
    ids=["said not to be", "nothing said", "never proven here", "no outweighs trust", "not that domain"],
)
def test_an_address_merges_only_where_everybody_concerned_has_verified_it(check, policy, said, known):
    async def work(host):
        host.policy = policy
        await host.knows(ANA, **known)
        assert (await host.comes(email="ana@x.example", **said)).outcome is Outcome.CREATED

    check(work)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (VERIFIED, {"verified": True}),
        (LinkPolicy(merge=Merge.VERIFIED, trusted_domains=frozenset({"x.example"})), {}),
    ],
)
def test_who_merged_stays_that_person_when_address_and_policy_change(check, policy, said):
    async def work(host):
        host.policy = policy
        await host.knows(ANA, email_proven=True)
        merged = await host.comes(email="ANA@x.example", **said)
        assert (merged.outcome, merged.learner.id) == (Outcome.MERGED, "ana")
        host.policy = LinkPolicy(create=False)
        later = await host.comes(email="other@x.example")
        assert (later.outcome, later.learner.id) == (Outcome.KNOWN, "ana")

    check(work)


@pytest.mark.parametrize(
    ("people", "why"),
    [
        ([(ANA, {"privileged": True, "email_proven": True})], "privileged"),
        ([(ANA, {"closed": True, "email_proven": True})], "closed"),
        (
            [(ANA, {"email_proven": True}), (attrs.evolve(ANA, id="ana2"), {"email_proven": True})],
            "several people",
        ),
    ],
)
def test_nobody_merges_with_the_privileged_the_closed_or_the_ambiguous(check, people, why):
    async def work(host):
        host.policy = VERIFIED
        for learner, more in people:
            await host.knows(learner, **more)
        with pytest.raises(SignInRefused, match=why):
            await host.comes(email="ana@x.example", verified=True)
        assert await host.links() == []

    check(work)


def test_a_second_identity_of_the_same_connection_takes_nobodys_account(check):
    async def work(host):
        host.policy = VERIFIED
        await host.knows(ANA, email_proven=True)
        await host.comes("1", email="ana@x.example", verified=True)
        with pytest.raises(SignInRefused, match="another identity"):
            await host.comes("2", email="ana@x.example", verified=True)

    check(work)


def test_another_organisation_has_other_people(check):
    async def work(host):
        host.policy = VERIFIED
        await host.knows(ANA, email_proven=True)
        elsewhere = await host.comes(email="ana@x.example", verified=True, organisation="other")
        assert elsewhere.outcome is Outcome.CREATED
        with pytest.raises(SignInRefused, match="another organisation"):
            await host.comes(email="ana@x.example", verified=True)

    check(work)


@pytest.mark.parametrize(
    "address", ["\u0430na@x.example", "ana@x@x.example", "ana", "ana@x.example\n", "@x.example"]
)
def test_what_only_looks_like_an_address_merges_nobody(check, address):
    async def work(host):
        host.policy = VERIFIED
        await host.knows(ANA, email_proven=True)
        assert (await host.comes(email=address, verified=True)).outcome is Outcome.CREATED

    check(work)


def test_an_identity_provider_that_isnt_trusted_with_addresses_proves_none_for_others(check):
    async def work(host):
        attacker = await host.comes("evil", connection="shady", email="ana@x.example", verified=True)
        host.policy = VERIFIED
        ana = await host.comes("ana", email="ana@x.example", verified=True)
        assert (ana.outcome, ana.learner.id != attacker.learner.id) == (Outcome.CREATED, True)

    check(work)


def test_a_verified_address_says_nothing_of_another_attribute_that_is_taken_for_it(check):
    """Whoever may write their own user name writes somebody's address there, and verifies their own."""

    async def work(host):
        await host.knows(ANA, email_proven=True)
        for policy, outcome in (
            (VERIFIED, Outcome.CREATED),
            (attrs.evolve(VERIFIED, trusted_domains=frozenset({"x.example"})), Outcome.MERGED),
        ):
            host.policy = policy
            claim = host.claim(outcome, email="evil@e.example", username="ana@x.example", verified=True)
            rules = {"email": AttributeRule(source="username")}
            claim = attrs.evolve(claim, profile=map_profile(claim.assertion, rules))
            assert (await host.store.run(decide, claim, NOW)).outcome is outcome
            await host.store.run(erase_person, "acme", (await host.links())[0].learner, NOW)

    check(work)


def test_denied_means_nobody(check):
    async def work(host):
        host.policy = LinkPolicy(merge=Merge.DENY)
        await host.knows(ANA)
        with pytest.raises(SignInRefused, match="denies"):
            await host.comes(email="ana@x.example")
        assert (await host.comes(email="ben@x.example")).outcome is Outcome.CREATED

    check(work)


def test_a_customers_id_recognises_who_is_there_where_that_is_wanted(check):
    async def work(host):
        await host.knows(ANA)
        host.policy = LinkPolicy(by_external_id=True, merge=Merge.PROOF)
        found = await host.comes("2", external_id="E-1", connection="saml")
        assert (found.outcome, found.learner.id) == (Outcome.MERGED, "ana")
        host.policy = LinkPolicy()
        assert (await host.comes("3", external_id="E-1")).outcome is Outcome.CREATED

    check(work)


def test_a_customers_id_that_another_provider_wrote_recognises_nobody(check):
    """Who writes a colleague's number at a provider of their own doesn't get the colleague's first visit."""

    async def work(host):
        trusting = LinkPolicy(by_external_id=True)
        evil = await host.comes("evil", connection="shady", external_id="E-1")
        assert evil.learner.external_id == "E-1"
        host.policy = trusting
        await host.comes("evil", connection="shady")  # who says nothing proves nothing
        ana = await host.comes("ana", connection="corp", external_id="E-1")
        assert (ana.outcome, ana.learner.id != evil.learner.id) == (Outcome.CREATED, True)
        host.policy = LinkPolicy()
        await host.comes("ana", connection="corp", external_id="E-2")
        host.policy = trusting
        found = await host.comes("ana", connection="other", external_id="E-1")
        assert (found.outcome, found.learner.id) == (Outcome.MERGED, ana.learner.id)

    check(work)


def test_what_is_too_long_for_an_index_keeps_nobody_out(check):
    async def work(host):
        text = "".join(chr(number) for number in range(0x4E00, 0x4E00 + 3000))
        came = await host.comes("1", external_id=text, email="a" * 5000 + "@x.example")
        assert (came.outcome, came.learner.external_id) == (Outcome.CREATED, text)
        host.policy = LinkPolicy(by_external_id=True)
        assert (await host.comes("1", external_id=text)).outcome is Outcome.KNOWN

    check(work)


def test_proof_links_exactly_whom_it_is_of_and_once(check):
    async def work(host):
        host.policy = LinkPolicy(merge=Merge.PROOF)
        await host.knows(ANA)
        asked = await host.comes(email="ana@x.example")
        assert (asked.outcome, asked.learner.id) == (Outcome.NEEDS_PROOF, "ana")
        assert await host.links() == []
        identity = host.claim().identity
        proved = await host.store.run(prove, "acme", identity, "ana", NOW)
        assert proved.outcome is Outcome.MERGED
        with pytest.raises(SignInRefused, match="linked meanwhile"):
            await host.store.run(prove, "acme", identity, "ana", NOW)
        assert (await host.comes(email="ana@x.example")).outcome is Outcome.KNOWN

    check(work)


def test_who_is_unknown_is_refused_where_nobody_is_created(check):
    async def work(host):
        host.policy = LinkPolicy(create=False)
        with pytest.raises(SignInRefused, match="creates nobody"):
            await host.comes(email="ana@x.example")

    check(work)


def test_a_link_that_ended_is_nobodys_until_an_administrator_says_whose(check):
    async def work(host):
        first = await host.comes()
        (link,) = await host.links()
        await host.store.run(end_link, link, "admin@acme", NOW)
        with pytest.raises(SignInRefused, match="has ended"):
            await host.comes()
        await host.knows(ANA)
        await host.store.run(relink, link, "ana", "admin@acme", NOW)
        assert (await host.comes()).learner.id == "ana"
        told = await host.store.run(changes_of, link.key)
        assert [(each.what, each.learner, each.by) for each in told] == [
            ("linked", first.learner.id, "sign-in"),
            ("ended", None, "admin@acme"),
            ("relinked", "ana", "admin@acme"),
        ]

    check(work)


def test_a_closed_person_comes_in_by_no_link(check):
    async def work(host):
        first = await host.comes()
        person = await host.store.run(find, "acme", first.learner.id)
        await host.store.run(know, attrs.evolve(person, closed=True), NOW)
        with pytest.raises(SignInRefused, match="closed"):
            await host.comes()

    check(work)


def test_an_erased_persons_identity_stays_nobodys_and_names_nobody(check):
    async def work(host):
        first = await host.comes("00u-secret", email="ana@x.example")
        await host.store.run(erase_person, "acme", first.learner.id, NOW)
        with pytest.raises(SignInRefused, match="has ended"):
            await host.comes("00u-secret")
        (link,) = await host.links()
        assert (link.identity, link.learner) == (None, "")
        assert await host.store.run(find, "acme", first.learner.id) is None
        assert all(each.learner is None for each in await host.store.run(changes_of, link.key))

    check(work)


def test_who_is_erased_stands_in_no_history_of_a_link_that_is_anothers_now(check):
    async def work(host):
        first = await host.comes("1")
        (link,) = await host.links()
        await host.store.run(relink, link, "ben", "admin", NOW)
        await host.store.run(erase_person, "acme", first.learner.id, NOW)
        told = await host.store.run(changes_of, link.key)
        assert [(each.what, each.before, each.learner) for each in told] == [
            ("linked", None, None),
            ("relinked", None, "ben"),
        ]

    check(work)


@attrs.frozen(kw_only=True)
class Interrupted(Profile):
    """Somebody else does something while a sign-in is decided."""

    meanwhile: Callable[[], None]

    def one(self, name):
        self.meanwhile()
        return super().one(name)


async def interrupted(host, place, work, *arguments):
    """Have somebody known come, while another process does `work`."""
    other, begun = Store(place), []
    await other.open()
    loop = asyncio.get_running_loop()

    def meanwhile():
        if not begun:
            begun.append(asyncio.run_coroutine_threadsafe(other.run(work, *arguments), loop))
            concurrent.futures.wait(begun, timeout=0.3)

    claim = attrs.evolve(host.claim(), profile=Interrupted(meanwhile=meanwhile))
    try:
        assert (await host.store.run(decide, claim, NOW)).outcome is Outcome.KNOWN
        await asyncio.wrap_future(begun[0])
    finally:
        await other.close()


def test_who_is_closed_while_they_come_stays_closed(check, place):
    async def work(host):
        first = await host.comes()
        closed = Person(organisation="acme", learner=first.learner, closed=True)
        await interrupted(host, place, know, closed, NOW)
        assert (await host.store.run(find, "acme", first.learner.id)).closed

    check(work)


def test_who_is_erased_while_they_come_stays_erased(check, place):
    async def work(host):
        first = await host.comes(email="ana@x.example")
        await interrupted(host, place, erase_person, "acme", first.learner.id, NOW)
        assert await host.store.run(find, "acme", first.learner.id) is None
        assert not (await host.links())[0].live

    check(work)


def test_an_issuer_that_is_renamed_keeps_its_people_and_takes_nobody_elses(check):
    async def work(host):
        first = await host.comes("1")
        moved = await host.store.run(
            rename_issuer, "okta", "https://idp.example", "https://new.example", "admin", NOW
        )
        assert moved == 1
        again = await host.comes("1", issuer="https://new.example")
        assert (again.outcome, again.learner.id) == (Outcome.KNOWN, first.learner.id)
        await host.comes("1")
        with pytest.raises(SignInRefused, match="already"):
            await host.store.run(
                rename_issuer, "okta", "https://idp.example", "https://new.example", "admin", NOW
            )

    check(work)


def test_what_is_presented_a_second_time_is_old(check):
    async def work(host):
        until = NOW + timedelta(minutes=5)
        assert await host.store.run(once, "okta", "assertion-1", until)
        assert not await host.store.run(once, "okta", "assertion-1", until)
        assert await host.store.run(once, "entra", "assertion-1", until)

    check(work)


@attrs.frozen
class Kept:
    nonce: str


def test_a_browser_comes_back_once_in_time_and_nobody_comes_for_it(check):
    async def work(host):
        away = Departures(Seal(["a key that nobody guesses"]))
        take = away.take
        await host.store.run(away.record, "okta", "state", "browser", Kept("n-1"), NOW)
        for wrong in (
            ("okta", "other", "browser"),
            ("okta", "state", "another"),
            ("entra", "state", "browser"),
        ):
            assert await host.store.run(take, *wrong, Kept, NOW) is None
        late = NOW + timedelta(minutes=11)
        assert await host.store.run(take, "okta", "state", "browser", Kept, late) is None
        assert await host.store.run(take, "okta", "state", "browser", Kept, NOW) == Kept("n-1")
        assert await host.store.run(take, "okta", "state", "browser", Kept, NOW) is None

    check(work)
