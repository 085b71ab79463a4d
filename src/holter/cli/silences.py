"""``holter silences``: tell nobody for a while."""

import click

from holter.cli.options import Group, answer, json_option, when, workspace, workspace_option


@click.group(cls=Group)
def silences() -> None:
    """Tell nobody of some alerts for a while: a silence, or a planned maintenance."""


@silences.command()
@click.argument("lasting")
@click.option("--reason", required=True, help="Why; the ledger keeps it.")
@click.option("--monitor", default="*", help="Only alerts of this monitor, or pattern (churn-*).")
@click.option("--rule", default="*", help="Only alerts of this rule, or pattern.")
@click.option("--feature", default="*", help="Only alerts about this feature, or pattern.")
@click.option("--starts", help="When it begins; default: now.")
@workspace_option
@json_option
def add(*, lasting: str, reason: str, monitor: str, rule: str, feature: str, starts: str | None, as_json: bool) -> None:
    """Silence alerts for LASTING (30m, 2h, 1d). They live on, and answers are still asked for."""
    from holter.workspace.silencing import SilenceList

    made = workspace().silences.add(lasting, reason, monitor=monitor, rule=rule, feature=feature, starts=when(starts))
    answer(
        f"Silenced until {made.ends:%Y-%m-%d %H:%M} UTC: {made.id}.", SilenceList((made,)).to_dict()[0], as_json=as_json
    )


@silences.command("list")
@click.option("--past", is_flag=True, help="Those that are over, too.")
@workspace_option
@json_option
def list_silences(past: bool, as_json: bool) -> None:
    """List silences, the earliest first."""
    found = workspace().silences.list(past=past)
    answer(found, found.to_dict(), as_json=as_json)


@silences.command()
@click.argument("silence")
@click.option("--reason", default="", help="For the ledger.")
@workspace_option
@json_option
def end(silence: str, reason: str, as_json: bool) -> None:
    """End a silence now; what it held back is then told."""
    from holter.workspace.silencing import SilenceList

    ended = workspace().silences.end(silence, reason=reason)
    answer(f"{silence}: over.", SilenceList((ended,)).to_dict()[0], as_json=as_json)
