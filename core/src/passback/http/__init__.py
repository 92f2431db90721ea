"""HTTP for connectors: one typed session for each connection."""

from passback.http.address import AddressPolicy
from passback.http.quota import Meter, Quota, Used
from passback.http.response import Response, basic_auth
from passback.http.session import HTTP, Exchange, Timeouts

__all__ = [
    "HTTP",
    "AddressPolicy",
    "Exchange",
    "Meter",
    "Quota",
    "Response",
    "Timeouts",
    "Used",
    "basic_auth",
]
