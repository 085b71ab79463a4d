"""Commands on tables: ``compare``, which needs no workspace, and ``score``."""

from pathlib import Path
from typing import Any, Final

import click

from holter.cli.options import RULE_BROKEN, answer, json_option, workspace, workspace_option

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_WATCHED: Final = {"drift": ("data_drift",), "quality": ("data_quality",), "any": ("data_drift", "data_quality")}


@click.command()
@click.argument("baseline")
@click.argument("target")
@click.option("--column", "-c", "columns", multiple=True, help="Only this column; may be repeated.")
@click.option("--output", "-o", type=_FILE, help="Write a page (HTML) with pictures.")
@click.option("--fail-on", type=click.Choice(sorted(_WATCHED)), help="Exit with code 3 on an alarm of this kind.")
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    *,
    baseline: str,
    target: str,
    columns: tuple[str, ...],
    output: Path | None,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Say what changed from BASELINE to TARGET.

    Both are Parquet, CSV or Arrow files, globs, or Delta folders.
    """
    from holter.workspace import compare as compare_tables

    found = compare_tables(baseline, target, columns=columns or None)
    if output is not None:
        output.write_text(_page(found), encoding="utf-8")
    answer(found, found.to_dict(), as_json=as_json)
    if output is not None:
        click.echo(f"Written: {output}", err=True)
    if fail_on and any(each.signal in _WATCHED[fail_on] for each in found.alarms):
        ctx.exit(RULE_BROKEN)


def _page(found: Any) -> str:
    from holter.report import comparison_page

    return comparison_page(found)


@click.command(hidden=True)
@click.option("--deployment", required=True)
@click.option("--version", type=int, required=True)
@click.option("--input", "source", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--output", required=True, type=_FILE)
@workspace_option
def score(deployment: str, version: int, source: Path, output: Path) -> None:
    """Score a Parquet file with one version of a deployment's model, in this process.

    A model is a program of its own: whoever wants its answers starts this as a process and reads the file.
    """
    import pyarrow.parquet as pq

    from holter.serving.score import score_table

    shelves = workspace().shelves
    entry = shelves.registry.deployment(deployment)
    scores = score_table(shelves.registry.version(entry.model, version), entry, pq.read_table(source))
    pq.write_table(scores, output)
