"""Report results from Celery: ``celery --app tasks worker``, and ``passback work`` beside it to deliver them.

To enqueue one, from anywhere: ``report.delay("course-1", "ana@example.com", "https://…", 0.9, "2026-…Z")``.
"""

from datetime import datetime

from celery import Celery

from passback import Activity, BlockingPassback, ContentConflict, Learner, OutboxError, Result, Score

app = Celery("tasks", broker="sqla+sqlite:///broker.db")  # for one machine; in earnest your broker
pb = BlockingPassback.from_file("passback.toml", deliver=False)  # one for all processes that Celery forks


# Submitting again with the same id is harmless. So a task may be tried again whenever nobody knows how far it
# came: the disk was full, or the worker was killed. The id and the time come from who enqueues it, so that
# each try says the same; the same id with other content is a mistake that no retry mends.
@app.task(
    acks_late=True,
    reject_on_worker_lost=True,
    autoretry_for=(OutboxError,),
    dont_autoretry_for=(ContentConflict,),
    retry_backoff=True,
)
def report(result_id: str, learner: str, activity: str, score: float, at: str) -> None:
    """Take a completion in; to deliver it, and to try that again, is Passback's business."""
    pb.submit(
        Result(
            id=result_id,
            kind="completed",
            learner=Learner(id=learner),
            activity=Activity(id=activity),
            score=Score(scaled=score),
            at=datetime.fromisoformat(at),
        )
    )
