"""The host's face."""

from passback.host.app import Passback
from passback.host.blocking.host import BlockingPassback
from passback.host.blocking.waiting import BlockingAccounts, BlockingLaunching, BlockingSigningIn
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
from passback.host.people.accounts import Accounts
from passback.host.people.journeys import Journey, SignedIn
from passback.host.people.launching import Launching
from passback.host.people.linking import Linking
from passback.host.people.providers import Providers
from passback.host.people.signing_in import SigningIn

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
