"""The peers, each in an environment of its own under ``.bench/`` and used in its documented default way.

Run by the Python of that environment: ``python bench/peers.py evidently january.parquet february.parquet``
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

PEERS = {
    "evidently": ["evidently==0.7.23", "pandas<3.1", "pyarrow"],
    "nannyml": ["nannyml==0.13.1", "statsmodels", "pyarrow"],
    "iyipada": ["iyipada==0.1.0", "pandas", "pyarrow"],
    "tfdv": ["tensorflow-data-validation==1.16.1", "setuptools<81", "dill"],
}
"""What is asked for: versions as named in the table, and what the peer needs but does not declare."""
ENVIRONMENTS = Path(__file__).parent.parent / ".bench"


def prepared(peer: str) -> Path | None:
    """Make the environment of a peer where it is missing; None, and a line that says so, where it cannot be made."""
    folder = ENVIRONMENTS / peer
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        # pip tries versions of what TFDV needs for longer than a benchmark may take
        uv = Path(sys.executable).parent / "uv"
        wanted = [uv, "pip", "install", "--quiet", "--python", python, *PEERS[peer]]
        if subprocess.run(wanted, check=False).returncode:
            print(f"{peer} cannot be installed here: {' '.join(PEERS[peer])}", file=sys.stderr)
            return None
        (folder / "ready").touch()
    return python


def evidently(baseline: Any, target: Any) -> None:
    """docs.evidentlyai.com, "Data drift" quickstart."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    Report([DataDriftPreset()]).run(target, baseline).json()


def nannyml(baseline: Any, target: Any) -> None:
    """nannyml.readthedocs.io, "Univariate drift detection"."""
    import nannyml as nml

    calculator = nml.UnivariateDriftCalculator(column_names=list(baseline.columns))
    calculator.fit(baseline)
    calculator.calculate(target).to_df()


def tfdv(baseline: Any, target: Any) -> None:
    """tensorflow.org/tfx/data_validation, "Checking data skew and drift"."""
    import tensorflow_data_validation as tfdv

    before = tfdv.generate_statistics_from_dataframe(baseline)
    schema = tfdv.infer_schema(before)
    for name in baseline.columns:
        tfdv.get_feature(schema, name).drift_comparator.jensen_shannon_divergence.threshold = 0.1
    after = tfdv.generate_statistics_from_dataframe(target)
    tfdv.validate_statistics(after, schema, previous_statistics=before)


if __name__ == "__main__":
    import pandas as pd

    # its own folder comes first on the path of a script, where this file's functions shadow nothing
    globals()[sys.argv[1]](*(pd.read_parquet(name) for name in sys.argv[2:]))
