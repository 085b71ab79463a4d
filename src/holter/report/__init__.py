"""Measurements and ledger -> pages, pictures, mail. Reads the shelves, writes nothing, knows no HTTP.

Every page leads with a sentence, carries its numbers with units and its times in UTC, and asks no other host.
"""

from holter.report.comparison import Compared, comparison_page
from holter.report.gathered import gathered_mail
from holter.report.mail import alert_mail, message_id
from holter.report.pages import (
    alert_page,
    alerts_page,
    deployment_page,
    index_page,
    ledger_page,
    message_page,
    monitor_page,
    versions_page,
)
from holter.report.picture import png, svg
from holter.report.profile import profile_page
from holter.report.rendering import style, style_version

__all__ = [
    "Compared",
    "alert_mail",
    "alert_page",
    "alerts_page",
    "comparison_page",
    "deployment_page",
    "gathered_mail",
    "index_page",
    "ledger_page",
    "message_id",
    "message_page",
    "monitor_page",
    "png",
    "profile_page",
    "style",
    "style_version",
    "svg",
    "versions_page",
]
