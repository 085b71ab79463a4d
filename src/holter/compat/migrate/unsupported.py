"""What Holter has no counterpart for, or none under the same name, and what to do instead."""

from collections.abc import Mapping
from typing import Final

_TRAIN: Final = "Holter trains nothing in a cloud: run the training script itself, then Model.register what it wrote."
_COMPUTE: Final = "there is no cluster: a service is a process of this machine; its limits are cpu_cores and memory_gb."
_STORE: Final = "there is no datastore: give Dataset.Tabular a path of this machine."
_EXPLAIN: Final = "use the 'shap' or 'interpret' package itself, and hand the numbers in as metrics: track_metric."
_IMAGE: Final = "there are no container images: Model.deploy starts a process; see 'Coming from Azure ML'."
_AUTH: Final = "nobody signs in here: leave it out; the folder's own rights say who may do what."
_RUN: Final = "log metrics with TelemetryClient.track_metric, or keep MLflow for training."
_FRAMEWORKS: Final = "wrap it in holter.capture.door.CaptureMiddleware, or track requests with TelemetryClient."

UNSUPPORTED: Final[Mapping[str, str]] = {
    "applicationinsights.django": _FRAMEWORKS,
    "applicationinsights.flask": _FRAMEWORKS,
    "azureml.accel": "there is no such hardware here: deploy the model as it is.",
    "azureml.automl": _TRAIN,
    "azureml.contrib": "it was never part of the SDK proper; see 'Coming from Azure ML' for what stands in for it.",
    "azureml.core.ComputeTarget": _COMPUTE,
    "azureml.core.ContainerRegistry": _IMAGE,
    "azureml.core.Datastore": _STORE,
    "azureml.core.Experiment": _TRAIN,
    "azureml.core.Image": _IMAGE,
    "azureml.core.Keyvault": "read secrets from the environment: holter deploy --env KEY=VALUE.",
    "azureml.core.LinkedService": "there is nothing to link: Delta tables and Spark are read where they are.",
    "azureml.core.Run": _RUN,
    "azureml.core.RunConfiguration": _TRAIN,
    "azureml.core.ScriptRunConfig": _TRAIN,
    "azureml.core.authentication": _AUTH,
    "azureml.core.compute": _COMPUTE,
    "azureml.core.compute_target": _COMPUTE,
    "azureml.core.container_registry": _IMAGE,
    "azureml.core.databricks": _TRAIN,
    "azureml.core.datastore": _STORE,
    "azureml.core.experiment": _TRAIN,
    "azureml.core.image": _IMAGE,
    "azureml.core.keyvault": "read secrets from the environment: holter deploy --env KEY=VALUE.",
    "azureml.core.profile": "measure it with any load generator; holter status shows its latency.",
    "azureml.core.resource_configuration": "say cpu_cores and memory_gb in deploy_configuration.",
    "azureml.core.run": _RUN,
    "azureml.core.runconfig": _TRAIN,
    "azureml.core.script_run": _TRAIN,
    "azureml.core.script_run_config": _TRAIN,
    "azureml.data": _STORE,
    "azureml.dataprep": "read the table with pandas, polars or pyarrow.",
    "azureml.explain": _EXPLAIN,
    "azureml.fsspec": _STORE,
    "azureml.interpret": _EXPLAIN,
    "azureml.mlflow": "point MLflow at a server of your own; Holter registers what it wrote.",
    "azureml.monitoring": "leave it out: capture is on by itself, and records inputs and answers of each request.",
    "azureml.opendatasets": "download the data once, and give Dataset.Tabular its path.",
    "azureml.pipeline": "run the steps as scripts; to retrain on an alert, see 'how-to/retrain'.",
    "azureml.responsibleai": _EXPLAIN,
    "azureml.studio": _TRAIN,
    "azureml.telemetry": "leave it out: nothing phones home.",
    "azureml.tensorboard": "run TensorBoard itself.",
    "azureml.train": _TRAIN,
    "azureml.widgets": "open the dashboard: holter up, then the address it prints.",
    "AksWebservice.create_version": "use a canary: holter deployments canary NAME --version N --weight 10.",
    "Dataset.File": "give Dataset.Tabular a table; files are opened by their path.",
    "Environment.build": "nothing is built: the worker's environment is made when it is first needed.",
    "Model.package": _IMAGE,
    "Model.print_configuration": "print the InferenceConfig.",
    "Model.profile": "measure it with any load generator; holter status shows its latency.",
    "Webservice.deploy_from_image": _IMAGE,
    "Webservice.deploy_from_model": "use Model.deploy with an InferenceConfig.",
    "Workspace.compute_targets": _COMPUTE,
    "Workspace.datastores": _STORE,
    "Workspace.experiments": _TRAIN,
    "Workspace.get_default_compute_target": _COMPUTE,
    "Workspace.get_default_datastore": _STORE,
    "Workspace.get_default_keyvault": "read secrets from the environment: holter deploy --env KEY=VALUE.",
    "Workspace.get_mlflow_tracking_uri": "point MLflow at a server of your own.",
    "Workspace.images": _IMAGE,
}
"""By name of the original, its module, or class and member."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "azureml.ai.monitoring": "keep the package azureml-ai-monitoring: a worker takes what it sends.",
    "azureml.contrib.services": "in a service this import is found as it is; leave the line alone.",
}
"""Modules whose import lines stay as they are, and why."""

UPDATE: Final = frozenset(
    {
        "alert_rules", "auth_enabled", "cpu_cores", "description", "inference_config", "memory_gb", "models",
        "num_replicas", "properties", "scoring_timeout_ms", "ssl_cert_pem_file", "ssl_key_pem_file", "tags",
    }
)  # fmt: skip
"""What ``Webservice.update`` can change; a test holds it against the adapter."""


def remedy_of(name: str) -> str | None:
    """Return what to do about a name, or about the nearest module that holds it; None where the table is silent.

    Examples
    --------
    >>> remedy_of("azureml.widgets.RunDetails")
    'open the dashboard: holter up, then the address it prints.'
    """
    while name:
        if name in UNSUPPORTED:
            return UNSUPPORTED[name]
        name = name.rpartition(".")[0]
    return None


def stays(name: str) -> str | None:
    """Return why an import line is left as it is; None for one that changes."""
    return next((why for home, why in ELSEWHERE.items() if f"{name}.".startswith(f"{home}.")), None)
