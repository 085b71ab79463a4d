"""What changed between two tables: no workspace, no server."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from holter.profile import Profile, Window
from holter.profile.tables import html_table, text_table, visible
from holter.rules import Calibration, decide
from holter.signals.comparable import Laid
from holter.types import Measurement, Verdict
from holter.workspace.changes import DISTANCE, HEADERS, LEGEND, NUMBERS, OPEN, ColumnChange, changes
from holter.workspace.printing import page_width
from holter.workspace.reading import SAMPLE, Progress, Side, chosen, side_of

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ALIKE: Final = 1.5
"""How many times as large as the other one file may be to be read beside it."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """What :func:`compare` found: measurements with verdicts, the column that changed most first.

    Prints as one sentence and a table; a notebook shows a picture.
    """

    baseline_name: str
    target_name: str
    baseline: Window
    target: Window
    measurements: tuple[Measurement, ...]
    columns: tuple[ColumnChange, ...]
    joint: bool = False

    @property
    def alarms(self) -> tuple[Measurement, ...]:
        """Measurements that are beyond chance and large enough to matter."""
        return tuple(each for each in self.measurements if each.verdict is Verdict.ALARM)

    @property
    def sentence(self) -> str:
        """Say in words what changed most, or why nothing can be said."""
        if not self.joint:
            return _sentence(self)
        from holter.workspace.together import joint_sentence

        return f"{_sentence(self)} {joint_sentence(self.measurements)}"

    def __str__(self) -> str:
        if not self.columns:
            return self.sentence
        rows = [column.cells() for column in self.columns]
        notes = [column.why for column in self.columns]
        table = text_table(HEADERS, rows, right=NUMBERS, width=page_width(), notes=notes)
        return f"{visible(self.sentence)}\n\n{table}\n\n{LEGEND}{OPEN if '±' in table else ''}{self._together()}"

    def _together(self) -> str:
        """Return the second table: what all columns together show, where somebody asked."""
        if not self.joint:
            return ""
        from holter.workspace.together import HEADERS as TITLES
        from holter.workspace.together import NUMBERS as RIGHT
        from holter.workspace.together import joint_cells, joint_notes

        cells, notes = joint_cells(self.measurements), joint_notes(self.measurements)
        return f"\n\n{text_table(TITLES, cells, right=RIGHT, width=page_width(), notes=notes)}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = [(*column.cells(), column.why) for column in self.columns]
        table = html_table((*HEADERS, "what changed"), rows, caption=self.sentence)
        if not self.joint:
            return table
        from holter.workspace.together import HEADERS as TITLES
        from holter.workspace.together import joint_cells, joint_notes

        cells, notes = joint_cells(self.measurements), joint_notes(self.measurements)
        return table + html_table((*TITLES, "why"), [(*row, note) for row, note in zip(cells, notes, strict=True)])

    def to_vega_lite(self) -> dict[str, Any]:
        """Return the picture of the columns that changed most, as a Vega-Lite specification."""
        from holter.charts import ranked

        distances = [each for each in self.measurements if each.name == DISTANCE]
        heading = f"{self.target_name} against {self.baseline_name}"
        return ranked(distances, title=heading, unit="Jensen-Shannon distance")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        spec = self.to_vega_lite()
        major = str(spec.get("$schema", "/v6")).rpartition("/v")[2].split(".")[0]
        return {
            "text/plain": str(self),
            "text/html": self._repr_html_(),
            f"application/vnd.vegalite.v{major}+json": spec,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: names, rows, the sentence, one dict for each column and one for each measurement."""
        return {
            "baseline": {"name": self.baseline_name, "rows": self.baseline.n},
            "target": {"name": self.target_name, "rows": self.target.n},
            "sentence": self.sentence,
            "alarms": len(self.alarms),
            "columns": [column.to_dict() for column in self.columns],
            "measurements": [each.to_dict() for each in self.measurements],
        }

    def to_json(self) -> str:
        """Return the same as JSON text; it never holds NaN."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def to_arrow(self) -> "pa.Table":
        """Return one row for each column, the most changed first, with each distance and its error."""
        import pyarrow as pa

        rows = [column.flat() for column in self.columns]
        names = dict.fromkeys(name for row in rows for name in row)
        return pa.table({name: [row.get(name) for row in rows] for name in names})

    def to_pandas(self) -> "pd.DataFrame":
        """Return the same as a data frame; needs pandas."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame


