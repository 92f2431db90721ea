"""Durable delivery: outbox, dispatcher, health of connections."""

from passback.delivery.fleet.holding import lives
from passback.delivery.fleet.lock import DispatcherLock
from passback.delivery.lanes.committer import Committer
from passback.delivery.lanes.dispatcher import Dispatcher
from passback.delivery.lanes.equipping import Equipment, Unequipped
from passback.delivery.lanes.serving import Roster
from passback.delivery.lanes.slots import Slots
from passback.delivery.lanes.surroundings import LanePolicy, Surroundings
from passback.delivery.outbox.accepting import Acceptance
from passback.delivery.outbox.attaching import Attached, Attachments, attached_connections
from passback.delivery.outbox.backlog import Backlog, backlog
from passback.delivery.outbox.breaker import Backoff
from passback.delivery.outbox.elapsed import believed, foreseen
from passback.delivery.outbox.history import Step
from passback.delivery.outbox.kept import Kept, kept
from passback.delivery.outbox.leasing import Wish
from passback.delivery.outbox.outbox import Outbox
from passback.delivery.outbox.releasing import release_launches, release_learners, release_one_of_each
from passback.delivery.outbox.routing import Routes
from passback.delivery.outbox.said import complete, lacks, release_better_known, release_incomplete, said_of
from passback.delivery.outbox.selection import Selection
from passback.delivery.outbox.settling import Settlement
from passback.delivery.outbox.submission import Submission
from passback.delivery.outbox.telling import tell
from passback.delivery.outbox.unknown import (
    explain_waiting,
    last_seen,
    waiting_connections,
    waiting_learners,
)
from passback.delivery.outbox.wellbeing import Wellbeing, looked_up, unless_awaited, wellbeing
from passback.delivery.upkeep.exporting import Exported, export
from passback.delivery.upkeep.overview import ConnectionState, DeliveryState, Overview, Totals
from passback.delivery.upkeep.removing import ERASED, SETTLED
from passback.delivery.upkeep.repair import Repair
from passback.delivery.upkeep.retention import Retention, RetentionPolicy

__all__ = [
    "ERASED",
    "SETTLED",
    "Acceptance",
    "Attached",
    "Attachments",
    "Backlog",
    "Backoff",
    "Committer",
    "ConnectionState",
    "DeliveryState",
    "Dispatcher",
    "DispatcherLock",
    "Equipment",
    "Exported",
    "Kept",
    "LanePolicy",
    "Outbox",
    "Overview",
    "Repair",
    "Retention",
    "RetentionPolicy",
    "Roster",
    "Routes",
    "Selection",
    "Settlement",
    "Slots",
    "Step",
    "Submission",
    "Surroundings",
    "Totals",
    "Unequipped",
    "Wellbeing",
    "Wish",
    "attached_connections",
    "backlog",
    "believed",
    "complete",
    "explain_waiting",
    "export",
    "foreseen",
    "kept",
    "lacks",
    "last_seen",
    "lives",
    "looked_up",
    "release_better_known",
    "release_incomplete",
    "release_launches",
    "release_learners",
    "release_one_of_each",
    "said_of",
    "tell",
    "unless_awaited",
    "waiting_connections",
    "waiting_learners",
    "wellbeing",
]
