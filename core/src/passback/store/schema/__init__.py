"""The tables: payload, schedule, state and lease stand in one transactional store.

Times are milliseconds since 1970, UTC.
"""

from passback.store.schema.alerting import incident, notice, told, watch
from passback.store.schema.fleet import lane, worker
from passback.store.schema.identity import account, context, course, launch
from passback.store.schema.outbox import (
    attachment,
    connection,
    delivery,
    event,
    history,
    kept,
    result,
    signal,
    standing,
    tally,
    undelivered,
    waiting,
    waiting_of_learner,
)
from passback.store.schema.signing_in import link, link_change, person, provision, seen, sign_in
from passback.store.schema.whole import meta, metadata

__all__ = [
    "account",
    "attachment",
    "connection",
    "context",
    "course",
    "delivery",
    "event",
    "history",
    "incident",
    "kept",
    "lane",
    "launch",
    "link",
    "link_change",
    "meta",
    "metadata",
    "notice",
    "person",
    "provision",
    "result",
    "seen",
    "sign_in",
    "signal",
    "standing",
    "tally",
    "told",
    "undelivered",
    "waiting",
    "waiting_of_learner",
    "watch",
    "worker",
]
