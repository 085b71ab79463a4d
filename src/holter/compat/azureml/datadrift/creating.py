"""From arguments to a detector that is kept; what cannot be followed leaves nothing behind."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from holter.compat.azureml.datadrift import settings as checked
from holter.compat.azureml.datadrift import shelf
from holter.compat.azureml.datadrift.scheduling import watch
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.datadrift.tables import keep
from holter.compat.azureml.exceptions import AzureMLException
from holter.workspace import Workspace


def create(
    home: Workspace,
    name: str,
    tables: tuple[Any, Any],
    *,
    feature_list: Sequence[str] | None,
    frequency: str | None,
    alert_config: Any,
    drift_threshold: Any,
    latency: Any,
    compute_target: Any,
) -> None:
    """Keep a detector and, where rows have times, its monitor.

    Raises
    ------
    UserErrorException
        For a name that is taken, a table that cannot be read, or an argument that cannot be followed.
    """
    if shelf.exists(home.root, name):
        raise shelf.taken(name)
    chosen = checked.frequency_of(frequency)
    plain: dict[str, Any] = {
        "interval": checked.DAYS[chosen],
        "frequency": chosen,
        "threshold": checked.threshold_of(drift_threshold),
        "latency": checked.latency_of(latency),
        "addresses": checked.addresses_of(alert_config),
        "compute_target": label_of(compute_target),
    }
    # Under names of their own: another process may be making a detector of the same name.
    copies = [shelf.folder(home.root, name) / f"{side}-{uuid4().hex}.parquet" for side in ("baseline", "target")]
    try:
        baseline, target = keep(tables[0], copies[0], live=False), keep(tables[1], copies[1], live=True)
        settings = Settings(name, baseline, target, checked.features_of(feature_list, baseline, target), **plain)
        if target.time is not None:
            watch(home, settings, overwrite=False)
        shelf.add_detector(home.root, settings)
    except AzureMLException:
        for copy in copies:
            copy.unlink(missing_ok=True)
        raise


def label_of(compute_target: Any) -> str | None:
    """Return the name of a compute target, which is a label here."""
    return None if compute_target is None else str(getattr(compute_target, "name", compute_target))
