"""The host's face."""

from passback.host.accounts import Accounts
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
from passback.host.launching import Launching
from passback.host.waiting import BlockingAccounts, BlockingLaunching

__all__ = [
    "Accounts",
    "AlertsConfig",
    "BlockingAccounts",
    "BlockingLaunching",
    "BlockingPassback",
    "CheckOutcome",
    "Config",
    "ConnectionConfig",
    "Launching",
    "NetworkConfig",
    "Passback",
    "PluginConfig",
    "RetentionConfig",
    "SendingConfig",
    "SmtpConfig",
    "WebhookConfig",
    "read_config",
]
