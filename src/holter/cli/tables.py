"""Commands on tables: ``compare`` and ``profile``, which need no workspace, and ``score``."""

import os
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import click

from holter.cli.options import RULE_BROKEN, Existing, answer, json_option, workspace, workspace_option
from holter.cli.progress import reading_bar

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_DRIFT: Final = ("data_drift", "correlation_drift", "reconstruction", "mmd", "domain_classifier")
_WATCHED: Final = {"drift": _DRIFT, "quality": ("data_quality",), "any": (*_DRIFT, "data_quality")}
_column_option = click.option("--column", "-c", "columns", multiple=True, help="Only this column; may be repeated.")
_page_option = click.option("--output", "-o", type=_FILE, help="Write a page (HTML) with pictures.")


@click.command()
@click.argument("baseline")
@click.argument("target")
@_column_option
@_page_option
@click.option("--joint", is_flag=True, help="Ask also how columns go together; takes a few seconds longer.")
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
    joint: bool,
    fail_on: str | None,
    as_json: bool,
) -> None:
    """Say what changed from BASELINE to TARGET.

    Both are Parquet, CSV or Arrow files, globs, Delta folders, or profiles that `holter profile --save` has stored.
    """
    _keep_memory()
    from holter.workspace import compare as compare_tables

    with reading_bar(baseline, target) or nullcontext() as bar:
        found = compare_tables(baseline, target, columns=columns or None, joint=joint, progress=bar)
    if output is not None:
        from holter.report import comparison_page

        output.write_text(comparison_page(found), encoding="utf-8")
    answer(found, found.to_dict(), as_json=as_json)
    if output is not None:
        _written(output)
    if fail_on and any(each.signal in _WATCHED[fail_on] for each in found.alarms):
        ctx.exit(RULE_BROKEN)


@click.command()
@click.argument("table")
@_column_option
@_page_option
@click.option("--save", type=_FILE, help="Store the profile; `holter compare` reads it in place of the table.")
@json_option
def profile(*, table: str, columns: tuple[str, ...], output: Path | None, save: Path | None, as_json: bool) -> None:
    """Say what is in TABLE: types, nulls, distinct values, quantiles, the most frequent categories.

    It is a Parquet, CSV or Arrow file, a glob, a Delta folder, or a profile that --save has stored.
    """
    _keep_memory()
    from holter.workspace import summarise

    with reading_bar(table) or nullcontext() as bar:
        found = summarise(table, columns=columns or None, progress=bar)
    if save is not None:
        save.write_bytes(found.to_bytes())
    if output is not None:
        from holter.report import profile_page

        output.write_text(profile_page(found, Path(table).stem), encoding="utf-8")
    answer(found, found.to_dict(), as_json=as_json)
    for path in (save, output):
        if path is not None:
            _written(path)


def _keep_memory() -> None:
    """Let Arrow, which is not loaded yet, use memory again that it was done with.

    It gives it back after 10 ms otherwise, and asks for as much with the next row group: clearing pages for it took a
    twentieth of the time of a comparison. A process that ends with its answer has nobody to give it back to.
    """
    os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")


def _written(path: Path) -> None:
    click.echo(f"Written: {path}", err=True)


@click.command(hidden=True)
@click.option("--deployment", required=True)
@click.option("--version", type=int, required=True)
@click.option("--input", "source", required=True, type=Existing(dir_okay=False))
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
