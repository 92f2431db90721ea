"""The outbox of what people are told: a notice is kept with what made it, and sent until it arrives.

Who is killed between the mail server's word and the note of it sends that one mail again, under the same
Message-ID.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

import attrs
import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, insert, select, update

from passback.alerts.policy import Recipients
from passback.contract import Alerted, AlertKind
from passback.store import milliseconds, moment, schema

__all__ = [
    "Due",
    "Outcome",
    "bring_forward",
    "due_notices",
    "forget_old",
    "give_up_stranded",
    "is_due",
    "note_outcome",
    "post",
    "withdraw",
]

_n = schema.notice.c
# That something is broken, not yet sent, is pointless beside a later word, and wrong after the last.
_SUPERSEDING = (AlertKind.INCIDENT_LASTS, AlertKind.INCIDENT_OVER)
_SUPERSEDED = (AlertKind.INCIDENT_BEGAN.value, AlertKind.INCIDENT_LASTS.value)
_GIVEN_UP_AFTER = timedelta(days=3)
_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=4)
# Somebody may have it already as often as it's sent: not soon, and not often.
_IN_DOUBT = timedelta(hours=1)
_DOUBTS = 3


# The channel on which each contact has an address of its own.
_TO_PEOPLE = "mail"
_began = schema.notice.alias("began").c
_HEARD = and_(
    _n.kind == AlertKind.INCIDENT_OVER.value,
    exists().where(
        _began.connection == _n.connection,
        _began.channel == _n.channel,
        _began.channel == _TO_PEOPLE,
        _began.recipient == _n.recipient,
        _began.kind.in_(_SUPERSEDED),
        _began.sent.is_not(None),
    ),
)


@attrs.frozen(kw_only=True)
class Due:
    """A notice that is to be sent now.

    Attributes:
        id: Its number.
        key: What a receiver knows it by.
        channel: ``mail`` or ``webhook``.
        recipient: Who was to get it when there was something to tell, or at the last try.
        created: When there was something to tell.
        attempts: How often it was tried before.
        doubts: After how many of these it may have arrived.
        heard: Whether it says that it's over to who heard that it began, whoever is the contact by now.
        alert: What it tells.
    """

    id: int
    key: str
    channel: str
    recipient: str
    created: datetime
    attempts: int
    doubts: int
    heard: bool
    alert: Alerted


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of sending a notice.

    Attributes:
        notice: Which.
        recipient: To whom.
        error: Why it failed; empty if it didn't.
        in_doubt: Whether it may have arrived all the same.
    """

    notice: Due
    recipient: str
    error: str
    in_doubt: bool = False


def post(db: Connection, alert: Alerted, recipients: Recipients) -> None:
    """Have `alert` sent to `recipients`, and to whoever was told before and isn't among them any more.

    That it's over, who was told that it began hears too; and of a connection that the configuration names no
    longer, who was told of it last.
    """
    now = milliseconds(alert.at)
    before = _told_before(db, alert, recipients)
    for channel, recipient in sorted({*before, *recipients.items()}):
        told = alert
        if alert.kind in _SUPERSEDING:
            db.execute(delete(schema.notice).where(*_unsent(alert.connection, channel, _SUPERSEDED)))
        elif alert.kind is AlertKind.EXPIRING:
            # Both would tell how it stands when they are sent.
            db.execute(delete(schema.notice).where(*_unsent(alert.connection, channel, [alert.kind.value])))
        elif alert.kind is AlertKind.DIGEST:
            told = _with_unsent(db, alert, channel)
        values = {
            "key": secrets.token_hex(16),
            "connection": alert.connection,
            "kind": alert.kind.value,
            "channel": channel,
            "recipient": recipient,
            "body": msgspec.json.encode(told),
            "created": now,
            "due": now,
        }
        db.execute(insert(schema.notice), values)


