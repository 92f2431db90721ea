"""One alert of each kind, as the documentation shows them."""

from datetime import UTC, datetime, timedelta

from passback import Alerted, AlertKind, Health, Setback

BEGAN = datetime(2026, 11, 20, 22, 14, tzinfo=UTC)
SETBACKS = (
    Setback(
        state="rejected",
        reason="POST /xapi/statements answered 400: result.score.raw must not be greater than max",
        count=2,
        example="b7f0c1de-5a3e-4c61-9a2f-0c8e2f1d7a11",
    ),
    Setback(
        state="waiting",
        waiting_for="account",
        reason="nobody there has the e-mail address of this learner",
        count=1,
        example="exam-2026-118",
    ),
)


def _alert(kind, after, **fields):
    return Alerted(kind=kind, connection="acme", at=BEGAN + after, **fields)


_ILL = {
    "since": BEGAN,
    "undelivered": 1204,
    "health": Health.CANNOT_CONNECT,
    "detail": "POST https://lrs.acme.example/xapi/statements: not reached (connection refused)",
}
ALERTS = (
    _alert(
        AlertKind.INCIDENT_BEGAN,
        timedelta(minutes=5),
        **_ILL,
        next_try=BEGAN + timedelta(minutes=9),
    ),
    _alert(
        AlertKind.INCIDENT_LASTS,
        timedelta(days=1, minutes=5),
        **_ILL
        | {
            "health": Health.SERVER_ERROR,
            "detail": "GET /xapi/about answered 401 (unauthorized); check key, secret or token",
        },
    ),
    _alert(
        AlertKind.INCIDENT_OVER,
        timedelta(days=2, hours=3, minutes=1),
        since=BEGAN,
        until=BEGAN + timedelta(days=2, hours=3),
        delivered=1204,
        setbacks=SETBACKS,
    ),
    _alert(
        AlertKind.EXPIRING,
        timedelta(days=27),
        undelivered=12,
        setbacks=SETBACKS[1:],
        deadline=BEGAN + timedelta(days=30),
    ),
    _alert(AlertKind.DIGEST, timedelta(hours=10), setbacks=SETBACKS, last_success=BEGAN),
)
