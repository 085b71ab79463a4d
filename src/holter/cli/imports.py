"""``holter import``: what other systems have kept."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from holter.cli.options import Existing, Group, answer, json_option, pairs, workspace, workspace_option


@click.group("import", cls=Group)
def imports() -> None:
    """Take in what other systems have kept."""


@imports.command("azure-monitor")
@click.argument("file", type=Existing(dir_okay=False))
@click.option("--deployment", help="What is watched; default: the deployment of the endpoint's name.")
@click.option("--label-delay", help="How long after their window labels arrive (1d), for performance.")
@click.option("--overwrite", is_flag=True, help="Replace monitors of the same names.")
@click.option("--dry-run", is_flag=True, help="Make nothing, and say what would be made.")
@workspace_option
@json_option
def azure_monitor(
    file: Path, deployment: str | None, label_delay: str | None, overwrite: bool, dry_run: bool, as_json: bool
) -> None:
    """Make a monitor of the v2 monitor (YAML) in FILE, and list what could not be carried over."""
    from holter.compat.azure_monitor import import_azure_monitor

    made = import_azure_monitor(
        workspace(), file, deployment, label_delay=label_delay, overwrite=overwrite, dry=dry_run
    )
    answer(made, made.to_dict(), as_json=as_json)


@imports.command("azure-data")
@click.argument("folder", type=Existing(file_okay=False))
@click.option("--deployment", required=True, help="The deployment whose records they become.")
@click.option("--source", help="Endpoint and deployment, or service and model, where FOLDER holds several.")
@click.option(
    "--collection", "collections", multiple=True, metavar="NAME=PART", help="inputs, outputs, both or labels."
)
@click.option("--prediction", help="Column of the outputs with the answer.")
@click.option("--score", help="Column of the outputs with the probability of the positive class.")
@click.option("--label", help="Column of the labels with the truth.")
@click.option("--version", type=int, help="The model version that answered; default: the one deployed.")
@workspace_option
@json_option
def azure_data(folder: Path, deployment: str, collections: tuple[str, ...], as_json: bool, **columns: Any) -> None:
    """Make records and labels of what Azure's collectors stored in FOLDER.

    Reads the JSON lines of version 2 and the CSV files of version 1. A correlation id may cover several rows: they
    become the records ID_0, ID_1 and so on. Doing it again adds nothing. What is left out is listed, with the reason.
    """
    from holter.compat.azure_data import import_azure_data

    shelves, now = workspace().shelves, datetime.now(UTC)
    meant = pairs(collections)
    done = import_azure_data(shelves, folder, deployment, received_at=now, collections=meant, **columns)
    answer(done, done.to_dict(), as_json=as_json)
