"""Passback's connector for GO1."""

from passback_go1.connector import Go1Connector
from passback_go1.options import Go1Options

__all__ = ["Go1Connector", "Go1Options"]
