"""What the demo says in the end: what was found, when, what was done, and what it brought. All of it is read back."""

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from encoding import encode
from replay import Replay
from rich.console import Console
from rich.table import Table
from sklearn.metrics import log_loss, roc_auc_score
from story import DAY

import holter
from flights import FEATURES
from holter.rules import AlertState


def summarise(console: Console, ws: holter.Workspace, api: Any, replay: Replay, folder: Path) -> None:
    """Print the months, the alerts, the answers, and the places to look."""
    records = api.records()
    known = records.filter(records["_label"].is_valid())
    console.print(
        f"\n{replay.sent:,} flights scored over HTTP, {replay.failed} of them failed; {records.num_rows:,} recorded, "
        f"{known.num_rows:,} labelled (the rest were cancelled or diverted, or landed on the last day)."
    )
    console.print(months(ws, known))
    console.print(found(ws))
    console.print(f"[bold]What is normal[/]\n{ws.monitor('flights-drift').explain().headline}")
    console.print("[bold]What was done[/]")
    for job in ws.answers():
        console.print(told(job))
    console.print(f"\n[bold]What it brought[/]\n{brought(ws, known)}\n")
    mails = len(list((folder / "mail").glob("*.eml")))
    console.print(
        f"{mails} mails are in {folder / 'mail'}; "
        f"the ledger holds {ws.audit.verify():,} entries and its chain is whole."
    )
    console.print(f"Dashboard: {ws.dashboard}")


def months(ws: holter.Workspace, known: pa.Table) -> Table:
    """Return what happened to the model each month, from records and labels, below what it was on its baseline."""
    headers = "month", "labelled flights", "late", "predicted late", "ROC AUC", "versions"
    table = Table(*headers, title="What was recorded (flights whose arrival is known)")
    table.add_row("baseline", *figures(pq.read_table(ws.models.get("late-flights", 1).baseline)), "1", end_section=True)
    scheduled = known["_event_time"].to_pylist()
    month = np.asarray([moment.month for moment in scheduled])
    version = known["_version"].to_numpy()
    for number in sorted(set(month.tolist())):
        chosen = month == number
        answered_by = ", ".join(str(v) for v in sorted(set(version[chosen].tolist())))
        name = scheduled[int(np.flatnonzero(chosen)[0])].strftime("%B")
        table.add_row(name, *figures(known.filter(pa.array(chosen))), answered_by)
    return table


def figures(rows: pa.Table) -> tuple[str, str, str, str]:
    """Return how many rows are labelled, how many were late, how many were predicted, and the ROC AUC."""
    rows = rows.filter(rows["_label"].is_valid())
    late, chance = rows["_label"].to_numpy(), rows["_score"].to_numpy()
    area = roc_auc_score(late, chance) if len(set(late)) == 2 else float("nan")
    return f"{len(late):,}", f"{late.mean():.1%}", f"{chance.mean():.1%}", f"{area:.3f}"


def found(ws: holter.Workspace) -> Table:
    """Return the alerts that fired, oldest first: when, what was seen then, and until when."""
    table = Table("fired", "level", "what was seen", "until", title="What was found")
    alerts = [*ws.alerts("flights-performance"), *ws.alerts("flights-drift")]
    for alert in sorted(alerts, key=lambda alert: alert.opened.end):
        fired = [event for event in ws.shelves.facts.events(alert.id) if event.after is AlertState.FIRING]
        if fired:
            seen, _, day = fired[0].why.rstrip(".").rpartition(", on ")
            until = f"{alert.judged.end - DAY:%-d %b}" if alert.state is AlertState.RESOLVED else "still open"
            table.add_row(day.removesuffix(" 2013"), str(alert.level), seen, until)
    return table


def told(job: Any) -> str:
    """Return one answer as a sentence, and what was promoted by it on a line of its own."""
    sentence = job.result.get("sentence") or job.result.get("reason") or ""
    line = f"{job.at:%-d %b} [bold]{job.kind}[/] {job.state}: {sentence}"
    if not {"from", "to"} <= job.result.keys():
        return line
    return f"{line}\n       [bold]promoted[/]: version {job.result['to']} took over from version {job.result['from']}"


def brought(ws: holter.Workspace, known: pa.Table) -> str:
    """Compare what answered with what the first version would have said to the same flights."""
    later = known.filter(pa.compute.greater(known["_version"], 1))
    if not later.num_rows:
        return "No candidate was better than the running version; nothing was promoted."
    model, rates, average = joblib.load(ws.models.get("late-flights", 1).path)
    rows = list(zip(*(later[name].to_pylist() for name in FEATURES), strict=True))
    before = model.predict_proba(encode(rows, rates, average))[:, 1]
    late, now = later["_label"].to_numpy(), later["_score"].to_numpy()
    return (
        f"On the {later.num_rows:,} labelled flights that newer versions answered, log loss is "
        f"{log_loss(late, now):.4f} and ROC AUC {roc_auc_score(late, now):.3f}; version 1 would have reached "
        f"{log_loss(late, before):.4f} and {roc_auc_score(late, before):.3f}. "
        f"{late.mean():.1%} were late and {now.mean():.1%} were predicted; version 1: {before.mean():.1%}."
    )
