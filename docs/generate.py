"""Write docs/reference from the code itself: commands, settings, signals, responses, errors, REST, extension points.

``make docs`` runs it. The same code makes the same pages: nothing in them depends on time or machine.
"""

import ast
import inspect
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
from fastapi import FastAPI

import holter
from holter import errors
from holter.cli.root import holter as root
from holter.registry import DeploymentSettings, Settings, Shelves
from holter.respond.answer import Channel
from holter.respond.kinds import KINDS
from holter.serving import connection
from holter.serving.keys import SHORTEST
from holter.serving.reply import LONGEST_ID
from holter.serving.worker import KEEP_ALIVE_SECONDS
from holter.signals import CATALOGUE, named
from holter.web.api import api_routes

REFERENCE: Final = Path(__file__).parent / "reference"
SCORING: Final = (Path(__file__).parent / "scoring.txt").read_text()
_WIDTH: Final = 100
_REST: Final = """\
Below the address of the dashboard. Replies are the JSON of `holter ... --json`; an error is `{"error": sentence}`.
Changes (POST) need the header `Authorization: Bearer TOKEN`; the token is the setting `token`, else in `run/token` of
the workspace. Where others can reach the dashboard, reading needs it too. Commands can never be set over HTTP.

The same as OpenAPI: `/api/openapi.json`. `/metrics` is for Prometheus; `/healthz` says that the
dashboard is up; `/readyz/NAME` whether a deployment answers (200, else 503), `/readyz` whether all do that should.
These are answered by a process that runs no model: no model can block them."""
_EXIT_CODES: Final = """\
| exit code | when |
|---|---|
| 0 | all is fine |
| 1 | it failed, and standard error says why in one sentence; also when a file is not there or cannot be read |
| 2 | it was used wrongly: an unknown verb or option, a missing argument, a value that is none. Nothing was looked at |
| 3 | all went well, and a rule is broken: `check`, `compare --fail-on` and `monitors run` by what they show, \
`alerts list --fail` by alerts that are open |"""
_MADE: Final = "<!-- Made by `make docs` from the code. Change the code, then run it again. -->"


def plain(text: str) -> str:
    """Return text of docstrings as Markdown, line by line: without roles and doubled quotes."""
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


def text_of(thing: object) -> str:
    """Return a docstring as Markdown: without section underlines, roles and doctest prompts' surroundings."""
    text = plain(inspect.getdoc(thing) or "")
    text = re.sub(r"^Examples\n-+\n((?:.+\n?)+)", r"Example:\n\n```python\n\1\n```\n", text, flags=re.MULTILINE)
    return re.sub(r"^(\w[\w ]*)\n-+$", r"**\1**", text, flags=re.MULTILINE)


def what(thing: object) -> str:
    """Return a docstring without its list of errors: what happens, in words."""
    return text_of(thing).split("\n**Raises**")[0].strip()


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
    parts = [_MADE, "# Commands", _EXIT_CODES]
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
    parts += ["How to: [mail and webhooks](../how-to/tell.md), [retraining](../how-to/retrain.md)."]
    for name, kind in KINDS.items():
        needed = dict.fromkeys(kind.required, " (needed)")
        options = ", ".join(f"`{option}`{needed.get(option, '')}" for option in sorted(kind.options)) or "none"
        does = kind.send if isinstance(kind, Channel) else kind.act
        parts.append(f"## {name}\n\n{text_of(sys.modules[does.__module__])}\n\n{what(does)}\n\nOptions: {options}.")
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """Return the page of errors: what each means."""
    lines = [_MADE, "", "# Errors", "", "| error | is a | meaning |", "|---|---|---|"]
    for name, error in vars(errors).items():
        if inspect.isclass(error) and issubclass(error, errors.HolterError):
            first = text_of(error).split("\n", 1)[0]
            lines.append(f"| `{name}` | `{error.__bases__[0].__name__}` | {first} |")
    return "\n".join(lines) + "\n"


