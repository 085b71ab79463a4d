"""``holter models``: register model files and find them again."""

from pathlib import Path

import click

from holter.cli.options import Existing, Group, answer, json_option, pairs, workspace, workspace_option


@click.group(cls=Group)
def models() -> None:
    """Register model files and find them again."""


@models.command()
@click.argument("name")
@click.argument("file", type=Existing())
@click.option("--baseline", "-b", help="Table of rows the model was not fitted on (file, glob, Delta folder).")
@click.option("--label", help="Column of the baseline with the truth.")
@click.option("--score", help="Column with the probability of the positive class.")
@click.option("--prediction", help="Column with the model's answer.")
@click.option("--time", help="Column with the event time.")
@click.option("--task", type=click.Choice(["binary", "multiclass", "regression"]), help="Default: told from the label.")
@click.option("--training-rows", is_flag=True, help="The baseline holds rows the model was fitted on.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A word of your own; may be repeated.")
@workspace_option
@json_option
def register(
    *,
    name: str,
    file: Path,
    baseline: str | None,
    label: str | None,
    score: str | None,
    prediction: str | None,
    time: str | None,
    task: str | None,
    training_rows: bool,
    tags: tuple[str, ...],
    as_json: bool,
) -> None:
    """Copy FILE into the workspace as the next version of NAME."""
    from holter.workspace.results import Versions

    version = workspace().models.register(
        name,
        file,
        baseline=baseline,
        label=label,
        score=score,
        prediction=prediction,
        time=time,
        task=task,
        held_out=not training_rows,
        tags=pairs(tags),
    )
    about = f" ({version.lineage['task']})" if "task" in version.lineage else ""
    text = f"Registered {name}:{version.version}{about}."
    answer(text, Versions((version,)).to_dict()[0], as_json=as_json)


@models.command("list")
@workspace_option
@json_option
def list_models(as_json: bool) -> None:
    """List every version of every model."""
    found = workspace().models.list()
    answer(found, found.to_dict(), as_json=as_json)


@models.command()
@click.argument("name")
@click.option("--version", type=int, help="Default: the newest.")
@workspace_option
@json_option
def show(name: str, version: int | None, as_json: bool) -> None:
    """Show one version with its features, baseline, tags and lineage."""
    from holter.workspace.results import Versions

    plain = Versions((workspace().models.get(name, version),)).to_dict()[0]
    answer("\n".join(f"{key}: {value}" for key, value in plain.items()), plain, as_json=as_json)


@models.command()
@click.argument("name")
@click.option("--version", type=int, help="Default: the newest.")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="A file .md, .html or .pdf.")
@workspace_option
def card(name: str, version: int | None, output: Path | None) -> None:
    """Print the card of one version, made from facts of the workspace; or write it to a file."""
    found = workspace().models.card(name, version, output)
    answer(f"Wrote {output}." if output else found, None, as_json=False)
