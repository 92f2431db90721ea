"""One event becomes one result, as the options say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from passback import (
    Activity,
    Counters,
    InvalidResult,
    Item,
    Learner,
    Result,
    ResultKind,
    Score,
    canonical,
)
from passback_webhook.receiving import values
from passback_webhook.receiving.options import MappingOptions
from passback_webhook.receiving.readers import Event, Field, Part
from passback_webhook.receiving.refusal import Refused

__all__ = ["Translator"]

_UNFIT = 422
_NAMELESS = {
    ResultKind.SCENE_ENTERED: "scene",
    ResultKind.TASK_STARTED: "task",
    ResultKind.TASK_COMPLETED: "task",
    ResultKind.BADGE_AWARDED: "badge",
}
_NO_MORE_THAN = (("awards_unlocked", "total_awards"), ("tasks_completed", "total_tasks"))


class Translator:
    """Makes results of one connection's events."""

    def __init__(self, options: MappingOptions, connection: str) -> None:
        self._connection = connection
        self._events = options.events
        self._refuses_others = options.others == "refuse"
        where = options.result
        self._id = Field("id", where.id, values.text)
        self._has_id = where.id is not None
        self._kind = Field("kind", where.kind, values.text)
        self._at = Field("at", where.at, values.moment)
        self._started = Field("started", where.started, values.moment)
        self._learner = Part("learner", where.learner, values.text)
        self._activity = Part("activity", where.activity, values.text)
        self._item = Part("item", where.item, values.text)
        self._score = Part("score", where.score, values.number)
        self._counters = Part("counters", where.counters, values.whole)
        self._success = Field("success", where.success, values.truth)
        self._completion = Field("completion", where.completion, values.truth)
        self._progress = Field("progress", where.progress, values.number)

    def result(self, event: Event, signed: str | None) -> Result | None:
        """Return the result that `event` is, None if it's none of those that are taken.

        Args:
            event: The event.
            signed: The id under which it was signed.

        Raises:
            Refused: It says something that no result can hold; names the field and what was expected.
        """
        kind = self._known(self._kind.required_of(event))
        if kind is None:
            return None
        try:
            return self._made(kind, event, signed)
        except InvalidResult as invalid:
            raise Refused(_UNFIT, str(invalid)) from None

    def _known(self, name: str) -> ResultKind | None:
        kind = self._events.get(name)
        if kind is None and self._refuses_others:
            raise Refused(_UNFIT, f"kind: {name[:40]!r} is none of {', '.join(sorted(self._events))}")
        return kind

    def _made(self, kind: ResultKind, event: Event, signed: str | None) -> Result:
        counted = self._counters.of(event)
        counters = Counters(**counted) if _any(counted) else None
        _require_in_order(counters)
        score = self._score.of(event)
        learner: dict[str, Any] = {**self._learner.of(event, required="id")}
        activity: dict[str, Any] = {**self._activity.of(event, required="id")}
        facts: dict[str, Any] = {
            "learner": Learner(**learner),
            "activity": Activity(**activity),
            "item": self._item_of(kind, event),
            "at": self._at.required_of(event),
            "started": self._started.of(event),
            "score": Score(**score) if _any(score) else None,
            "success": self._success.of(event),
            "completion": self._completion.of(event),
            "progress": self._progress.of(event),
            "counters": counters,
        }
        result = Result(id=self._identity(kind, event, signed, facts), kind=kind, **facts)
        canonical(result)  # what can't be kept is told before anything of the request is accepted
        return result

    def _item_of(self, kind: ResultKind, event: Event) -> Item | None:
        if not kind.concerns_item:
            return None
        said = self._item.of(event)
        return Item(id=said["id"] or _NAMELESS[kind], name=said["name"])

    def _identity(self, kind: ResultKind, event: Event, signed: str | None, facts: Mapping[str, Any]) -> str:
        if self._has_id:
            return self._digest("id", self._id.required_of(event))
        if signed is not None:
            return self._digest("signed", signed)
        counters, item = facts["counters"] or Counters(), facts["item"]
        return self._digest(
            "about",
            facts["learner"].id,
            facts["activity"].id,
            kind,
            item and item.id,
            counters.tasks_completed,
            counters.awards_unlocked,
            facts["at"],
        )

    def _digest(self, *about: object) -> str:
        # Two senders may use the same ids, and ids count in the whole organisation.
        content = msgspec.json.encode(about)
        return f"{self._connection}-{hashlib.sha256(content).hexdigest()[:32]}"


def _any(said: Mapping[str, object]) -> bool:
    return any(each is not None for each in said.values())


def _require_in_order(counters: Counters | None) -> None:
    for part, whole in _NO_MORE_THAN:
        some, most = getattr(counters, part, None), getattr(counters, whole, None)
        if some is not None and most is not None and some > most:
            raise InvalidResult(f"counters.{part}", f"expected at most {whole} ({most}), got {some}")
