"""What became of the rules: a table at the end of a run, and documents that a vendor can publish."""

from passback.testing.report.documents import write
from passback.testing.report.facts import Finding, Standing, finding, standings
from passback.testing.report.table import summary

__all__ = ["Finding", "Standing", "finding", "standings", "summary", "write"]
