"""Performance without labels beside NannyML, on the data that its wheel brings: how near, how sure, how long.

``python bench/estimation.py`` or ``python bench/estimation.py car_loan housing``. Reference is the baseline, the
analysis part is cut into chunks; each chunk's estimates are held against what its labels show. NannyML runs in an
environment of its own (``bench/peers.py``) and leaves its answers in ``.bench/estimation``.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from estimation_peer import SETS, Data
from holter.profile import Window
from holter.signals import estimator_choice as choice
from holter.signals import named
from holter.signals.expected_table import ExpectedTable
from holter.signals.fitted_estimate import EXPECTED, FittedEstimate
from holter.source import infer_schema
from holter.types import EVENT_TIME, LABEL, PREDICTION, SCORE, SCORES, Schema, Task
from peers import ENVIRONMENTS, prepared

FOLDER = ENVIRONMENTS / "estimation"
SHOWN = {
    "binary": ("roc_auc", "accuracy", "f1", "precision", "recall", "specificity"),
    "multiclass": ("accuracy", "macro_f1", "kappa"),
    "regression": ("mae", "mape", "mse", "rmse", "rmsle"),
}


@dataclass(frozen=True)
class Answer:
    """Estimates of one metric by chunk, the ends of their intervals, and what labels show."""

    estimated: np.ndarray
    low: np.ndarray
    high: np.ndarray
    realised: np.ndarray

    @property
    def error(self) -> float:
        return float(np.nanmean(np.abs(self.estimated - self.realised)))

    @property
    def covered(self) -> float:
        known = np.isfinite(self.realised) & np.isfinite(self.estimated)
        inside = (self.low <= self.realised) & (self.realised <= self.high)
        return float(inside[known].mean())


def records(path: Path, data: Data) -> pa.Table:
    """Return a side in the columns of records."""
    table = pq.read_table(path)
    names = {data.label: LABEL, data.prediction: PREDICTION, data.score: SCORE, data.time: EVENT_TIME}
    table = table.rename_columns([names.get(name, name) for name in table.column_names])
    if data.task == "multiclass":
        prefix = "y_pred_proba_"
        classes = [name for name in table.column_names if name.startswith(prefix)]
        columns = [table[name].combine_chunks() for name in classes]
        scores = pa.StructArray.from_arrays(columns, [name.removeprefix(prefix) for name in classes])
        return table.drop_columns(classes).append_column(SCORES, scores)
    return table.set_column(
        table.column_names.index(PREDICTION), PREDICTION, pc.cast(table[PREDICTION], pa.float64(), safe=False)
    )


def ours(data: Data, reference: pa.Table, analysis: pa.Table) -> tuple[Mapping[str, Answer], dict[str, float], str]:
    """Return the answers of the signal by metric, CPU seconds of its parts, and which estimators it chose."""
    task = Task(data.task)
    reserved = (LABEL, PREDICTION, SCORE, SCORES, EVENT_TIME)
    schema = Schema(infer_schema(reference.schema, exclude=reserved).features, task)
    baseline = Window(None, schema, rows=reference)
    begun = time.process_time()
    fitted = FittedEstimate.of(baseline)
    spent = {"fit": time.process_time() - begun}
    found: dict[str, list[tuple[float, ...]]] = {metric: [] for metric in SHOWN[data.task]}
    begun = time.process_time()
    chunks = [analysis.slice(at, data.chunk) for at in range(0, analysis.num_rows, data.chunk)]
    measured = [
        {
            each.metric: each
            for each in named("estimated_performance").measure(Window(None, schema, rows=chunk), baseline)
        }
        for chunk in chunks
    ]
    spent["chunks"] = time.process_time() - begun
    for chunk, one in zip(chunks, measured, strict=True):
        seen = fitted.reader.read(chunk).labelled()
        table = ExpectedTable.of(seen, seen.outcomes)
        for metric, rows in found.items():
            slope, each = EXPECTED[task][metric](table), one[metric]
            ends = (each.interval.low, each.interval.high) if each.interval else (np.nan, np.nan)
            rows.append((np.nan if each.value is None else each.value, *ends, np.nan if slope is None else slope.value))
    answers = {metric: Answer(*np.array(rows, float).T) for metric, rows in found.items()}
    kinds = [str(fitted.choices[metric].kind) for metric in answers]
    return answers, spent, ", ".join(f"{kind} {kinds.count(kind)}" for kind in sorted(set(kinds)))


def plain(data: Data, reference: pa.Table, analysis: pa.Table) -> tuple[Mapping[str, Answer], dict[str, float]]:
    """Return the same with CBPE alone (no trial, no model on features): what its speed is to be compared with."""
    bare = choice.LEAST
    choice.LEAST = sys.maxsize
    try:
        answers, spent, _ = ours(data, reference, analysis)
    finally:
        choice.LEAST = bare
    return answers, spent


def theirs(name: str, data: Data) -> tuple[Mapping[str, Answer], dict[str, float]]:
    """Return the answers of NannyML, and the seconds it took."""
    stored = json.loads((FOLDER / f"{name}.json").read_text())
    answers = {
        metric: Answer(*(np.array(each[key], float) for key in ("estimated", "low", "high", "realised")))
        for metric, each in stored["metrics"].items()
        if metric in SHOWN[data.task]
    }
    return answers, stored["seconds"]


def line(name: str, metric: str, mine: Answer, bare: Answer, peer: Answer | None) -> str:
    """Return a row of the table."""
    error, covered = (f"{peer.error:.4g}", f"{100 * peer.covered:.0f} %") if peer else ("-", "-")
    return (
        f"| {name} | {metric} | {mine.error:.4g} | {bare.error:.4g} | {error} "
        f"| {100 * mine.covered:.0f} % | {covered} |"
    )


NEARNESS = """\
Mean absolute error over chunks, and share of chunks whose labels fall into the interval

