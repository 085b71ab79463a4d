"""Every kind of response there is, in one place.

Other packages add kinds by an entry point of the group ``holter.responses`` whose object is a
:class:`~holter.respond.answer.Channel` or an :class:`~holter.respond.answer.Answer`; its name is the kind.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from holter.errors import BadRule, NotFound
from holter.respond import consent, holding
from holter.respond.alertmanager import ALERTMANAGER
from holter.respond.answer import Answer, Channel
from holter.respond.beside import CANARY, SHADOW
from holter.respond.command import COMMAND
from holter.respond.mail import EMAIL
from holter.respond.pagerduty import PAGERDUTY
from holter.respond.pause import PAUSE
from holter.respond.promote import PROMOTE
from holter.respond.retrain import RETRAIN
from holter.respond.rollback import ROLLBACK
from holter.respond.webhook import WEBHOOK
from holter.rules import Response

GROUP: Final = "holter.responses"
"""Entry points of this group add kinds of responses: a name, and a :class:`~holter.respond.answer.Channel` or
:class:`~holter.respond.answer.Answer` of that name."""

KINDS: Final[Mapping[str, Channel | Answer]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            EMAIL,
            WEBHOOK,
            ALERTMANAGER,
            PAGERDUTY,
            COMMAND,
            RETRAIN,
            CANARY,
            SHADOW,
            PROMOTE,
            ROLLBACK,
            PAUSE,
        )
    }
)
"""The kinds that come with Holter, by name."""


def named(name: str) -> Channel | Answer:
    """Return the kind of that name, built in or from an entry point.

    Raises
    ------
    NotFound
        If nobody provides it.
    """
    if name in KINDS:
        return KINDS[name]
    plugins = entry_points(group=GROUP)
    for plugin in plugins.select(name=name):
        kind = plugin.load()
        if isinstance(kind, Channel | Answer):
            return kind
    raise NotFound("response", name, [*KINDS, *plugins.names])


def check(rule: str, response: Response) -> None:
    """Refuse a response that could never work, before anything depends on it.

    Raises
    ------
    NotFound
        If nobody provides its kind.
    BadRule
        If it lacks an option that the kind needs, or has one that the kind does not know.
    """
    kind = named(response.kind)
    missing = sorted(kind.required - {name for name, value in response.options.items() if value.strip()})
    if missing:
        raise BadRule(rule, f"response {response.kind!r} needs the option {missing[0]!r}")
    options = kind.options | (holding.OPTIONS if isinstance(kind, Channel) else consent.OPTIONS)
    unknown = sorted(set(response.options) - options)
    if unknown:
        known = ", ".join(sorted(options))
        raise BadRule(rule, f"response {response.kind!r} has no option {unknown[0]!r}; it knows {known}")
    if isinstance(kind, Channel):
        holding.check_options(rule, response.options)
        for why in filter(None, map(kind.refuses, kind.targets(response.options))):
            raise BadRule(rule, why)
    else:
        consent.check_options(rule, response.options)
