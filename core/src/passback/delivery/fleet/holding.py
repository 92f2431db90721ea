"""What processes that share a database tell each other, and how they take connections from it.

By the server's clock: the machines' own may differ.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence

import attrs
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from passback.delivery.outbox.accepting import UNROUTED, raise_signals
from passback.delivery.upkeep.repair import reopen
from passback.store import insert_new, schema

__all__ = ["HOLD", "Found", "Holder", "Seen", "beat", "call", "held_by_others", "leave", "lives"]

# How long a process has its connections after each sign of life, in seconds.
HOLD = 30.0
_MILLISECONDS = round(HOLD * 1000)

_c = schema.connection.c
_l = schema.lane.c
_s = schema.signal.c
_w = schema.worker.c
_NOW = literal_column("(extract(epoch FROM clock_timestamp()) * 1000)::bigint", BigInteger)
_FREE = or_(_l.owner.is_(None), _l.until <= _NOW)
_SIGNALS = (
    select(_s.connection, _l.owner, _FREE.label("free"))
    .outerjoin(schema.lane, _l.connection == _s.connection)
    .distinct()
)


@attrs.frozen(kw_only=True)
class Holder:
    """A process.

    Attributes:
        name: Which no other has.
        fingerprints: The connections that it can deliver for → a fingerprint of how each is configured.
    """

    name: str
    fingerprints: Mapping[str, str]

    @property
    def serves(self) -> frozenset[str]:
        """The connections that it can deliver for."""
        return frozenset(self.fingerprints)

    @property
    def kind(self) -> str:
        """What it serves, as it's kept: who serves the same shares with us."""
        return json.dumps(sorted(self.serves), ensure_ascii=False)


@attrs.frozen(kw_only=True)
class Seen:
    """What a process learns when it says that it lives.

    Attributes:
        mine: The connections that it has.
        orphaned: Those whose process is dead.
        share: How many it should have at most, so that all have as many.
        alike: How many there are that serve the same, with it.
    """

    mine: frozenset[str]
    orphaned: frozenset[str]
    share: int
    alike: int


@attrs.frozen(kw_only=True)
class Found:
    """What there is to do for a process.

    Attributes:
        lanes: The connections of which something may be due: it has them, or nobody living serves them.
        claimed: Which of them it has from now on.
        changed: Which of these were configured otherwise by whoever set them up last.
        unrouted: Whether something was accepted by a process that knows no connection for it.
        alike: How many processes there are that serve the same, with it.
    """

    lanes: frozenset[str]
    claimed: frozenset[str]
    changed: frozenset[str]
    unrouted: bool
    alike: int


def beat(db: Connection, me: Holder, done: frozenset[str]) -> Seen:
    """Keep what `me` has for another while, but for `done`, which others may take."""
    until = _NOW + _MILLISECONDS
    values = {"until": until, "serves": me.kind}
    live = update(schema.worker).where(_w.name == me.name).values(values)
    if not db.execute(live).rowcount:
        db.execute(delete(schema.worker).where(_w.until <= _NOW))
        db.execute(insert_new(schema.worker).values(name=me.name, **values))
    if done:
        _release(db, [_l.owner == me.name, _l.connection.in_(done)])
    kept = update(schema.lane).where(_l.owner == me.name).values(until=until).returning(_l.connection)
    mine = frozenset(row.connection for row in db.execute(kept))
    dead = select(_l.connection).where(_l.owner.is_not(None), _l.until <= _NOW)
    orphaned = frozenset(row.connection for row in db.execute(dead))
    alike = _alike(db, me)
    return Seen(mine=mine, orphaned=orphaned, share=_share(db, alike, 0), alike=len(alike))