| data | metric | Holter | CBPE alone | NannyML | in Holter's interval | in NannyML's |
|---|---|---|---|---|---|---|"""
COSTS = """\

CPU seconds; the error is that of Holter as a part of NannyML's, median over the metrics

| data | estimators chosen | error | CBPE alone | trial and fit, once | all chunks | NannyML |
|---|---|---|---|---|---|---|"""


def main() -> None:
    """Print what was nearer, and what it took."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("names", nargs="*")
    options.add_argument("--again", action="store_true", help="ask NannyML again")
    chosen = options.parse_args()
    names = chosen.names or list(SETS)
    python = prepared("nannyml")
    if python is None:
        sys.exit("NannyML is not there to compare with")
    missing = [name for name in names if chosen.again or not (FOLDER / f"{name}.json").exists()]
    if missing:
        subprocess.run([python, Path(__file__).parent / "estimation_peer.py", FOLDER, *missing], check=True)
    lines, costs = [], []
    for name in names:
        data = SETS[name]
        reference, analysis = (records(FOLDER / f"{name}.{side}.parquet", data) for side in ("reference", "analysis"))
        bare, quick = plain(data, reference, analysis)
        mine, spent, kinds = ours(data, reference, analysis)
        peer, seconds = theirs(name, data)
        lines += [line(name, metric, mine[metric], bare[metric], peer.get(metric)) for metric in mine]
        ratios = [mine[metric].error / peer[metric].error for metric in mine if metric in peer]
        costs.append(
            f"| {name} | {kinds} | {statistics.median(ratios):.2f} | {quick['fit'] + quick['chunks']:.2f} "
            f"| {spent['fit']:.2f} | {spent['chunks']:.2f} | {seconds['cpu']:.2f} |"
        )
        print(f"{name} done", file=sys.stderr)
    print("\n".join([NEARNESS, *lines, COSTS, *costs]))


if __name__ == "__main__":
    main()
