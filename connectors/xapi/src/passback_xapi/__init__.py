"""Passback's connector for Learning Record Stores (xAPI 1.0.3 and 2.0)."""

from passback_xapi.actors import UnknownActor
from passback_xapi.connector import XapiConnector
from passback_xapi.options import ActorPolicy, NamePolicy, XapiOptions
from passback_xapi.reading import from_statement
from passback_xapi.statements import to_statement

__all__ = [
    "ActorPolicy",
    "NamePolicy",
    "UnknownActor",
    "XapiConnector",
    "XapiOptions",
    "from_statement",
    "to_statement",
]
