"""Passback's connector for any customer's API, by configuration alone."""

from passback_webhook.connector import WebhookConnector
from passback_webhook.options import WebhookOptions

__all__ = ["WebhookConnector", "WebhookOptions"]
