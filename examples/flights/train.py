"""The training script, as a user would write it; Holter starts it again when a rule says so.

``python train.py PAST.parquet OUTPUT [MORE.parquet ...]`` fits on all rows given and writes ``OUTPUT/model.joblib``.
Labels are in ``late`` (the airline's own file) or ``_label`` (what Holter recorded); rows without one are left out.
"""

import sys
from pathlib import Path

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from encoding import CATEGORIES, encode, fit_rates
from sklearn.ensemble import HistGradientBoostingClassifier

from flights import FEATURES


def labelled(path: str) -> pa.Table:
    """Return the features and ``late`` of the rows whose outcome is known."""
    table = pq.read_table(path)
    late = "_label" if "_label" in table.column_names else "late"
    table = table.select([*FEATURES, late]).rename_columns([*FEATURES, "late"])
    return table.filter(table["late"].is_valid())


def fit(past: pa.Table) -> tuple[HistGradientBoostingClassifier, list[dict[str, float]], float]:
    """Fit few, deep-enough trees: a single row is then scored in a third of a millisecond."""
    columns = [past[name].to_pylist() for name in FEATURES]
    late = np.asarray(past["late"].to_pylist(), dtype=float)
    rates, average = fit_rates(columns[:CATEGORIES], late)
    model = HistGradientBoostingClassifier(
        max_iter=25, learning_rate=0.25, max_leaf_nodes=15, l2_regularization=5.0, early_stopping=False, random_state=0
    )
    model.fit(encode(list(zip(*columns, strict=True)), rates, average), late)
    return model, rates, average


def main() -> None:
    """Fit on every file given and write the model."""
    past, output, *more = sys.argv[1:]
    table = pa.concat_tables([labelled(path) for path in (past, *more)], promote_options="permissive")
    joblib.dump(fit(table), Path(output) / "model.joblib")
    print(f"fitted on {table.num_rows:,} flights")


if __name__ == "__main__":
    main()
