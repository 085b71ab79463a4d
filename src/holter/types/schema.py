"""What the columns of a model are."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from holter.errors import ReservedColumn
from holter.types.records import RESERVED


class Task(StrEnum):
    """What the model answers."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Kind(StrEnum):
    """How a column is summarised: text is counted without keeping a value, vectors are lists, other is only counted."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    TEXT = "text"
    VECTOR = "vector"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True)
class Feature:
    """One input column: its name, how it is summarised, and its Arrow type as text (``double``, ``string``)."""

    name: str
    kind: Kind
    dtype: str


@dataclass(frozen=True)
class Schema:
    """The features of a model, in the order it takes them, and its task (None: a bare table)."""

    features: tuple[Feature, ...]
    task: Task | None = None

    def __post_init__(self) -> None:
        for feature in self.features:
            if feature.name in RESERVED:
                raise ReservedColumn(feature.name)

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        return tuple(feature.name for feature in self.features)

    def feature(self, name: str) -> Feature | None:
        """Return the feature of that name, or None."""
        return next((feature for feature in self.features if feature.name == name), None)

    def to_dict(self) -> dict[str, object]:
        """Return plain lists and strings."""
        return {
            "task": self.task,
            "features": [[feature.name, str(feature.kind), feature.dtype] for feature in self.features],
        }

    @classmethod
    def from_dict(cls, data: dict[str, object]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        rows = data["features"]
        assert isinstance(rows, list)  # noqa: S101  (our own file)
        task = data["task"]
        return cls(
            tuple(Feature(name, Kind(kind), dtype) for name, kind, dtype in rows),
            None if task is None else Task(str(task)),
        )
