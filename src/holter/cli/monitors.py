"""``holter monitors``: what is watched, and what was measured."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from holter.cli.options import RULE_BROKEN, Existing, Group, answer, json_option, when, workspace, workspace_option

if TYPE_CHECKING:
    from holter.workspace import Monitor
    from holter.workspace.results import Measurements


_NO_MAIL: Final = (
    "Warning: a rule sends mail and no mail server is set. "
    'Write smtp_url = "smtp://host:port" into holter.toml, or set HOLTER_SMTP_URL; until then mails wait.'
)
_BOTH: Final = "The verdict compares with the baseline; a rule with what you have set."
_UNLEARNED: Final = "Nothing was learned yet: that happens with the first window that has a baseline to compare with."
_FILE: Final = Existing(dir_okay=False)


@click.group(cls=Group)
def monitors() -> None:
    """Watch deployments and tables."""


@monitors.command()
@click.argument("source")
@click.option("--deployment", "-d", help="Watch this deployment.")
@click.option("--table", "-t", help="Watch this table: Parquet folder or glob, CSV, Delta folder.")
@click.option("--time", help="Column of the table with the event time.")
@click.option("--prediction", help="Column with the model's answer.")
@click.option("--score", help="Column with the probability of the positive class.")
@click.option("--label", help="Column with the truth.")
@click.option("--task", type=click.Choice(["binary", "multiclass", "regression"]), help="Default: told from the label.")
@click.option("--baseline", "-b", help="Table that says what normal looks like.")
@click.option("--every", help="How often a window closes (default 1d).")
@click.option("--over", help="How far a window reaches back (default: as long as --every).")
@click.option("--lateness", help="How long after its end a window is evaluated.")
@click.option("--label-delay", help="How much longer, for signals that need labels.")
@click.option("--event-clock", is_flag=True, default=None, help="Time is the newest event seen (a replay).")
@click.option("--signal", "signals", multiple=True, help="A signal of the catalogue; may be repeated.")
@click.option(
    "--segment", "segments", multiple=True, metavar="COLUMN", help="Also measure each country, age:5, country*age:4."
)
@click.option("--budget", metavar="'1 per quarter'", help="False pages that are accepted for the model (the default).")
@click.option("--rule", "rules", multiple=True, metavar="'METRIC < NUMBER'", help="May be repeated.")
@click.option("--email", "emails", multiple=True, metavar="ADDRESS", help="Who is told when a --rule breaks.")
@click.option("--overwrite", is_flag=True, help="Replace the monitor of that name.")
@workspace_option
@json_option
def add(source: str, overwrite: bool, as_json: bool, **options: Any) -> None:
    r"""Add a monitor: SOURCE is its name, or a TOML file that describes it.

    \b
    holter monitors add churn-daily -d churn-api --rule 'performance.roc_auc < 0.7'
    holter monitors add churn-daily.toml
    """
    from holter.cli.monitor_file import from_file, from_options

    given = from_file(Path(source)) if source.endswith(".toml") else from_options(source, options)
    ws = workspace()
    monitor = ws.monitor(**given, overwrite=overwrite)
    _show(monitor, as_json=as_json)
    if not ws.shelves.settings.smtp_url and _mails(monitor):
        click.echo(_NO_MAIL, err=True)


def _mails(monitor: "Monitor") -> bool:
    return any(response.kind == "email" for rule in monitor.entry.rules for response in rule.responses)


def _show(monitor: "Monitor", *, as_json: bool) -> None:
    from holter.workspace.results import Monitors

    found = Monitors((monitor.entry,))
    answer(found, found.to_dict()[0], as_json=as_json)


@monitors.command("list")
@workspace_option
@json_option
def list_monitors(as_json: bool) -> None:
    """List every monitor."""
    found = workspace().monitors()
    answer(found, found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@workspace_option
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one monitor, whether it is calibrated, and what was measured last: verdict, threshold, and by what."""
    monitor = workspace().monitor(name)
    if as_json:
        _show(monitor, as_json=True)
        return
    from holter.workspace.results import Monitors

    found = monitor.newest()
    normal = monitor.explain()
    told = _UNLEARNED if normal is None else normal.headline
    answer("\n\n".join([str(Monitors((monitor.entry,))), told, *([str(found)] if found else [])]), {}, as_json=False)


@monitors.command()
@click.argument("name")
@click.option("--now", callback=lambda _, __, text: when(text), help="Pretend that it is this time (ISO 8601).")
@workspace_option
@json_option
@click.pass_context
def run(ctx: click.Context, name: str, now: datetime | None, as_json: bool) -> None:
    """Judge the newest closed window; exit with code 3 if what is shown breaks a rule.

    An alert that an older window left open does not count: holter alerts list --open --fail asks for those.
    """
    monitor = workspace().monitor(name)
    found = monitor.run(now=now)
    _tell(monitor, found, monitor.emptiness(found, now or datetime.now(UTC)), as_json=as_json)
    if found.broken:
        ctx.exit(RULE_BROKEN)


