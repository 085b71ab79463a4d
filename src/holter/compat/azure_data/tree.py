"""Where Azure's collectors put what they collected, and what the places say.

Version 2: ``.../{endpoint}/{deployment}/{collection}/{yyyy}/{MM}/{dd}/{HH}/*.jsonl``. Version 1:
``.../{service}/{model}/{version}/{designation}/{Y}/{M}/{D}/*.csv``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final


class Part(StrEnum):
    """What a collection holds."""

    INPUTS = "inputs"
    OUTPUTS = "outputs"
    BOTH = "both"
    LABELS = "labels"


PARTS: Final = {
    "inputs": Part.INPUTS,
    "input": Part.INPUTS,
    "model_inputs": Part.INPUTS,
    "outputs": Part.OUTPUTS,
    "output": Part.OUTPUTS,
    "model_outputs": Part.OUTPUTS,
    "predictions": Part.OUTPUTS,
    "prediction": Part.OUTPUTS,
    "model_inputs_outputs": Part.BOTH,
    "inputs_outputs": Part.BOTH,
    "labels": Part.LABELS,
    "label": Part.LABELS,
    "ground_truth": Part.LABELS,
    "model_ground_truth": Part.LABELS,
    "actuals": Part.LABELS,
}
"""What the usual names of collections and designations mean."""
_TIME_PARTS: Final = {".jsonl": 4, ".csv": 3}


@dataclass(frozen=True, order=True)
class Stored:
    """A file of a collection.

    Parameters
    ----------
    at
        The hour, or the day, that its place says.
    name
        Relative to the folder that is imported.
    source
        What is above the collection: endpoint and deployment, or service and model.
    """

    at: datetime
    name: str
    path: Path
    source: str
    collection: str


def stored(folder: Path) -> Iterator[Stored | str]:
    """Yield the files of collections below a folder; of a file whose place says nothing, its name."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in _TIME_PARTS and path.is_file():
            yield _placed(path, path.relative_to(folder).as_posix())


def _placed(path: Path, name: str) -> Stored | str:
    steps, length = name.split("/")[:-1], _TIME_PARTS[path.suffix]
    try:
        year, month, day, hour = map(int, [*steps[-length:], "0"][:4])
        at = datetime(year, month, day, hour, tzinfo=UTC)
        collection = steps[-length - 1]
    except (ValueError, IndexError):
        return name
    above = steps[: -length - 1]
    # version 1 has the model's version there: another version goes on under the same name
    above = above[:-1] if path.suffix == ".csv" and above and above[-1].isdigit() else above
    return Stored(at, name, path, "/".join(above), collection)
