"""What is received, from whom, and what it becomes, in the words of administrators."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, SecretStr

from passback import Options, ResultKind
from passback_webhook.auth import HeaderName, Signing, a_few
from passback_webhook.fields import RequestExpression, SentExpression
from passback_webhook.receiving.fields import (
    ActivityFields,
    CounterFields,
    ItemFields,
    LearnerFields,
    ScoreFields,
)

__all__ = ["MappingOptions", "ReceiveOptions", "ResultFields"]

# A token is signed by what it's derived from, so it must not be guessed from one.
_SECRET = re.compile(r"[!-~]{16,512}")
_USUAL_EVENTS = {
    **{str(kind): kind for kind in ResultKind},
    "course_started": ResultKind.STARTED,
    "course_completed": ResultKind.COMPLETED,
}


def _secret(secret: SecretStr) -> SecretStr:
    if not _SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("expected 16 to 512 ASCII characters without blanks; make them at random")
    return secret


Secrets: TypeAlias = tuple[Annotated[SecretStr, AfterValidator(_secret)], ...]


class ResultFields(Options):
    """Where an event has what a result holds; what isn't given is as in TIQ's messages."""

    id: SentExpression | None = Field(
        default=None,
        description="What tells a repetition; by default `webhook-id` where it's signed, else what the event "
        "is about.",
    )
    kind: SentExpression = Field(default="sent.event", description="What happened, as `events` knows it.")
    at: SentExpression = Field(
        default="sent.last_activity", description="When; the same each time the event is sent."
    )
    started: SentExpression | None = Field(
        default="sent.course_started_ms", description="When the learner began."
    )
    learner: LearnerFields = Field(default=LearnerFields(), description="Who.")
    activity: ActivityFields = Field(default=ActivityFields(), description="In what.")
    item: ItemFields = Field(default=ItemFields(), description="Which scene, task or badge.")
    score: ScoreFields = Field(default=ScoreFields(), description="How well.")
    success: SentExpression | None = Field(default=None, description="Whether it was passed.")
    completion: SentExpression | None = Field(default=None, description="Whether it was completed.")
    progress: SentExpression | None = Field(
        default="sent.percent_complete", description="How much is done, from 0 to 1."
    )
    counters: CounterFields = Field(default=CounterFields(), description="Tasks and awards.")


class MappingOptions(Options):
    """What a request becomes."""

    items: RequestExpression = Field(
        default="body",
        description="Where a request has its event, or a list of them, each of which is then `sent`; "
        "`query` for what stands in the address.",
    )
    events: dict[str, ResultKind] = Field(
        default_factory=lambda: dict(_USUAL_EVENTS),
        description="What their events are called, and which of ours each is; by default ours, "
        "`course_started` and `course_completed`.",
    )
    others: Literal["ignore", "refuse"] = Field(
        default="ignore", description="What becomes of an event that isn't among `events`."
    )
    result: ResultFields = Field(
        default=ResultFields(), description="Where an event has what a result holds."
    )


class ReceiveOptions(MappingOptions):
    """What a platform may send to us, at ``/hooks/`` and the connection's name."""

    secrets: Annotated[Secrets, AfterValidator(a_few)] | None = Field(
        default=None,
        description="The sender's secret key; while it's replaced, the old and the new. At least 16 "
        "characters.",
    )
    ways: tuple[Literal["token", "secret"], ...] = Field(
        default=("token", "secret"),
        description="How it proves itself: by a `token` that it gets for the secret at `/token` below the "
        "connection's address, by the `secret` itself; either in `Authorization: Bearer`.",
    )
    client_id: str | None = Field(
        default=None, min_length=1, description="The client that gets tokens; by default any name will do."
    )
    lifetime: int = Field(default=3600, ge=60, le=86_400, description="How long a token is good, in seconds.")
    header: HeaderName | None = Field(
        default=None, description="A header in which the secret may stand instead, by itself."
    )
    signing: Signing | None = Field(
        default=None, description="Signatures after Standard Webhooks; with them, `secrets` may be missing."
    )

    def model_post_init(self, _: object, /) -> None:
        """Refuse to receive from anybody, and what could have no effect."""
        if self.secrets is None and self.signing is None:
            raise ValueError("secrets: missing; without them or signing, anybody could send results")
        if not self.ways:
            raise ValueError('ways: expected "token", "secret" or both')
        for name, way in (("client_id", "token"), ("lifetime", "token"), ("header", "secret")):
            if name in self.model_fields_set and (self.secrets is None or way not in self.ways):
                raise ValueError(f'{name}: it needs secrets, and "{way}" among ways')
