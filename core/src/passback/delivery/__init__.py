"""Durable delivery: outbox, dispatcher, health of connections."""

from passback.delivery.accepting import Acceptance, Submission
from passback.delivery.breaker import Backoff
from passback.delivery.committer import Committer
from passback.delivery.dispatcher import Dispatcher, Roster
from passback.delivery.lane import LanePolicy, Surroundings
from passback.delivery.lock import DispatcherLock
from passback.delivery.outbox import Outbox
from passback.delivery.overview import ConnectionState, DeliveryState, Overview, Totals
from passback.delivery.repair import Repair, Selection
from passback.delivery.states import State, WaitingFor
from passback.delivery.store import Store

__all__ = [
    "Acceptance",
    "Backoff",
    "Committer",
    "ConnectionState",
    "DeliveryState",
    "Dispatcher",
    "DispatcherLock",
    "LanePolicy",
    "Outbox",
    "Overview",
    "Repair",
    "Roster",
    "Selection",
    "State",
    "Store",
    "Submission",
    "Surroundings",
    "Totals",
    "WaitingFor",
]
