"""``holter audit``: what was decided, whether the record of it is whole, and what it says of a model."""

from pathlib import Path

import click

from holter.cli.options import Existing, Group, answer, json_option, when, workspace, workspace_option


@click.group(cls=Group)
def audit() -> None:
    """See what was decided, and by whom; prove it."""


@audit.command("list")
@click.option("--subject", help="Only about this.")
@click.option("--since", type=int, default=0, help="Only after this number.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@workspace_option
@json_option
def list_entries(subject: str | None, since: int, limit: int | None, as_json: bool) -> None:
    """List the entries of the ledger, oldest first."""
    found = workspace().ledger(subject=subject, since=since, limit=limit)
    answer(found, found.to_dict(), as_json=as_json)


@audit.command()
@click.option("--anchors", type=Existing(dir_okay=False), help="File of heads that were kept elsewhere.")
@workspace_option
@json_option
def verify(anchors: Path | None, as_json: bool) -> None:
    """Check that nobody changed, removed or reordered entries of the ledger."""
    from holter.workspace.auditing import read_anchors

    kept = read_anchors(anchors) if anchors else ()
    length = workspace().audit.verify(kept)
    more = f" It holds the {len(kept):,} heads of {anchors}." if anchors else ""
    plain = {"entries": length, "whole": True, "anchors": len(kept)}
    answer(f"The ledger is whole: {length:,} entries.{more}", plain, as_json=as_json)


@audit.command()
@workspace_option
@json_option
def head(as_json: bool) -> None:
    """Print where the ledger ends now: number, digest, time. Keep it elsewhere."""
    found = workspace().audit.head()
    plain = {"seq": found.seq, "digest": found.digest, "at": found.at.isoformat()}
    answer(found, plain, as_json=as_json)


@audit.command()
@click.argument("target")
@click.option("--commit", is_flag=True, help="Commit the file in the Git work tree it lies in.")
@workspace_option
@json_option
def anchor(target: str, commit: bool, as_json: bool) -> None:
    """Check the ledger and keep its head in TARGET: a file, or a web address that takes a POST."""
    found = workspace().audit.anchor(target, commit=commit)
    plain = {"seq": found.seq, "digest": found.digest, "at": found.at.isoformat(), "target": target}
    answer(f"Kept the head of entry {found.seq:,}.", plain, as_json=as_json)


@audit.command()
@click.option("--model", required=True, help="Which model.")
@click.option("--since", help="From this time on (default: from the beginning).")
@click.option("--until", help="Up to this time (default: now).")
@click.option("--reason", default="", help="For whom or what; the ledger keeps it.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Default: MODEL-evidence.zip.")
@click.option("--pdf/--no-pdf", default=None, help="Default: with a PDF if the extra pdf is installed.")
@workspace_option
@json_option
def export(
    *,
    model: str,
    since: str | None,
    until: str | None,
    reason: str,
    output: Path | None,
    pdf: bool | None,
    as_json: bool,
) -> None:
    """Write the evidence on a model into one zip file that can be checked without Holter."""
    from holter.workspace.auditing import BEGINNING

    path = output or Path(f"{model}-evidence.zip")
    made = workspace().audit.export(
        model, path, since=when(since) or BEGINNING, until=when(until), reason=reason, pdf=pdf
    )
    plain = {"path": str(made.path), "sha256": made.sha256, "entries": made.entries, "broken": made.broken}
    answer(made, plain, as_json=as_json)