def compare(
    baseline: Any,
    target: Any,
    *,
    columns: Sequence[str] | None = None,
    joint: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Tell what changed from one table to another.

    Parameters
    ----------
    baseline, target
        Before and after: paths or globs of Parquet, CSV or Arrow files, Delta folders, or tables of pandas, polars,
        pyarrow or DuckDB; or a :class:`~holter.profile.Profile`, or the path of a stored one. Each table is read once,
        in bounded memory. Nulls are counted and take no part in distances.
    columns
        Only these; None takes all. A column that only one side has is reported.
    joint
        Whether to ask also how columns go together: correlations, principal components, discrepancy of laws, and
        whether a model can tell the two tables apart. A stored profile answers as far as it has sums and a sample.
    progress
        Is told of rows as they are read, from the threads that read them.

    Returns
    -------
    Comparison
        An alarm is a change beyond chance (rows drawn independently on both sides, one false alarm in a thousand
        comparisons) and large enough to matter.

    Raises
    ------
    UnreadableTable, UnsupportedTable
        If one of them is no table.
    UnknownColumn
        For one of ``columns`` that neither has.
    DamagedProfile, NewerFormat
        If one is a stored profile that cannot be read.

    Examples
    --------
    >>> import pyarrow as pa
    >>> january = pa.table({"delay": [float(n % 10) for n in range(2000)]})
    >>> february = pa.table({"delay": [float(n % 10) + 4 for n in range(2000)]})
    >>> [change.column for change in compare(january, february).columns if change.verdict == "alarm"]
    ['delay']
    """
    from holter.signals.data_drift import DataDrift
    from holter.signals.data_quality import DataQuality

    sides = chosen([side_of(baseline, "baseline"), side_of(target, "target")], columns)
    before, after = _windows(sides, progress, joint=joint)
    laid = _laid(before, after)
    measured = [*DataDrift().told(laid), *DataQuality().measure(after, before)]
    together = _together(after, before) if joint else []
    judged = decide([*measured, *together], Calibration.iid())
    names = sides[0].name, sides[1].name
    found = changes(laid, judged[: len(measured)], names)
    order = {change.column: place for place, change in enumerate(found)}
    ranked = sorted(judged, key=lambda each: order.get(each.feature or "", len(order)))
    return Comparison(*names, before, after, tuple(ranked), found, joint)


def _together(target: Window, baseline: Window) -> list[Measurement]:
    from holter.workspace.together import joint_measurements, with_sample

    return joint_measurements(with_sample(target), with_sample(baseline))


def _windows(sides: Sequence[Side], progress: Progress | None, *, joint: bool) -> list[Window]:
    """Read both tables; the target is summarised by the kinds of the baseline, so that like is compared with like."""
    kinds = {each.name: each.kind for side in reversed(sides) for each in side.schema.features}
    # Two files of about one size are read side by side, a thread each: nothing waits for anything. Of others the larger
    # would be left alone at the end, so each has all threads in its turn; and two relations of one connection must.
    sizes = sorted(side.size for side in sides)
    threads = 1 if 0 < sizes[-1] <= _ALIKE * sizes[0] else 2
    with ThreadPoolExecutor(2 // threads) as pool:
        return list(pool.map(lambda side: side.window(kinds, progress, threads, sample=SAMPLE if joint else 0), sides))


def _laid(before: Window, after: Window) -> dict[str, Laid]:
    """Lay the columns of both tables beside each other, in the order of the baseline."""
    old, new = _profile(before).columns, _profile(after).columns
    return {name: Laid(new.get(name), old.get(name)) for name in dict.fromkeys((*old, *new))}


def _profile(window: Window) -> Profile:
    return window.profile or Profile.empty()


def _sentence(found: Comparison) -> str:
    old, new = found.baseline_name, found.target_name
    empty = [name for name, side in ((old, found.baseline), (new, found.target)) if side.n == 0]
    common = set(found.baseline.schema.names) & set(found.target.schema.names)
    if empty:
        return f"Nothing can be compared: {' and '.join(empty)} {'has' if len(empty) == 1 else 'have'} no rows."
    if not common:
        return f"Nothing can be compared: {old} and {new} have no column in common."
    changed = [change for change in found.columns if change.verdict is Verdict.ALARM]
    sizes = f"{old}: {found.baseline.n:,} rows, {new}: {found.target.n:,} rows"
    if not changed:
        return f"No column changed beyond chance and enough to matter ({len(common)} compared; {sizes})."
    return (
        f"{changed[0].column} changed most from {old} to {new}: {changed[0].why}. "
        f"{len(changed)} of {len(found.columns)} columns changed ({sizes})."
    )
