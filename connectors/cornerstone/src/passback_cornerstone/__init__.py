"""Passback's connector for Cornerstone OnDemand: launch callbacks, tenant APIs and the course list."""

from passback_cornerstone.api_options import ApiOptions
from passback_cornerstone.connector import CornerstoneConnector
from passback_cornerstone.courses import activity_id, course_id
from passback_cornerstone.options import (
    CallbackOptions,
    CatalogueOptions,
    CornerstoneOptions,
    IdentityOptions,
)

__all__ = [
    "ApiOptions",
    "CallbackOptions",
    "CatalogueOptions",
    "CornerstoneConnector",
    "CornerstoneOptions",
    "IdentityOptions",
    "activity_id",
    "course_id",
]
