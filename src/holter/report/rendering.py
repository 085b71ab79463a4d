"""Values -> HTML: the templates and what they may call."""

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
from markupsafe import Markup

from holter.report import wording
from holter.report.redacting import public_address
from holter.rules import number, title
from holter.rules.grounds import judged_by

_MARKS: Final = re.compile(r"([\\`*_{}\[\]()#+!|~])")
"""What means something in Markdown (CommonMark, 2.4)."""
_TONES: Final = {
    "Healthy": "good",
    "Failed": "bad",
    "Unhealthy": "bad",
    "ok": "good",
    "alarm": "bad",
    "error": "bad",
    "done": "good",
    "refused": "warn",
    "failed": "bad",
}
"""Colours of states and verdicts; the others are grey."""


def _tone(state: object) -> str:
    return _TONES.get(str(state), "unknown")


def _rest(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job found beside its reason, which is said before."""
    return {name: value for name, value in result.items() if name != "reason"}


def _markdown(text: object) -> Markup:
    """Return text that Markdown shows as it is: a name from data becomes neither markup nor another cell."""
    plain = _MARKS.sub(r"\\\1", " ".join(str(text).split()))
    return Markup(plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))  # noqa: S704  (escaped here)


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("holter.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"title_of": title, "number": number, "judged_by": judged_by}
    environment.globals |= {"style_version": style_version()}
    environment.filters |= {
        "public_address": public_address,
        "markdown": _markdown,
        "tone": _tone,
        "rest": _rest,
        "day": wording.day,
        "minute": wording.minute,
        "window": wording.window,
        "facts": wording.facts,
        "figures": wording.figures,
    }
    return environment


def rendered(template: str, **values: Any) -> str:
    """Return a page. Every value is escaped unless it is Markup of our own making; an unknown name is an error."""
    return _environment().get_template(template).render(values)


def standing_alone(template: str, **values: Any) -> str:
    """Return a page for a file of its own: its style inside, and a policy that allows this style and nothing else."""
    sheet = style()
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    return rendered(template, **values, style=Markup(sheet), style_hash=digest)  # noqa: S704  (our own file)


@cache
def style() -> str:
    """Return the one style sheet."""
    return (files("holter.report") / "templates" / "holter.css").read_text(encoding="utf-8")


@cache
def style_version() -> str:
    """Return text that changes with the style sheet, so that it may be cached for ever."""
    return hashlib.sha256(style().encode()).hexdigest()[:12]
