"""Write docs/reference from the code itself: commands, settings, signals, answers, errors. ``make docs`` runs it."""

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Final

import click

from holter import errors
from holter.cli.root import holter as root
from holter.registry import Settings
from holter.respond.answer import Channel
from holter.respond.kinds import KINDS
from holter.signals import CATALOGUE, named

REFERENCE: Final = Path(__file__).parent / "reference"
_WIDTH: Final = 100
_MADE: Final = "<!-- Made by `make docs` from the code. Change the code, then run it again. -->"


def text_of(thing: object) -> str:
    """Return a docstring as Markdown: without section underlines, roles and doctest prompts' surroundings."""
    text = inspect.getdoc(thing) or ""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")
    text = re.sub(r"^Examples\n-+\n((?:.+\n?)+)", r"Example:\n\n```python\n\1\n```\n", text, flags=re.MULTILINE)
    return re.sub(r"^(\w[\w ]*)\n-+$", r"**\1**", text, flags=re.MULTILINE)


def commands(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[click.Context]:
    """Yield a context for every visible command below one."""
    context = click.Context(command, parent=parent, info_name=name, **command.context_settings)
    context.max_content_width = context.terminal_width = _WIDTH
    if not isinstance(command, click.Group):
        yield context
        return
    for child in command.list_commands(context):
        found = command.get_command(context, child)
        if found is not None and not found.hidden:
            yield from commands(found, child, context)


def cli_page() -> str:
    """Return the page of commands: what each prints for ``--help``."""
    parts = [_MADE, "# Commands", "Exit codes: 0 fine, 1 failed, 2 used wrongly, 3 a rule is broken."]
    parts += [f"## {each.command_path}\n\n```text\n{each.get_help()}\n```" for each in commands(root, "holter")]
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Return the page of settings: name, default, meaning."""
    lines = [_MADE, "", "# Settings", "", "In `holter.toml`, or as an environment variable `HOLTER_<NAME>`.", ""]
    lines += ["| setting | default | meaning |", "|---|---|---|"]
    lines += [f"| `{each.name}` | `{each.default!r}` | {each.metadata['about']} |" for each in fields(Settings)]
    return "\n".join(lines) + "\n"


def signals_page() -> str:
    """Return the page of signals: question, metrics, what each needs."""
    parts = [_MADE, "# Signals", "A rule watches `signal.metric`, for example `performance.roc_auc`."]
    for name in CATALOGUE:
        signal = named(name)
        needs = ", ".join(sorted(str(need.name).lower() for need in type(signal.needs) if need in signal.needs))
        metrics = ", ".join(f"`{metric}`" for metric in signal.metrics)
        parts.append(f"## {name}\n\n{text_of(type(signal))}\n\nNeeds: {needs}. Metrics: {metrics}.")
    return "\n\n".join(parts) + "\n"


def responses_page() -> str:
    """Return the page of responses: what a rule may do when it fires."""
    parts = [_MADE, "# Responses", 'A rule lists them as `{kind = "email", options = {to = "you@example.com"}}`.']
    for name, kind in KINDS.items():
        options = ", ".join(f"`{option}`" for option in sorted(kind.options)) or "none"
        does = sys.modules[(kind.send if isinstance(kind, Channel) else kind.act).__module__]
        parts.append(f"## {name}\n\n{text_of(does)}\n\nOptions: {options}.")
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """Return the page of errors: what each means."""
    lines = [_MADE, "", "# Errors", "", "| error | is a | meaning |", "|---|---|---|"]
    for name, error in vars(errors).items():
        if inspect.isclass(error) and issubclass(error, errors.HolterError):
            first = text_of(error).split("\n", 1)[0]
            lines.append(f"| `{name}` | `{error.__bases__[0].__name__}` | {first} |")
    return "\n".join(lines) + "\n"


PAGES: Final = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "signals.md": signals_page,
    "responses.md": responses_page,
    "errors.md": errors_page,
}


def main(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
