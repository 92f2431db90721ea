"""Finding and loading plugins: catalogue from metadata, verdict, import, report."""

from passback.plugins.catalogue import Policy
from passback.plugins.loading import load
from passback.plugins.report import Entry, LoadReport, Status

__all__ = ["Entry", "LoadReport", "Policy", "Status", "load"]
