"""HTTP for connectors: one typed session for each connection."""

from passback.http.address import AddressPolicy
from passback.http.hiding import forms_of, without
from passback.http.oauth import ClientCredentials, OAuth2
from passback.http.patience import Patience
from passback.http.quota import OWN_QUOTA, Meter, Quota, QuotaUsedUp, Used
from passback.http.response import LONGEST_WAIT, Response, basic_auth
from passback.http.session import HTTP, Exchange, Timeouts
from passback.http.sockets import allow_more_sockets, room_for_sockets
from passback.http.web_address import WebAddress, is_web_address

__all__ = [
    "HTTP",
    "LONGEST_WAIT",
    "OWN_QUOTA",
    "AddressPolicy",
    "ClientCredentials",
    "Exchange",
    "Meter",
    "OAuth2",
    "Patience",
    "Quota",
    "QuotaUsedUp",
    "Response",
    "Timeouts",
    "Used",
    "WebAddress",
    "allow_more_sockets",
    "basic_auth",
    "forms_of",
    "is_web_address",
    "room_for_sockets",
    "without",
]
