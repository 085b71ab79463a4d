"""``holter alerts``: rules that were broken."""

import click

from holter.cli.options import RULE_BROKEN, Group, answer, json_option, workspace, workspace_option


@click.group(cls=Group)
def alerts() -> None:
    """See rules that were broken."""


@alerts.command("list")
@click.option("--monitor", help="Only of this one.")
@click.option("--open", "open_only", is_flag=True, help="Only those that still want attention.")
@click.option("--fail", is_flag=True, help="Exit with code 3 if one of them fires.")
@workspace_option
@json_option
@click.pass_context
def list_alerts(ctx: click.Context, monitor: str | None, open_only: bool, fail: bool, as_json: bool) -> None:
    """List alerts, newest first."""
    found = workspace().alerts(monitor, open_only=open_only)
    answer(found, found.to_dict(), as_json=as_json)
    if fail and any(alert.state in ("firing", "acknowledged") for alert in found):
        ctx.exit(RULE_BROKEN)


@alerts.command()
@click.argument("alert")
@workspace_option
@json_option
def show(alert: str, as_json: bool) -> None:
    """Show one alert and what happened to it."""
    from holter.workspace.results import Alerts

    ws = workspace()
    found = ws.alert(alert)
    events = [
        {"at": each.at.isoformat(), "state": str(each.after), "actor": each.actor, "why": each.why}
        for each in ws.shelves.facts.events(alert)
    ]
    text = [found.sentence, f"{found.state}, {found.level}, rule {found.rule} of {found.monitor}"]
    text += ["  ".join(event.values()) for event in events]
    answer("\n".join(text), Alerts((found,)).to_dict()[0] | {"events": events}, as_json=as_json)


@alerts.command()
@click.argument("alert")
@click.option("--reason", default="", help="For the ledger.")
@workspace_option
@json_option
def acknowledge(alert: str, reason: str, as_json: bool) -> None:
    """Say that somebody looks after it."""
    from holter.workspace.results import Alerts

    found = workspace().acknowledge(alert, reason=reason)
    answer(f"{alert}: {found.state}.", Alerts((found,)).to_dict()[0], as_json=as_json)
