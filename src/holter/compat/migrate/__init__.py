"""``holter migrate``: what of a folder of Azure code goes on working here, told without running any of it."""

from holter.compat.migrate.checking import check
from holter.compat.migrate.findings import Finding, Report, Status
from holter.compat.migrate.rewriting import rewrite

__all__ = ["Finding", "Report", "Status", "check", "rewrite"]
