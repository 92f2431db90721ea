"""The other side: what GO1's webhooks tell us (wire facts §3.4)."""

from passback_go1.receiving.receiver import Receiver

__all__ = ["Receiver"]
