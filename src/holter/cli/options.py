"""What every command shares: the workspace it works on, how it answers, how it fails."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from holter.workspace import Workspace

RULE_BROKEN: Final = 3
"""Exit code when everything worked and a rule is broken, so that a pipeline can gate on it."""
DEFAULT_WORKSPACE: Final = "holter"

Command = TypeVar("Command", bound=Callable[..., Any])


class Existing(click.Path):
    """A path that must be there. Where it is not, the verb has failed (1), as it has for a file it cannot read.

    Exit code 2 is for a command line that cannot be understood, whatever the disk holds.
    """

    def __init__(self, *, file_okay: bool = True, dir_okay: bool = True) -> None:
        super().__init__(exists=True, file_okay=file_okay, dir_okay=dir_okay, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path.

        Raises
        ------
        click.ClickException
            If it is not there, or not what it should be.
        """
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            raise click.ClickException(error.message) from error


class Group(click.Group):
    """A noun whose verbs list in the order they are written."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Return the verbs as written, not sorted."""
        return list(self.commands)


def _remember(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.find_root().obj = value


def workspace_option(command: Command) -> Command:
    """Accept ``-w DIR`` behind any verb, as well as before it."""
    option = click.option(
        "--workspace",
        "-w",
        metavar="DIR",
        expose_value=False,
        callback=_remember,
        help=f"The workspace folder (default: ./{DEFAULT_WORKSPACE}, or HOLTER_WORKSPACE).",
    )
    return option(command)


def json_option(command: Command) -> Command:
    """Accept ``--json``: the answer as JSON on standard output."""
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")(command)


def root() -> Path:
    """Return the folder of the workspace this call is about."""
    return Path(click.get_current_context().find_root().obj or DEFAULT_WORKSPACE)


def workspace() -> "Workspace":
    """Open the workspace this call is about; it must exist.

    Raises
    ------
    click.ClickException
        If there is none in that folder.
    """
    from holter.workspace import open as open_workspace

    if not root().is_dir():
        raise click.ClickException(f"there is no workspace {root()}. Create it with: holter init {root()}")
    return open_workspace(root(), create=False)


def answer(text: object, plain: object, *, as_json: bool) -> None:
    """Print a result for a person, or as JSON (never NaN) for a program."""
    if as_json:
        click.echo(json.dumps(plain, allow_nan=False, default=str))
        return
    # a terminal that knows no letters but its own gets question marks, not a traceback
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    click.echo(str(text).encode(encoding, "replace").decode(encoding))


def when(text: str | None) -> datetime | None:
    """Read a time such as ``2013-04-01`` or ``2013-04-01T07:00+02:00``; without a zone it is UTC.

    Raises
    ------
    click.BadParameter
        If it is no ISO 8601 time.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a time such as 2013-04-01 or 2013-04-01T07:00+00:00") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def pairs(texts: tuple[str, ...]) -> dict[str, str]:
    """Read ``KEY=VALUE`` texts.

    Raises
    ------
    click.BadParameter
        For one without ``=``.
    """
    for text in texts:
        if "=" not in text:
            raise click.BadParameter(f"{text!r} is not of the form KEY=VALUE")
    return dict(text.split("=", 1) for text in texts)
