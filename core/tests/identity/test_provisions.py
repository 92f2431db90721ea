"""What a provider says of somebody's access is applied as a difference; nothing is revoked by accident."""

import asyncio
from datetime import UTC, datetime

import pytest

from passback import Access, Assertion, Learner
from passback.identity.linking import (
    Claim,
    Decision,
    Grants,
    LinkPolicy,
    Outcome,
    Profile,
    RoleRule,
    Roles,
    provide,
)
from passback.store import Store

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
GRANTS = Grants(
    access=True,
    first_access=Access(course_slugs=("welcome",)),
    group_attribute="groups",
    groups={"staff": "Staff"},
    roles=Roles(attribute="groups", rules=(RoleRule(value="staff", role="teacher"),), default="guest"),
)


@pytest.fixture
def check(place):
    def checked(work):
        async def run():
            store = Store(place)
            await store.open()

            async def come(outcome=Outcome.KNOWN, incomplete=(), **attributes):
                said = Assertion(
                    issuer="i", subject="1", attributes=attributes, incomplete=frozenset(incomplete)
                )
                claim = Claim(
                    connection="okta",
                    organisation="acme",
                    assertion=said,
                    profile=Profile(),
                    policy=LinkPolicy(),
                )
                decision = Decision(outcome=outcome, learner=Learner(id="ana"))
                return await store.run(provide, claim, decision, GRANTS)

            try:
                await work(come)
            finally:
                await store.close()

        asyncio.run(run())

    return checked


def names(grants):
    return [each.name for each in grants]


def test_the_host_is_given_what_changed_and_what_came_first_only_once(check):
    async def work(come):
        first = await come(Outcome.CREATED, courseSlugs=("a", "b"), groups=("staff",))
        assert (names(first.granted), first.revoked) == (["welcome", "a", "b"], ())
        assert (first.role, first.groups.add) == ("teacher", ("Staff",))
        again = await come(courseSlugs=("a", "b"), groups=("staff",))
        assert (again.granted, again.revoked, again.groups.add) == ((), (), ())
        less = await come(courseSlugs=("a",), groups=())
        # Courses are only added, unless they are replaced; groups are left.
        assert (less.revoked, less.groups.remove, less.role) == ((), ("Staff",), None)
        swapped = await come(courseSlugs=("a", "c"), replaceCourseAccess=("true",))
        assert (names(swapped.granted), sorted(names(swapped.revoked))) == (["c"], ["b", "welcome"])

    check(work)


@pytest.mark.parametrize(
    ("said", "note"),
    [
        ({"replaceCourseAccess": ("true",)}, "would revoke every course"),
        ({"replaceCourseAccess": ("true",), "courseSlugs": ()}, "would revoke every course"),
        ({"replaceCourseAccess": ("perhaps",)}, "expected true or false"),
        ({"ref1": ("x" * 33,)}, "at most 32"),
    ],
)
def test_what_makes_no_sense_changes_nothing_and_is_told(check, said, note):
    async def work(come):
        await come(Outcome.CREATED, courseSlugs=("a",))
        came = await come(**said)
        assert (came.granted, came.revoked, came.access) == ((), (), None)
        assert note in came.notes[0]

    check(work)


def test_what_a_provider_left_out_revokes_nothing(check):
    async def work(come):
        await come(Outcome.CREATED, courseSlugs=("a",))
        cut = await come(incomplete=["courseSlugs"], replaceCourseAccess=("true",))
        assert cut.revoked == ()
        assert "'courseSlugs' was left out" in cut.notes[0]

    check(work)