def _tell(monitor: "Monitor", found: "Measurements", note: str = "", *, as_json: bool) -> None:
    alerts = monitor.alerts(open_only=True)
    parts = [str(found), note, f"Broken: {', '.join(found.broken)}. {_BOTH}" if found.broken else ""]
    parts += [f"Open alerts:\n{alerts}"] if alerts else []
    plain = {"measurements": found.to_dict(), "broken": list(found.broken), "alerts": alerts.to_dict()}
    answer("\n\n".join(filter(None, parts)), plain | ({"note": note} if note else {}), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.option("--metric", help="Only this one, as signal.metric.")
@click.option("--feature", help="Only this one.")
@click.option("--segment", help="Of this segment (country=DE), of each of a column (country=*), or of each (*).")
@workspace_option
@json_option
def history(name: str, metric: str | None, feature: str | None, segment: str | None, as_json: bool) -> None:
    """Show what was measured so far, oldest window first."""
    found = workspace().monitor(name).history(metric, feature=feature, segment=segment)
    answer(found, found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.argument("start", callback=lambda _, __, text: when(text))
@click.argument("end", callback=lambda _, __, text: when(text))
@click.option("--answer", "answer_alerts", is_flag=True, help="Also tell and do what the rules say; default: nobody.")
@workspace_option
@json_option
def backfill(name: str, start: datetime, end: datetime, answer_alerts: bool, as_json: bool) -> None:
    """Judge the windows of the past from START up to END (ISO 8601)."""
    monitor = workspace().monitor(name)
    _tell(monitor, monitor.backfill(start, end, answer=answer_alerts), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.option("--at", callback=lambda _, __, text: when(text), help="The newest window that ends by then (ISO 8601).")
@click.option("--alert", help="The window of this alert.")
@workspace_option
@json_option
def why(name: str, at: datetime | None, alert: str | None, as_json: bool) -> None:
    """Say why a window is as it is: who came, where the model got worse, and which rows to look at."""
    found = workspace().monitor(name).why(at=at, alert=alert)
    answer(found, found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.option("--rules", "rules_file", type=_FILE, help="TOML with [[rules]].")
@click.option("--rule", "rules", multiple=True, metavar="'METRIC < NUMBER'", help="May be repeated.")
@workspace_option
@json_option
def replay(name: str, rules_file: Path | None, rules: tuple[str, ...], as_json: bool) -> None:
    """Tell which alerts these rules would have raised, and how often by chance; nobody is told.

    Default: the monitor's own rules.
    """
    from holter.cli.monitor_file import read_rules, rule_from_text

    chosen = [rule_from_text(text, ()) for text in rules] + (read_rules(rules_file) if rules_file else [])
    monitor = workspace().monitor(name)
    found, chances = monitor.replay(chosen or None), monitor.by_chance(chosen or None)
    plain = {"alerts": found.to_dict(), "by_chance": [each.to_dict() for each in chances]}
    answer("\n".join([str(found), *map(str, chances)]), plain, as_json=as_json)


@monitors.command()
@click.argument("name")
@workspace_option
@json_option
def explain(name: str, as_json: bool) -> None:
    """Say what is normal: windows learned from, rhythms, what is missing, the smallest change that would be seen."""
    found = workspace().monitor(name).explain()
    answer(found or _UNLEARNED, None if found is None else found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@workspace_option
@json_option
def selftest(name: str, as_json: bool) -> None:
    """Put changes into held-out windows of the baseline, and tell the smallest that is found."""
    found = workspace().monitor(name).selftest()
    answer(found, found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.option("--reason", required=True, help="Why; it stands in the ledger.")
@click.option("--since", callback=lambda _, __, text: when(text), help="When the change began (default: the alarm).")
@workspace_option
@json_option
def accept(name: str, reason: str, since: datetime | None, as_json: bool) -> None:
    """Take what is for the new normal: the alarm is over, and the windows since it began say what is usual."""
    found = workspace().monitor(name).accept(reason, since=since)
    answer(found, found.to_dict(), as_json=as_json)


@monitors.command()
@click.argument("name")
@workspace_option
@json_option
def pause(name: str, as_json: bool) -> None:
    """Stop evaluating."""
    _show(workspace().monitor(name).pause(), as_json=as_json)


@monitors.command()
@click.argument("name")
@click.confirmation_option(prompt="It will no longer be watched. Go on?")
@workspace_option
@json_option
def delete(name: str, as_json: bool) -> None:
    """Stop watching for good; what it measured stays."""
    workspace().monitor(name).delete()
    answer(f"{name}: deleted.", {"deleted": name}, as_json=as_json)


@monitors.command()
@click.argument("name")
@workspace_option
@json_option
def resume(name: str, as_json: bool) -> None:
    """Evaluate again; what fell due meanwhile is caught up with."""
    _show(workspace().monitor(name).resume(), as_json=as_json)
