"""HTTP for connectors: one typed session for each connection."""

from passback.http.address import AddressPolicy
from passback.http.oauth import ClientCredentials, OAuth2
from passback.http.quota import Meter, Quota, Used
from passback.http.response import Response, basic_auth
from passback.http.session import HTTP, Exchange, Timeouts

__all__ = [
    "HTTP",
    "AddressPolicy",
    "ClientCredentials",
    "Exchange",
    "Meter",
    "OAuth2",
    "Quota",
    "Response",
    "Timeouts",
    "Used",
    "basic_auth",
]
