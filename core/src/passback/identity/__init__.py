"""Who is who: which user of a system a learner is, and by which launch they came."""

from passback.identity.accounts import Bond, bonds, forget, keep, known
from passback.identity.context import (
    UserContext,
    begin_asking,
    context_of,
    contexts,
    end_asking,
    forget_context,
    learn_context,
    rest_listing,
)
from passback.identity.courses import courses, offer
from passback.identity.distributing import given
from passback.identity.expecting import expect, expected, expected_connections
from passback.identity.launches import Launches, LaunchTicket, ticket_for
from passback.identity.listing import SyncReport, ask_for_anybody, compare, list_users, named
from passback.identity.matching import ORDER, PERSON, AccountState, Finding, Index, KeyName, keys_of, look_up
from passback.identity.naming import learners_of
from passback.identity.refusing import refuse, refused, take
from passback.identity.sealing import Seal

__all__ = [
    "ORDER",
    "PERSON",
    "AccountState",
    "Bond",
    "Finding",
    "Index",
    "KeyName",
    "LaunchTicket",
    "Launches",
    "Seal",
    "SyncReport",
    "UserContext",
    "ask_for_anybody",
    "begin_asking",
    "bonds",
    "compare",
    "context_of",
    "contexts",
    "courses",
    "end_asking",
    "expect",
    "expected",
    "expected_connections",
    "forget",
    "forget_context",
    "given",
    "keep",
    "keys_of",
    "known",
    "learn_context",
    "learners_of",
    "list_users",
    "look_up",
    "named",
    "offer",
    "refuse",
    "refused",
    "rest_listing",
    "take",
    "ticket_for",
]
