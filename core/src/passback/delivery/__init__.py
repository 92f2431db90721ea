"""Durable delivery: outbox, dispatcher, health of connections."""

from passback.delivery.accepting import Acceptance
from passback.delivery.attaching import Attached, Attachments, attached_connections
from passback.delivery.backlog import Backlog, backlog
from passback.delivery.breaker import Backoff
from passback.delivery.committer import Committer
from passback.delivery.dispatcher import Dispatcher
from passback.delivery.elapsed import believed, foreseen
from passback.delivery.equipping import Equipment, Unequipped
from passback.delivery.exporting import Exported, export
from passback.delivery.history import Step
from passback.delivery.kept import Kept, kept
from passback.delivery.leasing import Wish
from passback.delivery.lock import DispatcherLock
from passback.delivery.outbox import Outbox
from passback.delivery.overview import ConnectionState, DeliveryState, Overview, Totals
from passback.delivery.repair import Repair, release_launches, release_learners
from passback.delivery.retention import Retention, RetentionPolicy
from passback.delivery.routing import Routes
from passback.delivery.selection import Selection
from passback.delivery.serving import Roster
from passback.delivery.settling import Settlement
from passback.delivery.submission import Submission
from passback.delivery.surroundings import LanePolicy, Surroundings
from passback.delivery.telling import tell
from passback.delivery.unknown import last_seen, waiting_connections, waiting_learners
from passback.delivery.wellbeing import Wellbeing, looked_up, unless_awaited, wellbeing

__all__ = [
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
    "export",
    "foreseen",
    "kept",
    "last_seen",
    "looked_up",
    "release_launches",
    "release_learners",
    "tell",
    "unless_awaited",
    "waiting_connections",
    "waiting_learners",
    "wellbeing",
]
