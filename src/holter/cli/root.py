"""The command line: ``holter`` and what stands behind it."""

from typing import Any

import click

from holter.cli import (
    alerts,
    answers,
    audit,
    checks,
    deployments,
    imports,
    migrate,
    models,
    monitors,
    records,
    silences,
    tables,
    tree,
)
from holter.cli.options import Group
from holter.errors import HolterError


class Root(Group):
    """The group that turns Holter's errors into one sentence and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a traceback is for defects of Holter, never for what a user gave it."""
        try:
            return super().invoke(ctx)
        except HolterError as error:
            raise click.ClickException(str(error)) from error
        except BrokenPipeError:
            raise  # click ends quietly: the reader (head, less) has left
        except OSError as error:
            raise click.ClickException(f"{error.filename or 'the system'}: {error.strerror or error}") from error


@click.group(cls=Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="holter", prog_name="holter")
@click.option(
    "--workspace",
    "-w",
    metavar="DIR",
    envvar="HOLTER_WORKSPACE",
    help="The workspace folder (default: ./holter, or HOLTER_WORKSPACE).",
)
@click.pass_context
def holter(ctx: click.Context, workspace: str | None) -> None:
    r"""Watch deployed models: what they record, how they drift, who is told.

    \b
    Start without any set-up:   holter compare january.parquet february.parquet
    Exit codes: 0 fine, 1 failed (also: a file is not there), 2 used wrongly, 3 a rule is broken, or code does not fit.
    """
    ctx.obj = workspace


for command in (
    tables.compare,
    tables.profile,
    checks.check,
    checks.constraints,
    tree.init,
    models.models,
    deployments.deploy,
    deployments.deployments,
    deployments.labels,
    deployments.log,
    records.records,
    monitors.monitors,
    alerts.alerts,
    silences.silences,
    answers.answers,
    audit.audit,
    imports.imports,
    migrate.migrate,
    tree.up,
    tree.status,
    tree.down,
    tree.beat,
    tree.web,
    tables.score,
):
    holter.add_command(command)


def main() -> None:
    """Run the command line of this process."""
    holter(prog_name="holter")
