"""A proxy on a socket between a connector and its sandbox, which plays faults and sees every request."""

from passback.testing.proxy.faults import (
    Fault,
    again_and_again,
    answered,
    cut_after,
    cut_before,
    doubled_keys,
    echoed,
    held,
    huge,
    instead,
    redirected,
    relabelled,
    relinked,
    revoked,
    silent,
    truncated,
)
from passback.testing.proxy.messages import Answer, Asked
from passback.testing.proxy.proxy import Proxy
from passback.testing.proxy.record import Record

__all__ = [
    "Answer",
    "Asked",
    "Fault",
    "Proxy",
    "Record",
    "again_and_again",
    "answered",
    "cut_after",
    "cut_before",
    "doubled_keys",
    "echoed",
    "held",
    "huge",
    "instead",
    "redirected",
    "relabelled",
    "relinked",
    "revoked",
    "silent",
    "truncated",
]
