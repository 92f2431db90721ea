"""Report results from FastAPI, and deliver them in the same process: ``uvicorn app:app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import attrs
from fastapi import FastAPI, HTTPException
from pydantic import AwareDatetime, BaseModel, Field

from passback import Activity, ContentConflict, InvalidResult, Learner, Passback, Result, Score, Selection

pb = Passback.from_file("passback.toml")  # in more than one process: deliver=False, and `passback work`


@asynccontextmanager
async def _open(_: FastAPI) -> AsyncIterator[None]:
    async with pb:
        yield


app = FastAPI(lifespan=_open)


class Completion(BaseModel):
    """What a client says; with an id and a time of its own it may say so again, and changes nothing."""

    learner: str
    activity: str
    score: float | None = None
    id: str = Field(default_factory=lambda: str(uuid4()))
    at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))


@app.post("/complete", status_code=202)
async def complete(said: Completion) -> dict[str, str]:
    """Take a completion in: when this answers, it's on disk."""
    if said.model_fields_set & {"id", "at"} == {"id"}:
        raise HTTPException(422, "at: missing; an id stands for one fact, and that has one time")
    try:
        who, what = Learner(id=said.learner), Activity(id=said.activity)
        score = None if said.score is None else Score(scaled=said.score)
        fact = Result(id=said.id, kind="completed", learner=who, activity=what, score=score, at=said.at)
        return {"id": (await pb.submit(fact)).result_id}
    except (InvalidResult, ContentConflict) as error:
        raise HTTPException(422, str(error)) from error


@app.get("/results/{result_id}")
async def result(result_id: str) -> list[dict[str, object]]:
    """Say where a result stands: one delivery for each connection it goes to."""
    return [attrs.asdict(each) for each in await pb.deliveries(Selection(results=[result_id]))]


@app.get("/learners/{learner_id}")
async def learner(learner_id: str) -> list[dict[str, object]]:
    """Say where a learner stands in each activity, and how much of it was delivered."""
    return [attrs.asdict(each) for each in await pb.results(learner_id)]
