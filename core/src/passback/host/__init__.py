"""The host's face."""

from passback.host.app import Passback
from passback.host.blocking import BlockingPassback
from passback.host.checking import CheckOutcome
from passback.host.config import (
    AlertsConfig,
    Config,
    ConnectionConfig,
    NetworkConfig,
    PluginConfig,
    RetentionConfig,
    SendingConfig,
    SmtpConfig,
    WebhookConfig,
    read_config,
)

__all__ = [
    "AlertsConfig",
    "BlockingPassback",
    "CheckOutcome",
    "Config",
    "ConnectionConfig",
    "NetworkConfig",
    "Passback",
    "PluginConfig",
    "RetentionConfig",
    "SendingConfig",
    "SmtpConfig",
    "WebhookConfig",
    "read_config",
]
