"""``holter answers``: what was done about alerts, and with what outcome."""

import click

from holter.cli.options import Group, answer, json_option, workspace, workspace_option


@click.group(cls=Group)
def answers() -> None:
    """See what was done about alerts."""


@answers.command("list")
@click.option("--deployment", "-d", help="Only about this one.")
@workspace_option
@json_option
def list_answers(deployment: str | None, as_json: bool) -> None:
    """List commands, retrainings, promotions and roll-backs with their outcome, oldest first."""
    found = workspace().answers(deployment)
    answer(found, found.to_dict(), as_json=as_json)
