"""Passback's connector for OpenID Connect."""

from passback_oidc.connector import OidcConnector
from passback_oidc.options import OidcOptions

__all__ = ["OidcConnector", "OidcOptions"]