def rest_page() -> str:
    """Return the page of REST: each route with its parameters, as its OpenAPI description says."""
    parts = [_MADE, "# REST", _REST]
    for path, methods in routes()["paths"].items():
        for method, route in methods.items():
            named_so = [_parameter(each) for each in route.get("parameters", ())]
            lines = [f"## {method.upper()} {path}", route["description"], "\n".join(named_so)]
            parts.append("\n\n".join(line for line in lines if line))
    return "\n\n".join(parts) + "\n"


def routes() -> dict[str, Any]:
    """Return the OpenAPI description of the routes for programs."""
    with tempfile.TemporaryDirectory() as folder:
        shelves = Shelves.open(Path(folder) / "workspace", create=True)
        server = FastAPI(title="Holter")
        server.include_router(api_routes(shelves))
        shelves.facts.close()
        return server.openapi()


def _parameter(found: dict[str, Any]) -> str:
    kinds = [found["schema"], *found["schema"].get("anyOf", ())]
    kind = next(each.get("format", each["type"]) for each in kinds if each.get("type", "null") != "null")
    default = found["schema"].get("default")
    said = f", default `{default}`" if default is not None else ""
    return f"- `{found['name']}` (in the {found['in']}, {kind}{said}{', needed' if found.get('required') else ''})"


def groups() -> Iterator[tuple[str, str]]:
    """Yield every group of entry points that the code reads, with what its module says about it."""
    for path in sorted(Path(holter.__file__).parent.rglob("*.py")):
        text = path.read_text()
        if "entry_points(" not in text:
            continue
        body = ast.parse(text).body
        for assigned, said in pairwise(body):
            if isinstance(assigned, ast.AnnAssign) and ast.unparse(assigned.target) == "GROUP":
                assert isinstance(assigned.value, ast.Constant)  # noqa: S101  (else there is nothing to document)
                assert isinstance(said, ast.Expr)  # noqa: S101
                yield assigned.value.value, str(ast.literal_eval(said.value))


def extensions_page() -> str:
    """Return the page of extension points: what an installed package can add, and under which name."""
    parts = [_MADE, "# Extension points"]
    parts += [
        "Entry points of an installed package, read when a name is asked for. Nothing is registered by importing.",
        '```toml\n[project.entry-points."holter.signals"]\nmy_signal = "my_package:MySignal"\n```',
    ]
    for group, about in groups():
        parts.append(f"## {group}\n\n{plain(about)}")
    return "\n\n".join(parts) + "\n"


def scoring_page() -> str:
    """Return the page of the scoring server: paths, replies, limits."""
    rows = {
        "request line and headers": f"{connection.HEAD_BYTES >> 10} KiB, {connection.HEADERS} headers; else 431",
        "time for them": f"{connection.HEAD_SECONDS} s from connecting, or from their first byte; else 408",
        "time for a body": f"{connection.BODY_SECONDS} s, one more for {connection.BODY_BYTES_A_SECOND} bytes; "
        "else 408",
        "a reply that is not read": f"{connection.UNREAD_SECONDS} s; then the connection is cut",
        "a connection that is not used": f"{KEEP_ALIVE_SECONDS} s",
        "body": f"`max_request_mb`, {DeploymentSettings().max_request_mb} MiB unless set; else 413",
        "`x-request-id`": f"{LONGEST_ID} characters; else 431",
        "`run()`": f"`timeout_ms`, {DeploymentSettings().timeout_ms:,} ms unless set; else 500",
        "keys": f"at least {SHORTEST} characters",
    }
    limits = "\n".join(f"| {what} | {limit} |" for what, limit in rows.items())
    return f"{_MADE}\n\n{SCORING}\n## Limits\n\n| of | limit |\n|---|---|\n{limits}\n"


PAGES: Final = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "signals.md": signals_page,
    "responses.md": responses_page,
    "errors.md": errors_page,
    "rest.md": rest_page,
    "scoring.md": scoring_page,
    "extensions.md": extensions_page,
}


def main(folder: Path) -> None:
    """Write every page."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / name).write_text(page())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
