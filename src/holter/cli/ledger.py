"""``holter ledger``: what was decided, and whether the record of it is whole."""

import click

from holter.cli.options import Group, answer, json_option, workspace, workspace_option


@click.group(cls=Group)
def ledger() -> None:
    """See what was decided, and by whom."""


@ledger.command("list")
@click.option("--subject", help="Only about this.")
@click.option("--since", type=int, default=0, help="Only after this number.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@workspace_option
@json_option
def list_entries(subject: str | None, since: int, limit: int | None, as_json: bool) -> None:
    """List entries, oldest first."""
    found = workspace().ledger(subject=subject, since=since, limit=limit)
    answer(found, found.to_dict(), as_json=as_json)


@ledger.command()
@workspace_option
@json_option
def verify(as_json: bool) -> None:
    """Check that nobody changed, removed or reordered entries."""
    length = workspace().verify()
    answer(f"The ledger is whole: {length:,} entries.", {"entries": length, "whole": True}, as_json=as_json)