def _unsent(connection: str, channel: str, kinds: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (
        _n.connection == connection,
        _n.channel == channel,
        _n.kind.in_(kinds),
        _n.due.is_not(None),
    )


def _with_unsent(db: Connection, digest: Alerted, channel: str) -> Alerted:
    """Return `digest` with what those before it told that weren't sent: nobody gets several at once."""
    unsent = _unsent(digest.connection, channel, [digest.kind.value])
    rows = db.execute(select(_n.body, _n.created).where(*unsent)).all()
    db.execute(delete(schema.notice).where(*unsent))
    since = [told.since if (told := _read(row.body)) else None for row in rows]
    first = min([*(moment(row.created) for row in rows), *filter(None, since)], default=None)
    return attrs.evolve(digest, since=first)


def _read(body: bytes) -> Alerted | None:
    try:
        return msgspec.json.decode(body, type=Alerted)
    except (msgspec.DecodeError, UnicodeError):
        return None


def withdraw(db: Connection, notice: Due) -> None:
    """Have `notice` not be sent: what it tells of is over."""
    db.execute(delete(schema.notice).where(_n.id == notice.id))


def _told_before(db: Connection, alert: Alerted, recipients: Recipients) -> AbstractSet[tuple[str, str]]:
    told = [_n.connection == alert.connection, _n.recipient != ""]
    over = alert.kind is AlertKind.INCIDENT_OVER
    if over:
        told += [_n.kind.in_(_SUPERSEDED), _n.created >= milliseconds(alert.since or alert.at)]
    elif alert.configured:
        return frozenset()
    rows = db.execute(select(_n.channel, _n.recipient, _n.sent).where(*told).order_by(_n.id)).all()
    # A mail server may be out of the configuration for now.
    last = {row.channel: row.recipient for row in rows if row.channel not in recipients}
    # The contact may have been another when it began.
    heard = {(row.channel, row.recipient) for row in rows if row.sent and row.channel == _TO_PEOPLE}
    return last.items() | (heard if over else set())


def bring_forward(db: Connection, now: datetime) -> None:
    """Have what failed be tried now, but for what may have arrived."""
    failed = (_n.due > milliseconds(now), _n.doubts == 0)
    db.execute(update(schema.notice).where(*failed).values(due=milliseconds(now)))


def due_notices(db: Connection, channel: str, now: datetime, limit: int) -> list[Due]:
    """Return what is to be sent through `channel`, the oldest first, of at most `limit` that are due.

    What is kept of one and can't be read, damaged or written by another version, is given up.
    """
    query = (
        select(schema.notice, _HEARD.label("heard"))
        .where(_n.due <= milliseconds(now), _n.channel == channel)
        .order_by(_n.id)
        .limit(limit)
    )
    found: list[Due] = []
    for row in db.execute(query).all():
        alert = _read(row.body)
        if alert is None:
            given_up = {"due": None, "body": b"", "error": "what is kept of it can't be read"}
            db.execute(update(schema.notice).where(_n.id == row.id).values(given_up))
            continue
        found.append(
            Due(
                id=row.id,
                key=row.key,
                channel=row.channel,
                recipient=row.recipient,
                created=moment(row.created),
                attempts=row.attempts,
                doubts=row.doubts,
                heard=row.heard,
                alert=alert,
            )
        )
    return found


def is_due(db: Connection, notice: Due) -> bool:
    """Return whether `notice` is still to be sent: a later word withdraws it."""
    return db.scalar(select(_n.id).where(_n.id == notice.id, _n.due.is_not(None))) is not None


def note_outcome(db: Connection, outcome: Outcome, now: datetime) -> None:
    """Keep what came of sending a notice."""
    notice = outcome.notice
    sent = not outcome.error
    doubts = notice.doubts + outcome.in_doubt
    wait = min(_FIRST_WAIT * 2 ** min(notice.attempts, 10), _LONGEST_WAIT)
    values: dict[str, object] = {
        "recipient": outcome.recipient,
        "attempts": notice.attempts + 1,
        "doubts": doubts,
        "error": outcome.error,
        "due": milliseconds(now + (_IN_DOUBT if outcome.in_doubt else wait)),
    }
    if sent or now - notice.created >= _GIVEN_UP_AFTER or doubts >= _DOUBTS:
        # What it told of may have to be forgotten one day.
        values |= {"due": None, "sent": milliseconds(now) if sent else None, "body": b""}
    db.execute(update(schema.notice).where(_n.id == notice.id).values(values))


def give_up_stranded(db: Connection, channels: Collection[str], now: datetime) -> None:
    """Give up in time what none of the `channels` that there are carries."""
    old = milliseconds(now - _GIVEN_UP_AFTER)
    stranded = (_n.due.is_not(None), _n.created < old, _n.channel.not_in(channels))
    given_up = {"due": None, "body": b"", "error": "nothing that sends it is configured any more"}
    db.execute(update(schema.notice).where(*stranded).values(given_up))


def forget_old(db: Connection, before: datetime) -> None:
    """Forget notices that were settled, and incidents that were over, before then."""
    long_ago = milliseconds(before)
    db.execute(delete(schema.notice).where(_n.due.is_(None), _n.created < long_ago))
    db.execute(delete(schema.incident).where(schema.incident.c.ended < long_ago))
