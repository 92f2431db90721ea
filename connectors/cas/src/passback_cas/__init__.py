"""Passback connector for CAS: people signed in by a CAS server."""

from passback_cas.connector import CasConnector
from passback_cas.options import CasOptions

__all__ = ["CasConnector", "CasOptions"]
