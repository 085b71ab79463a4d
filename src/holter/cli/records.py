"""``holter records``: what is kept, what comes in from elsewhere, and what goes."""

from typing import TYPE_CHECKING, Any

import click

from holter.cli.options import Group, answer, json_option, pairs, workspace, workspace_option

if TYPE_CHECKING:
    from holter.capture.erasing import Erasure


@click.group(cls=Group)
def records() -> None:
    """See, import, erase and remove what was recorded."""


@records.command("list")
@workspace_option
@json_option
def list_records(as_json: bool) -> None:
    """List what is kept of each deployment, those that were deleted too, and how the journals stand."""
    found = workspace().kept()
    answer(found, found.to_dict(), as_json=as_json)


@records.command()
@click.argument("name")
@click.option("--where", required=True, metavar="COLUMN=VALUE", help="Whose records: a column, and its value.")
@click.confirmation_option(prompt="What is erased cannot be brought back. Go on?")
@workspace_option
@json_option
def erase(name: str, where: str, as_json: bool) -> None:
    """Erase a person.

    Takes the records of NAME where COLUMN is VALUE, and their labels, out of journals, tables, baselines and training
    data, and off the disk. A column that is hashed is found by the value as it was.
    """
    ((column, value),) = pairs((where,)).items()
    erased: Erasure = workspace().erase(name, column, value)
    facts = {
        "deployment": name,
        "column": column,
        "records": erased.records,
        "labels": erased.labels,
        "requests": erased.requests,
        "samples": erased.samples,
        "days": list(erased.days),
    }
    answer(f"{name}: {erased}", facts, as_json=as_json)


@records.command()
@click.argument("name")
@click.confirmation_option(prompt="Everything that NAME has recorded will be removed. Go on?")
@workspace_option
@json_option
def purge(name: str, as_json: bool) -> None:
    """Remove everything that the deleted deployment NAME has left: journal, records, labels, counts."""
    removed, waiting = workspace().purge(name)
    text = f"{name}: {removed} removed."
    if waiting:
        text = f"{name}: {removed} removed; {waiting} will be, once the last worker has ended."
    answer(text, {"deployment": name, "removed": removed, "waiting": waiting}, as_json=as_json)


@records.command("import")
@click.argument("name")
@click.argument("path")
@click.option("--key", help="Column with the request id; default: made from the rows.")
@click.option("--event-time", help="Column with the event time; default: now.")
@click.option("--zone", help="Zone of times that have none, such as UTC.")
@click.option("--prediction", help="Column with the answer.")
@click.option("--score", help="Column with the probability of the positive class.")
@click.option("--label", help="Column with the truth; needs --key.")
@click.option("--version", type=int, help="The model version that answered; default: the one deployed.")
@workspace_option
@json_option
def import_records(name: str, path: str, event_time: str | None, as_json: bool, **columns: Any) -> None:
    """Take in history from PATH (Parquet, CSV, a glob of them, a Delta folder) as records of NAME.

    Read in parts, so that it may be larger than memory; the same rows twice are recorded once.
    """
    rows = workspace().deployment(name).import_history(path, time=event_time, **columns)
    answer(f"{name}: {rows:,} new records.", {"deployment": name, "records": rows}, as_json=as_json)
