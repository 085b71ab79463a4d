"""Answers to alerts: mails and webhooks through the outbox, commands and changes of a deployment as jobs."""

from holter.respond.answer import Answer, Bench, Channel, Outcome
from holter.respond.deliverer import Deliverer, Delivery, holder_name, running_clock
from holter.respond.kinds import KINDS, check, named
from holter.respond.line import Clock
from holter.respond.responder import Responder

__all__ = [
    "KINDS",
    "Answer",
    "Bench",
    "Channel",
    "Clock",
    "Deliverer",
    "Delivery",
    "Outcome",
    "Responder",
    "check",
    "holder_name",
    "named",
    "running_clock",
]