def call(db: Connection, me: Holder, wanted: frozenset[str], leaving: frozenset[str], now: int) -> Found:
    """Take what there is to do for `me`, and of `wanted` what nobody has.

    Args:
        db: Within a transaction.
        me: Who asks.
        wanted: Connections of which something may be due.
        leaving: Those of its connections that it's about to let go.
        now: The time by which leases end.
    """
    rows = db.execute(_SIGNALS).all()
    signalled = {row.connection for row in rows}
    mine = {row.connection for row in rows if row.owner == me.name} - leaving
    # Whoever has one that it serves no longer lets what is on the wire arrive, and says when it has.
    if strange := wanted - me.serves:
        wanted -= strange & held_by_others(db, me)
    free = ({row.connection for row in rows if row.free} | wanted) - mine - leaving - {UNROUTED}
    alike = _alike(db, me)
    claimed = _claim(db, me, alike, free & me.serves, now)
    lanes = mine | claimed | _unserved(db, free - me.serves)
    taken = signalled & (lanes | {UNROUTED})
    if taken:
        db.execute(delete(schema.signal).where(_s.connection.in_(taken)))
    changed = _changed(db, me, claimed)
    return Found(
        lanes=frozenset(lanes),
        claimed=claimed,
        changed=changed,
        unrouted=UNROUTED in signalled,
        alike=len(alike),
    )


def held_by_others(db: Connection, me: Holder) -> frozenset[str]:
    """Return the connections that living processes have, but for `me`."""
    return frozenset(db.scalars(select(_l.connection).where(_l.owner != me.name, ~_FREE)))


def leave(db: Connection, me: Holder) -> None:
    """Let everything go that `me` has."""
    _release(db, [_l.owner == me.name])
    db.execute(delete(schema.worker).where(_w.name == me.name))


def lives(db: Connection, member: str) -> bool:
    """Return whether the process that a store calls `member` said of late that it lives."""
    its = _w.name.startswith(f"{member}:", autoescape=True)
    return db.scalar(select(_w.name).where(its, _w.until > _NOW).limit(1)) is not None


def _release(db: Connection, conditions: list[ColumnElement[bool]]) -> None:
    released = update(schema.lane).where(*conditions).values(owner=None, until=0).returning(_l.connection)
    raise_signals(db, {row.connection for row in db.execute(released)})


def _claim(
    db: Connection, me: Holder, alike: Sequence[str], wanted: Collection[str], now: int
) -> frozenset[str]:
    room = _share(db, alike, len(wanted)) - _count(db, [me.name]) if wanted else 0
    if room <= 0:
        return frozenset()
    db.execute(insert_new(schema.lane), [{"connection": name} for name in sorted(wanted)])
    # Who starts at the same moment takes others, rather than waiting for these.
    free = (
        select(_l.connection)
        .where(_l.connection.in_(wanted), _FREE)
        .limit(room)
        .with_for_update(skip_locked=True)
    )
    names = [row.connection for row in db.execute(free)]
    if names:
        taken = update(schema.lane).where(_l.connection.in_(names))
        db.execute(taken.values(owner=me.name, until=_NOW + _MILLISECONDS))
        reopen(db, now, names)
    return frozenset(names)


def _share(db: Connection, alike: Sequence[str], more: int) -> int:
    """Return how many connections each of `alike`, who serve the same, should have with `more` of them."""
    return math.ceil((_count(db, alike) + more) / max(1, len(alike)))


def _alike(db: Connection, me: Holder) -> Sequence[str]:
    """Return who lives and serves the same as `me`."""
    return db.scalars(select(_w.name).where(_w.until > _NOW, _w.serves == me.kind)).all()


def _count(db: Connection, owners: Collection[str]) -> int:
    held = select(func.count()).select_from(schema.lane).where(_l.owner.in_(owners), _l.until > _NOW)
    return db.scalar(held) or 0


def _changed(db: Connection, me: Holder, names: Collection[str]) -> frozenset[str]:
    if not names:
        return frozenset()
    known = db.execute(select(_c.name, _c.fingerprint).where(_c.name.in_(names)))
    before = {row.name: row.fingerprint for row in known}
    return frozenset(name for name in names if before.get(name) != me.fingerprints[name])


def _unserved(db: Connection, names: Collection[str]) -> frozenset[str]:
    """Return which of `names` no living process serves."""
    if not names:
        return frozenset()
    kinds = db.scalars(select(_w.serves).where(_w.until > _NOW).distinct())
    return frozenset(names).difference(*(json.loads(kind) for kind in kinds))
