"""Passback's connector for Learning Record Stores (xAPI 1.0.3 and 2.0)."""

from passback_xapi.connector import XapiConnector
from passback_xapi.options import ActorPolicy, NamePolicy, XapiOptions

__all__ = ["ActorPolicy", "NamePolicy", "XapiConnector", "XapiOptions"]
