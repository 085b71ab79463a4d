"""What every list that a workspace hands out can do."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, overload

from holter.profile.tables import html_table
from holter.workspace.printing import text_table

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Item = TypeVar("Item")


@dataclass(frozen=True, repr=False)
class Listing(Sequence[Item], Generic[Item]):
    """A sequence that prints as a table, shows in a notebook, and turns into dicts, JSON and frames.

    A subclass says what a person sees of an item (:meth:`_cells`) and what a program gets (:meth:`_plain`).
    """

    items: tuple[Item, ...]
    _nothing: ClassVar[str] = "Nothing."
    _right: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def _cells(self, item: Item) -> Mapping[str, str]:
        """Return what a person sees: text under each header."""

    @abstractmethod
    def _plain(self, item: Item) -> dict[str, Any]:
        """Return what a program gets: JSON values."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> "Listing[Item]": ...
    def __getitem__(self, index: int | slice) -> "Item | Listing[Item]":
        if isinstance(index, slice):
            return replace(self, items=self.items[index])
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def _shown(self) -> tuple[Sequence[Item], str]:
        """Return the items that a person sees unasked, and a sentence about the others."""
        return self.items, ""

    def __str__(self) -> str:
        items, rest = self._shown()
        cells = [self._cells(item) for item in items]
        if not cells:
            return self._nothing
        table = text_table(list(cells[0]), [list(row.values()) for row in cells], right=self._right)
        return f"{table}\n{rest}" if rest else table

    __repr__ = __str__

    def _repr_html_(self) -> str:
        items, rest = self._shown()
        cells = [self._cells(item) for item in items]
        if not cells:
            return f"<p>{self._nothing}</p>"
        table = html_table(list(cells[0]), [list(row.values()) for row in cells])
        return f"{table}<p>{rest}</p>" if rest else table

    def to_dict(self) -> list[dict[str, Any]]:
        """Return one flat dict of JSON values for each item."""
        return [self._plain(item) for item in self.items]

    def to_json(self) -> str:
        """Return the same as JSON text; it never holds NaN."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def to_arrow(self) -> "pa.Table":
        """Return a table of one row for each item; lists and mappings become JSON text."""
        import pyarrow as pa

        return pa.Table.from_pylist([_flat(row) for row in self.to_dict()])

    def to_pandas(self) -> "pd.DataFrame":
        """Return the same as a data frame; needs pandas."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in row.items()}
