"""NannyML's bundled data and what its CBPE and DLE say of them; run by the Python of its environment.

``python bench/estimation_peer.py folder``: writes ``NAME.reference.parquet``, ``NAME.analysis.parquet`` (labels joined)
and ``NAME.json`` (per metric the estimates and realised values of each chunk, with bounds; seconds).
"""

import json
import os
import sys
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
warnings.simplefilter("ignore")

BINARY = ["roc_auc", "f1", "precision", "recall", "specificity", "accuracy"]
REGRESSION = ["mae", "mape", "mse", "rmse", "msle", "rmsle"]


@dataclass
class Data:
    """One bundled set: how it is loaded, which columns mean what, rows of a chunk."""

    load: str
    task: str
    label: str
    score: str | None
    prediction: str
    chunk: int
    time: str | None = "timestamp"
    left_out: list[str] = field(default_factory=list)


SETS = {
    "car_loan": Data("synthetic_car_loan_dataset", "binary", "repaid", "y_pred_proba", "y_pred", 5000),
    "car_loan_nulls": Data(
        "synthetic_car_loan_data_quality_dataset", "binary", "repaid", "y_pred_proba", "y_pred", 5000
    ),
    "work_home": Data(
        "synthetic_binary_classification_dataset",
        "binary",
        "work_home_actual",
        "y_pred_proba",
        "y_pred",
        5000,
        left_out=["period"],
    ),
    "housing": Data("modified_california_housing_dataset", "binary", "clf_target", "y_pred_proba", "y_pred", 600),
    "employment": Data(
        "us_census_ma_employment_data",
        "binary",
        "employed",
        "predicted_probability",
        "prediction",
        5000,
        time=None,
        left_out=["year"],
    ),
    "credit_card": Data("synthetic_multiclass_classification_dataset", "multiclass", "y_true", None, "y_pred", 6000),
    "car_price": Data("synthetic_car_price_dataset", "regression", "y_true", None, "y_pred", 6000),
}


def loaded(data: Data) -> tuple[Any, Any]:
    """Return reference and analysis, labels joined to both."""
    from nannyml import datasets

    reference, analysis, labels = getattr(datasets, f"load_{data.load}")()
    analysis = analysis.merge(labels[["id", data.label]], on="id")
    sides = []
    for whole in (reference, analysis):
        side = whole.drop(columns=["id", *data.left_out])
        if data.time:
            import pandas as pd

            side[data.time] = pd.to_datetime(side[data.time])
        sides.append(side)
    return sides[0], sides[1]


def estimator(data: Data, columns: list[str], *, realised: bool = False) -> Any:
    """Return NannyML's estimator, or its calculator of realised performance, in the documented default way."""
    import nannyml as nml

    kind = f"classification_{data.task}" if data.task != "regression" else "regression"
    metrics = REGRESSION if data.task == "regression" else BINARY
    common = {"y_true": data.label, "y_pred": data.prediction, "metrics": metrics, "chunk_size": data.chunk}
    common["problem_type"] = kind
    scores = data.score
    if data.task == "multiclass":
        prefix = "y_pred_proba_"
        scores = {name.removeprefix(prefix): name for name in columns if name.startswith(prefix)}
    if realised:
        return nml.PerformanceCalculator(**common, **({} if scores is None else {"y_pred_proba": scores}))
    if data.task == "regression":
        common.pop("problem_type")
        aside = {data.label, data.prediction, data.time}
        return nml.DLE(**common, feature_column_names=[name for name in columns if name not in aside])
    return nml.CBPE(**common, y_pred_proba=scores)


def answered(data: Data, reference: Any, analysis: Any) -> dict[str, Any]:
    """Return estimates, bounds and realised values of each chunk, and the seconds that fitting and estimating took."""
    begun, cpu = time.perf_counter(), time.process_time()
    unlabelled = analysis.drop(columns=[data.label])
    found = estimator(data, list(reference.columns)).fit(reference).estimate(unlabelled).to_df()
    spent = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
    true = estimator(data, list(reference.columns), realised=True).fit(reference).calculate(analysis).to_df()
    found, true = (each[each["chunk"]["period"] == "analysis"] for each in (found, true))
    metrics = {}
    for name in REGRESSION if data.task == "regression" else BINARY:
        mine = found[name]
        metrics[name] = {
            "estimated": mine["value"].tolist(),
            "low": mine["lower_confidence_boundary"].tolist(),
            "high": mine["upper_confidence_boundary"].tolist(),
            "realised": true[name]["value"].tolist(),
        }
    return {"seconds": spent, "chunk": data.chunk, "metrics": metrics}


def main() -> None:
    """Write everything of the sets that are asked for, or of all."""
    import pandas as pd

    pd.set_option("future.infer_string", False)  # its DLE cannot encode pandas' own text columns
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or SETS:
        data = SETS[name]
        reference, analysis = loaded(data)
        reference.to_parquet(folder / f"{name}.reference.parquet")
        analysis.to_parquet(folder / f"{name}.analysis.parquet")
        (folder / f"{name}.json").write_text(json.dumps(answered(data, reference, analysis)))
        print(name, "done", flush=True)


if __name__ == "__main__":
    main()
