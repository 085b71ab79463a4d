"""A document as values: sections of sentences, tables and pictures, before anybody lays them out."""

from collections.abc import Callable
from dataclasses import dataclass

from holter.charts import Spec


@dataclass(frozen=True)
class Table:
    """A table of text. ``widths`` are relative; ``nothing`` is said when there is no row."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    nothing: str = "Nothing."


@dataclass(frozen=True)
class Picture:
    """A picture that can be drawn in any width, its name, and the line under it."""

    name: str
    draw: Callable[[int], Spec]
    caption: str


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it."""

    heading: str
    words: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Document:
    """A title, a line under it, and sections; ``mark`` stands at the foot of every page."""

    title: str
    sub: str
    sections: tuple[Section, ...]
    mark: str
