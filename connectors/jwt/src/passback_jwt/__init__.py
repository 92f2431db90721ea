"""Passback connector for JWT: people signed in by signed tokens, a trusted issuer's or our own."""

from passback_jwt.connector import JwtConnector
from passback_jwt.options import JwtOptions

__all__ = ["JwtConnector", "JwtOptions"]
