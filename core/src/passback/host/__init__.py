"""The host's face."""

from passback.host.app import CheckOutcome, Passback
from passback.host.config import Config, ConnectionConfig, read_config

__all__ = ["CheckOutcome", "Config", "ConnectionConfig", "Passback", "read_config"]
