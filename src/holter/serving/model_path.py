"""Where a score script finds its model, as Azure's ``Model.get_model_path`` does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from holter.errors import NotFound
from holter.serving.order import MODELS

_ROOT: Final = "AML_APP_ROOT"


def model_path(name: str, version: int | None, environ: Mapping[str, str]) -> Path:
    """Return the one entry of a model's folder: the file of a model that is a file, else the folder.

    Parameters
    ----------
    name, version
        The model; None takes the highest version that is there.
    environ
        ``AML_APP_ROOT`` says where a service keeps its models: ``azureml-models/NAME/VERSION/``. Without it, or
        without the model in it, ``./NAME`` is taken.

    Raises
    ------
    NotFound
        If there is no such model, or it has more than one entry.
    """
    beside = Path(name)
    if _ROOT in environ:
        folder = Path(environ[_ROOT]) / MODELS / name
        there = sorted(int(each.name) for each in folder.glob("*") if each.name.isdigit())
        chosen = version if version is not None else there[-1] if there else None
        if chosen in there:
            return _entry(folder / str(chosen))
    if beside.exists():
        return beside
    wanted = name if version is None else f"{name}:{version}"
    raise NotFound("model", wanted, [each.name for each in _models(environ)])


def _models(environ: Mapping[str, str]) -> list[Path]:
    return sorted((Path(environ.get(_ROOT, ".")) / MODELS).glob("*"))


def _entry(folder: Path) -> Path:
    entries = sorted(folder.iterdir())
    if len(entries) != 1:
        raise NotFound("single entry in", f"{folder} ({', '.join(entry.name for entry in entries) or 'empty'})")
    return entries[0]
