"""The peers' part of the benchmark, run by the Python of a peer's environment: ``python beside.py PEER FOLDER``

FOLDER holds ``baseline.parquet`` and ``000.parquet`` ... without the time. Writes a JSON list: how many columns (or
chunks' columns) that the peer, in its documented default way, calls drifted in each window.
"""

import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"
warnings.simplefilter("ignore")


def evidently(baseline: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    """docs.evidentlyai.com, "Data drift" preset: a test chosen for each column by type and size."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    found = []
    for each in windows:
        metrics = json.loads(Report([DataDriftPreset()]).run(each, baseline).json())["metrics"]
        counts = [metric["value"]["count"] for metric in metrics if isinstance(metric["value"], dict)]
        found.append(int(counts[0]))
    return found


def nannyml(baseline: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    """nannyml.readthedocs.io, "Univariate drift detection": Jensen-Shannon, mean and three deviations of chunks."""
    import nannyml as nml

    rows = len(windows[0])
    names = list(baseline.columns)
    calculator = nml.UnivariateDriftCalculator(column_names=names, chunk_size=rows)
    calculator.fit(baseline)
    target = pd.concat([each.iloc[:rows] for each in windows], ignore_index=True)
    result = calculator.calculate(target).filter(period="analysis").to_df()
    alerts = result.loc[:, [column for column in result.columns if column[-1] == "alert"]]
    return [int(each) for each in alerts.to_numpy().astype(bool).sum(axis=1)[: len(windows)]]


def iyipada(baseline: pd.DataFrame, windows: Sequence[pd.DataFrame]) -> list[int]:
    """github.com/Kenny0bi/iyipada: Monitor with its false discovery rate of 5 %; numeric columns are all it takes."""
    from iyipada import Monitor

    def columns(table: pd.DataFrame) -> dict:
        return {name: table[name].dropna().to_numpy() for name in table.select_dtypes("number")}

    monitor = Monitor(columns(baseline), alpha=0.05, correction="fdr")
    return [len(monitor.check(columns(each)).drifted) for each in windows]


PEERS: dict[str, Callable[[pd.DataFrame, Sequence[pd.DataFrame]], list[int]]] = {
    "evidently": evidently,
    "nannyml": nannyml,
    "iyipada": iyipada,
}

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    target = [pd.read_parquet(path) for path in sorted(folder.glob("[0-9]*.parquet"))]
    # a script's own folder is first on the path: nothing in it is named as something they import
    counts = PEERS[sys.argv[1]](pd.read_parquet(folder / "baseline.parquet"), target)
    (folder / f"{sys.argv[1]}.json").write_text(json.dumps(counts))
