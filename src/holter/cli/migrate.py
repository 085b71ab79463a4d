"""``holter migrate``: whether code written for Azure ML goes on working here."""

from pathlib import Path

import click

from holter.cli.options import RULE_BROKEN, Existing, Group, answer, json_option


@click.group(cls=Group)
def migrate() -> None:
    """Bring code that was written for Azure ML or Application Insights."""


@migrate.command()
@click.argument("folder", type=Existing())
@click.option("--write", is_flag=True, help="Change the import lines, and nothing else.")
@json_option
def check(folder: Path, *, write: bool, as_json: bool) -> None:
    """Say what of the programs in FOLDER works here.

    Looks at each import, call and keyword of azureml and applicationinsights in *.py and *.ipynb, and runs none of
    them: works, mapped, ignored or unsupported, with the line and what to do. Exit code 3 when something is
    unsupported, so that a pipeline can gate on it.
    """
    from holter.compat.migrate import check as looked_at
    from holter.compat.migrate import rewrite

    report = rewrite(folder) if write else looked_at(folder)
    answer(report, report.to_dict(), as_json=as_json)
    if report.unsupported:
        raise SystemExit(RULE_BROKEN)
