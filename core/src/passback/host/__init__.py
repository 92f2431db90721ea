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
    SignInConfig,
    SmtpConfig,
    WebhookConfig,
    read_config,
)
from passback.host.journeys import Journey, SignedIn
from passback.host.launching import Launching
from passback.host.linking import Linking
from passback.host.providers import Providers
from passback.host.signing_in import SigningIn
from passback.host.waiting import BlockingAccounts, BlockingLaunching, BlockingSigningIn

__all__ = [
    "Accounts",
    "AlertsConfig",
    "BlockingAccounts",
    "BlockingLaunching",
    "BlockingPassback",
    "BlockingSigningIn",
    "CheckOutcome",
    "Config",
    "ConnectionConfig",
    "Journey",
    "Launching",
    "Linking",
    "NetworkConfig",
    "Passback",
    "PluginConfig",
    "Providers",
    "RetentionConfig",
    "SendingConfig",
    "SignInConfig",
    "SignedIn",
    "SigningIn",
    "SmtpConfig",
    "WebhookConfig",
    "read_config",
]
