"""The process tree of a workspace: ``init``, ``up``, ``status``, ``down``, and the companions it starts."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holter.cli.options import answer, json_option, root, workspace_option

if TYPE_CHECKING:
    from holter.workspace.listing import Listing


@click.command()
@click.argument("directory", required=False, type=click.Path(file_okay=False, path_type=Path))
@workspace_option
@json_option
def init(directory: Path | None, as_json: bool) -> None:
    """Create a workspace folder."""
    from holter.workspace import open as open_workspace

    ws = open_workspace(directory or root(), create=True)
    answer(f"The workspace {ws.root} is ready.", {"workspace": str(ws.root)}, as_json=as_json)


@click.command()
@click.option("--detach", is_flag=True, help="Run in the background; words go to log/up.log.")
@click.option("--at-once", is_flag=True, hidden=True, help="Do not wait for the dashboard.")
@workspace_option
@json_option
def up(detach: bool, at_once: bool, as_json: bool) -> None:
    """Serve, beat and show the dashboard.

    Where another tree serves the workspace already, this one only beats.
    """
    from holter.workspace import open as open_workspace
    from holter.workspace import tree

    folder = open_workspace(root(), create=True).root
    if detach:
        found = tree.start(folder)
        found = found if at_once else tree.await_dashboard(folder)
        answer(found, found.to_dict(), as_json=as_json)
        return
    from holter.workspace.foreground import up as run_up

    run_up(folder, click.echo)


@click.command()
@workspace_option
@json_option
def status(as_json: bool) -> None:
    """Say what runs and how it is, which alerts are open, what is being done about them, what did not arrive."""
    from holter.cli.options import workspace
    from holter.workspace import tree
    from holter.workspace.troubles import troubles

    ws = workspace()
    found = tree.status(ws.root)
    parts: dict[str, Listing[Any]] = {
        "deployments": ws.deployments(),
        "services": ws.services(),
        "alerts": ws.alerts(open_only=True),
        "answers": ws.answers(under_way=True),
        "not delivered or failed": troubles(ws.shelves),
        "journals that need a look": ws.kept().warnings,
    }
    text = "\n\n".join([str(found), *(f"{name}:\n{part}" for name, part in parts.items() if part)])
    answer(text, found.to_dict() | {name: part.to_dict() for name, part in parts.items()}, as_json=as_json)


@click.command()
@workspace_option
@json_option
def down(as_json: bool) -> None:
    """Stop the process tree."""
    from holter.cli.options import workspace
    from holter.workspace import tree

    folder = workspace().root
    pid = tree.stop(folder)
    answer(f"{folder}: stopped (it was process {pid}).", {"workspace": str(folder), "stopped": pid}, as_json=as_json)


@click.command()
@click.option("--companion", is_flag=True, help="Started by the tree: also compacts journals, and ends with it.")
@workspace_option
def beat(companion: bool) -> None:
    """Judge, tell and answer, until stopped."""
    from holter.cli.options import workspace
    from holter.workspace.foreground import beat as run_beat

    run_beat(workspace().root, companion=companion)


@click.command()
@click.option("--companion", is_flag=True, help="Started by the tree: ends with it.")
@workspace_option
def web(companion: bool) -> None:
    """Show the dashboard, until stopped."""
    from holter.cli.dashboard import serve
    from holter.cli.options import workspace

    serve(workspace().root, companion=companion)
