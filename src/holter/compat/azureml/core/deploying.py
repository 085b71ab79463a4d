"""``Model.deploy``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from holter.compat.azureml.core import remembered
from holter.compat.azureml.core.configuration import DeploymentConfiguration
from holter.compat.azureml.core.inference import InferenceConfig
from holter.compat.azureml.core.webservice import Webservice
from holter.compat.azureml.exceptions import WebserviceException
from holter.errors import HolterError
from holter.registry.entries import ModelVersion

if TYPE_CHECKING:
    from holter.compat.azureml.core.workspace import Workspace

PRELOAD: Final = "holter.compat.auto"
"""Imported by the workers first, so that a score script's own imports of Azure's packages find the adapters."""


def deploy(
    workspace: "Workspace",
    name: str,
    models: Sequence[ModelVersion],
    inference: InferenceConfig | None,
    configuration: DeploymentConfiguration | None,
    *,
    overwrite: bool,
) -> Webservice:
    """Put models behind a scoring URI and start the process tree when none runs.

    Raises
    ------
    WebserviceException
        If it cannot be done; with the reason.
    """
    if inference is None:
        raise WebserviceException("give inference_config=InferenceConfig(entry_script='score.py').")
    if not models:
        raise WebserviceException("give models=[model]: a service needs at least one.")
    chosen, *others = models
    config = configuration or DeploymentConfiguration()
    try:
        workspace.home.deploy(
            name,
            chosen,
            entry_script=inference.entry_script,
            source=inference.source_directory,
            overwrite=overwrite,
            **_settings_of(workspace.home.root, config, inference, others),
        )
    except HolterError as error:
        raise WebserviceException(str(error)) from error
    remembered.write(workspace.home.root, name, {"tags": dict(config.tags), "recorded": dict(config.recorded)})
    service = Webservice(workspace, name)
    for slot, key in (("Primary", config.primary_key), ("Secondary", config.secondary_key)):
        if key is not None or config.auth_enabled:
            service.regen_key(slot, key)
    return service


def _settings_of(
    root: Path, config: DeploymentConfiguration, inference: InferenceConfig, others: Sequence[ModelVersion]
) -> Mapping[str, Any]:
    """Return the settings of a deployment. Application Insights or model data collection switch capture on."""
    environment = inference.environment
    return {
        "workers": config.workers,
        "cpu_cores": config.cpu_cores,
        "memory_gb": config.memory_gb,
        "timeout_ms": config.timeout_ms,
        "capture": config.enable_app_insights or config.collect_model_data,
        "auth": config.auth_enabled,
        "cors_origins": config.cors,
        "ssl_certfile": config.ssl_cert_pem_file,
        "ssl_keyfile": config.ssl_key_pem_file,
        "environment": dict(environment.environment_variables) if environment else {},
        "preload": (PRELOAD,),
        "also": tuple(f"{each.model}:{each.version}" for each in others),
        "python": str(environment.interpreter(root) or "") if environment else "",
    }
