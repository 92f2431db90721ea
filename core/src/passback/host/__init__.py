"""The host's face."""

from passback.host.app import Passback
from passback.host.blocking import BlockingPassback
from passback.host.checking import CheckOutcome
from passback.host.config import (
    Config,
    ConnectionConfig,
    NetworkConfig,
    PluginConfig,
    RetentionConfig,
    SendingConfig,
    read_config,
)

__all__ = [
    "BlockingPassback",
    "CheckOutcome",
    "Config",
    "ConnectionConfig",
    "NetworkConfig",
    "Passback",
    "PluginConfig",
    "RetentionConfig",
    "SendingConfig",
    "read_config",
]
