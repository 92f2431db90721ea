"""Durable delivery: outbox, dispatcher, health of connections."""

from passback.delivery import schema
from passback.delivery.accepting import Acceptance, Submission
from passback.delivery.attaching import Attached, Attachments
from passback.delivery.backlog import Backlog, backlog
from passback.delivery.breaker import Backoff
from passback.delivery.committer import Committer
from passback.delivery.dispatcher import Dispatcher
from passback.delivery.engines import DatabaseURL
from passback.delivery.exporting import Exported, export
from passback.delivery.history import Step
from passback.delivery.lane import LanePolicy, Surroundings
from passback.delivery.leasing import Settlement, Wish
from passback.delivery.lock import DispatcherLock
from passback.delivery.outbox import Outbox
from passback.delivery.overview import ConnectionState, DeliveryState, Overview, Totals
from passback.delivery.repair import Repair
from passback.delivery.retention import Retention, RetentionPolicy
from passback.delivery.routing import Routes
from passback.delivery.selection import Selection
from passback.delivery.serving import Roster
from passback.delivery.states import State, WaitingFor
from passback.delivery.store import Store
from passback.delivery.telling import tell
from passback.delivery.times import milliseconds, moment

__all__ = [
    "Acceptance",
    "Attached",
    "Attachments",
    "Backlog",
    "Backoff",
    "Committer",
    "ConnectionState",
    "DatabaseURL",
    "DeliveryState",
    "Dispatcher",
    "DispatcherLock",
    "Exported",
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
    "State",
    "Step",
    "Store",
    "Submission",
    "Surroundings",
    "Totals",
    "WaitingFor",
    "Wish",
    "backlog",
    "export",
    "milliseconds",
    "moment",
    "schema",
    "tell",
]
