"""Commands on what a table was agreed to be: ``check`` and ``constraints``, which need no workspace."""

from contextlib import nullcontext
from pathlib import Path

import click

from holter.cli.options import RULE_BROKEN, Existing, Group, answer, json_option, when
from holter.cli.progress import reading_bar
from holter.errors import BadConstraint


@click.command()
@click.argument("table")
@click.option(
    "--against", required=True, type=Existing(dir_okay=False), help="The constraints: a TOML file, see `constraints`."
)
@click.option("--now", help="Count freshness from this moment (ISO 8601) and not from now.")
@json_option
@click.pass_context
def check(ctx: click.Context, *, table: str, against: Path, now: str | None, as_json: bool) -> None:
    """Say whether TABLE is what it was agreed to be.

    It is a Parquet, CSV or Arrow file, a glob, a Delta folder, or a profile that `holter profile --save` has stored.
    What is broken is printed as a table. Exit code 0 when everything holds, 3 when something is broken, 2 when the
    constraints cannot be understood, 1 when a file cannot be read.
    """
    from holter.workspace import check as check_table

    try:
        with reading_bar(table) or nullcontext() as bar:
            found = check_table(table, against, now=when(now), progress=bar)
    except BadConstraint as error:
        raise click.UsageError(f"{against}: {error}", ctx) from error
    answer(found, found.to_dict(), as_json=as_json)
    if not found.holds:
        ctx.exit(RULE_BROKEN)


@click.group(cls=Group)
def constraints() -> None:
    """Agree on what a table is, in a file that `holter check` reads."""


@constraints.command()
@click.argument("baseline")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write it here and do not print.")
def suggest(*, baseline: str, output: Path | None) -> None:
    """Suggest constraints that BASELINE keeps with room to spare, as a TOML file to be edited.

    An output that exists is not written over: somebody may have edited it.
    """
    from holter.workspace import suggest as suggest_text

    if output is not None and output.exists():
        raise click.ClickException(f"{output} exists, and may have been edited. Move it away, or give another name.")
    with reading_bar(baseline) or nullcontext() as bar:
        text = suggest_text(baseline, progress=bar)
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"Written: {output}", err=True)
