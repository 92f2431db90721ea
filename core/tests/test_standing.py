"""Where a learner stands: what happened later counts more, and what is completed stays completed."""

from datetime import UTC, datetime, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from passback import Activity, Counters, Item, Learner, Result, ResultKind, Score, Standing
from passback.model import stand

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ANA = Learner(id="ana@example.com")


def result(minutes, kind="progressed", activity="ladder", **fields):
    item = Item(id="one") if ResultKind(kind).concerns_item else None
    at = START + timedelta(minutes=minutes)
    return Result(kind=kind, learner=ANA, activity=Activity(id=activity), at=at, item=item, **fields)


def standing(*results) -> Standing:
    (only,) = stand(results)
    return only


def test_it_is_made_of_the_latest_that_each_field_has():
    now = standing(
        result(0, "started"),
        result(5, progress=0.4, counters=Counters(total_tasks=10, tasks_completed=4)),
        result(7, score=Score(raw=7, max=10), counters=Counters(tasks_completed=5, awards_unlocked=1)),
        result(9, "scene_entered"),
    )
    assert (now.started, now.last_activity) == (START, START + timedelta(minutes=9))
    assert (now.kind, now.progress, now.score) == ("scene_entered", 0.4, Score(raw=7, max=10))
    assert now.counters == Counters(total_tasks=10, tasks_completed=5, awards_unlocked=1)
    assert (now.completion, now.success, now.results) == (False, None, 4)


def test_completed_stays_completed_and_is_all_of_it():
    now = standing(result(0, "completed"), result(5, progress=0.1), result(9, "completed"))
    assert (now.completed, now.progress) == (START, 1.0)


@pytest.mark.parametrize("kind", ["task_completed", "badge_awarded"])
def test_a_task_that_is_completed_completes_no_activity(kind):
    assert not standing(result(0, kind, completion=True)).completion


def test_the_score_of_a_task_is_no_score_of_the_whole():
    whole = result(0, "passed", score=Score(scaled=0.9), progress=0.8)
    task = result(1, "task_completed", score=Score(scaled=0.1), success=False, progress=0.9)
    now = standing(whole, task)
    assert (now.score, now.success, now.progress) == (Score(scaled=0.9), True, 0.9)


def test_passing_after_failing_is_passing():
    assert standing(result(0, "failed"), result(1, "passed")).success is True
    assert standing(result(0, "passed"), result(1, "failed"), result(2)).success is False


results = st.lists(
    st.builds(
        result,
        st.integers(0, 50),
        st.sampled_from([kind.value for kind in ResultKind]),
        st.sampled_from(["ladder", "crane"]),
        progress=st.none() | st.floats(0, 1),
        completion=st.none() | st.booleans(),
        success=st.none() | st.booleans(),
        counters=st.none() | st.builds(Counters, total_tasks=st.none() | st.integers(0, 9)),
    ),
    max_size=8,
    unique_by=lambda each: each.at,
)


@given(results, st.randoms())
def test_the_order_in_which_results_are_read_changes_nothing(some, random):
    shuffled = random.sample(some, len(some))
    assert stand(shuffled) == stand(some)


@given(results, st.integers(0, 50))
def test_what_is_folded_before_needs_not_be_read_again(some, minute):
    cut = START + timedelta(minutes=minute)
    early = [each for each in some if each.at <= cut]
    late = [each for each in some if each.at > cut]
    assert stand(late, stand(early)) == stand(some)


@given(results)
def test_it_counts_every_result_in_exactly_one_activity(some):
    assert sum(each.results for each in stand(some)) == len(some)
    assert len({each.activity.id for each in stand(some)}) == len(stand(some))


def test_a_learner_of_another_organisation_with_the_same_id_is_another():
    mine = result(0, progress=0.2)
    found = stand([mine, attrs.evolve(mine, organisation="theirs", progress=0.9)])
    assert {(each.organisation, each.progress) for each in found} == {("default", 0.2), ("theirs", 0.9)}
