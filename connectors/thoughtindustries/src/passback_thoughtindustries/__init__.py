"""Passback connector for Thought Industries: find users, report completions and sign learners in."""

from passback_thoughtindustries.connector import ThoughtIndustriesConnector
from passback_thoughtindustries.options import ThoughtIndustriesOptions

__all__ = ["ThoughtIndustriesConnector", "ThoughtIndustriesOptions"]
