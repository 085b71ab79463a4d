"""From arguments to a detector that is kept; what cannot be followed leaves nothing behind."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from holter.compat.azureml.datadrift import settings as checked
from holter.compat.azureml.datadrift import shelf
from holter.compat.azureml.datadrift.scheduling import watch
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.datadrift.tables import keep
from holter.compat.azureml.exceptions import AzureMLException, UserErrorException
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
        raise UserErrorException(
            f"there is a drift detector {name!r} already; get_by_name opens it, and its delete() removes it."
        )
    chosen = checked.frequency_of(frequency)
    plain: dict[str, Any] = {
        "interval": checked.DAYS[chosen],
        "frequency": chosen,
        "threshold": checked.threshold_of(drift_threshold),
        "latency": checked.latency_of(latency),
        "addresses": checked.addresses_of(alert_config),
        "compute_target": label_of(compute_target),
    }
    folder = shelf.folder(home.root, name)
    try:
        # Copies of an earlier attempt are never overwritten: another process may be creating the same name.
        baseline = keep(tables[0], folder / f"baseline-{uuid4().hex}.parquet", live=False)
        target = keep(tables[1], folder / f"target-{uuid4().hex}.parquet", live=True)
        features = checked.features_of(feature_list, baseline, target)
        settings = Settings(name, baseline, target, features, **plain)
        if target.time is not None:
            watch(home, settings, overwrite=False)
    except AzureMLException:
        shelf.forget(home.root, name)
        raise
    shelf.write(home.root, settings)


def label_of(compute_target: Any) -> str | None:
    """Return the name of a compute target, which is a label here."""
    return None if compute_target is None else str(getattr(compute_target, "name", compute_target))
