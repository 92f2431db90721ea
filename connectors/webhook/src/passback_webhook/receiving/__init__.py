"""The other side: results that a platform sends to us."""

from passback_webhook.receiving.options import MappingOptions, ReceiveOptions
from passback_webhook.receiving.receiver import Receiver
from passback_webhook.receiving.shown import shown

__all__ = ["MappingOptions", "ReceiveOptions", "Receiver", "shown"]
