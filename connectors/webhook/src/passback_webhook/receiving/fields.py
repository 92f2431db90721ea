"""The parts of a result: where an event has each, in the words of administrators."""

from __future__ import annotations

from pydantic import Field

from passback import Options
from passback_webhook.fields import SentExpression

__all__ = ["ActivityFields", "CounterFields", "ItemFields", "LearnerFields", "ScoreFields"]


class LearnerFields(Options):
    """Where an event says who."""

    id: SentExpression = Field(default="sent.user", description="The learner's id.")
    email: SentExpression | None = Field(default=None, description="The e-mail address.")
    name: SentExpression | None = Field(default=None, description="The name as shown.")
    username: SentExpression | None = Field(default=None, description="The login name.")
    external_id: SentExpression | None = Field(default=None, description="The customer's id for them.")
    openid: SentExpression | None = Field(default=None, description="The OpenID URI.")


class ActivityFields(Options):
    """Where an event says in what."""

    id: SentExpression = Field(default="sent.course", description="The activity's id.")
    name: SentExpression | None = Field(default=None, description="Its name as shown.")


class ItemFields(Options):
    """Where an event says which scene, task or badge."""

    id: SentExpression = Field(
        default="sent.item",
        description="Its id; where an event doesn't say, `scene`, `task` or `badge`.",
    )
    name: SentExpression | None = Field(default=None, description="Its name as shown.")


class ScoreFields(Options):
    """Where an event says how well."""

    raw: SentExpression | None = Field(default="sent.score", description="The points.")
    min: SentExpression | None = Field(default=None, description="The fewest points possible.")
    max: SentExpression | None = Field(default=None, description="The most points possible.")
    scaled: SentExpression | None = Field(default=None, description="As a share, from -1 to 1.")


class CounterFields(Options):
    """Where an event has the counters."""

    total_awards: SentExpression | None = Field(
        default="sent.awards_total", description="Awards that there are."
    )
    awards_unlocked: SentExpression | None = Field(
        default="sent.awards_unlocked", description="Awards that the learner has."
    )
    total_tasks: SentExpression | None = Field(
        default="sent.tasks_total", description="Tasks that there are."
    )
    tasks_completed: SentExpression | None = Field(
        default="sent.tasks_completed", description="Tasks that the learner completed."
    )
