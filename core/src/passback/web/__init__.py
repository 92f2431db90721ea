"""The mountable app: what other systems send to a host, and how people sign in."""

from passback.web.app import mountable
from passback.web.signing_in import Session

__all__ = ["Session", "mountable"]
