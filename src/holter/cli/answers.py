"""``holter answers``: what was done about alerts, and with what outcome."""

from datetime import UTC, datetime

import click

from holter.cli.options import Group, answer, json_option, workspace, workspace_option


@click.group(cls=Group)
def answers() -> None:
    """See what was done about alerts."""


@answers.command()
@click.argument("answer_key", metavar="ANSWER")
@click.option("--reason", default="", help="For the ledger.")
@workspace_option
@json_option
def approve(answer_key: str, reason: str, as_json: bool) -> None:
    """Say yes to an answer that waits for it."""
    _decide(answer_key, reason, as_json=as_json, yes=True)


@answers.command()
@click.argument("answer_key", metavar="ANSWER")
@click.option("--reason", default="", help="For the ledger.")
@workspace_option
@json_option
def refuse(answer_key: str, reason: str, as_json: bool) -> None:
    """Say no to an answer that waits for it."""
    _decide(answer_key, reason, as_json=as_json, yes=False)


def _decide(key: str, reason: str, *, as_json: bool, yes: bool) -> None:
    from holter.respond.consent import decide
    from holter.workspace.identity import actor
    from holter.workspace.results import Answers

    now = datetime.now(UTC)
    job = decide(workspace().shelves, key, yes=yes, actor=actor(), reason=reason, now=now)
    answer(f"{key}: {job.result['reason']}.", Answers((job,)).to_dict()[0], as_json=as_json)


@answers.command("list")
@click.option("--deployment", "-d", help="Only about this one.")
@workspace_option
@json_option
def list_answers(deployment: str | None, as_json: bool) -> None:
    """List commands, retrainings, promotions and roll-backs with their outcome, oldest first."""
    found = workspace().answers(deployment)
    answer(found, found.to_dict(), as_json=as_json)
