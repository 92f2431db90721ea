"""Passback's connector for the learning systems that StackOne reaches."""

from passback_stackone.connector import StackOneConnector
from passback_stackone.options import StackOneOptions

__all__ = ["StackOneConnector", "StackOneOptions"]
