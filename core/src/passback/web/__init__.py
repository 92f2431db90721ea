"""The mountable app: what other systems send to a host."""

from passback.web.app import mountable

__all__ = ["mountable"]
