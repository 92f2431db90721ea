"""Passback's connector for SAML 2.0."""

from passback_saml.connector import SamlConnector
from passback_saml.options import SamlOptions

__all__ = ["SamlConnector", "SamlOptions"]
