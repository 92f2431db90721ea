"""The configuration: what file and Python say, checked as a whole, secrets resolved.

A mistake in one connection's table concerns that connection; any other concerns the file.
"""

from passback.host.config.alerting import AlertsConfig, SmtpConfig, WebhookConfig
from passback.host.config.drafts import Attachment, Draft, name_problem
from passback.host.config.effective import effective
from passback.host.config.examining import Examination, Examined
from passback.host.config.mistakes import Mistake, dotted, explain, suggestion
from passback.host.config.place import OutboxPlace, StoreConfig
from passback.host.config.reading import Reading, read_again, read_config, take
from passback.host.config.schema import config_schema, installed_connectors
from passback.host.config.secrets import reference
from passback.host.config.signing_in import SignInConfig
from passback.host.config.source import Mark
from passback.host.config.tables import (
    ConnectionConfig,
    NetworkConfig,
    PluginConfig,
    RetentionConfig,
    SendingConfig,
)
from passback.host.config.whole import Config

__all__ = [
    "AlertsConfig",
    "Attachment",
    "Config",
    "ConnectionConfig",
    "Draft",
    "Examination",
    "Examined",
    "Mark",
    "Mistake",
    "NetworkConfig",
    "OutboxPlace",
    "PluginConfig",
    "Reading",
    "RetentionConfig",
    "SendingConfig",
    "SignInConfig",
    "SmtpConfig",
    "StoreConfig",
    "WebhookConfig",
    "config_schema",
    "dotted",
    "effective",
    "explain",
    "installed_connectors",
    "name_problem",
    "read_again",
    "read_config",
    "reference",
    "suggestion",
    "take",
]
