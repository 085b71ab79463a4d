"""``azureml.core.webservice``: a deployed service, and how it is to run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from holter.compat.azureml.core.configuration import DeploymentConfiguration, configuration
from holter.compat.azureml.exceptions import WebserviceException
from holter.errors import DeploymentFailed, HolterError, NotFound, NotRunning

if TYPE_CHECKING:
    from holter.compat.azureml.core.workspace import Workspace
    from holter.workspace import Deployment

_FOREVER = 24 * 3600.0


class Webservice:
    """A deployed service.

    Parameters
    ----------
    workspace
        Where it is deployed.
    name
        Its name.

    Raises
    ------
    WebserviceException
        If there is none.
    """

    def __init__(self, workspace: "Workspace", name: str) -> None:
        self.workspace, self.name = workspace, name
        try:
            self._deployment = workspace.home.deployment(name)
        except NotFound as error:
            raise WebserviceException(str(error)) from error
        self._keys: dict[str, str] = {}

    @property
    def deployment(self) -> "Deployment":
        """The service, in Holter's own words. Differs: not in the original."""
        return self._deployment

    @property
    def state(self) -> str:
        """``Healthy``, ``Unhealthy``, ``Transitioning`` or ``Failed``."""
        return self._deployment.state

    @property
    def scoring_uri(self) -> str:
        """Where to post; the port stays the same when everything is started again."""
        return self._deployment.scoring_uri

    @property
    def swagger_uri(self) -> str:
        """Where its description is."""
        return self.scoring_uri.removesuffix("/score") + "/swagger.json"

    @property
    def compute_type(self) -> str:
        """What it runs on: ``Local``."""
        return "Local"

    @property
    def tags(self) -> Mapping[str, str]:
        """Words of the user's."""
        from holter.compat.azureml.core import remembered

        labels: Mapping[str, str] = remembered.read(self.workspace.home.root, self.name).get("tags", {})
        return labels

    @property
    def error(self) -> str | None:
        """Why it does not serve; None while it does."""
        return self._deployment.entry.observed.detail or None

    def wait_for_deployment(self, show_output: bool = False, timeout_sec: float | None = None) -> None:
        """Wait until it serves.

        Raises
        ------
        WebserviceException
            If it failed, or does not serve after ``timeout_sec`` seconds: with what ``init()`` raised and the end of
            its log.
        """
        if show_output:
            print("Running", flush=True)  # noqa: T201  (show_output asks for it)
        try:
            self._deployment.wait(timeout_sec or _FOREVER)
        except (DeploymentFailed, NotRunning) as error:
            raise WebserviceException(str(error)) from error
        if show_output:
            print(f"Succeeded. Service {self.name} is {self.state}.")  # noqa: T201  (show_output asks for it)

    def get_logs(self, num_lines: int = 5000, init: bool = False) -> str:
        """Return the end of what its workers wrote."""
        del init
        return self._deployment.logs(num_lines)

    def run(self, input_data: str | bytes) -> Any:
        """Score, and return what the service answers, decoded from JSON once.

        Raises
        ------
        WebserviceException
            If it cannot be reached, or answers with an error.
        """
        from holter.compat.azureml.core.calling import call

        return call(self.scoring_uri, input_data, self._keys.get("primary"))

    def get_keys(self) -> tuple[str, str]:
        """Return the keys that this program made or set.

        Differs: a key that was made elsewhere cannot be read by anybody; :meth:`regen_key` makes another.

        Raises
        ------
        WebserviceException
            If this program has not made them.
        """
        if not self._keys:
            raise WebserviceException(
                f"the keys of {self.name} are not kept, only what proves them. Make new ones: "
                f"service.regen_key('Primary'), or: holter deployments keys {self.name} --regenerate primary"
            )
        return self._keys.get("primary", ""), self._keys.get("secondary", "")

    def regen_key(self, key: str, set_key: str | None = None) -> None:
        """Replace ``Primary`` or ``Secondary`` by a random key, or by ``set_key``.

        Raises
        ------
        WebserviceException
            If there is no such key, or the given one is too short.
        """
        try:
            self._keys[key.lower()] = self._deployment.regenerate_key(key.lower(), set_key)
        except HolterError as error:
            raise WebserviceException(str(error)) from error

    def get_token(self) -> tuple[str, Any]:
        """Refuse, as for every service whose authentication is by keys. Raises WebserviceException."""
        raise WebserviceException("this service has keys and no tokens: see get_keys() and regen_key().")

    def update(self, *args: Any, **changes: Any) -> None:
        """Change what is given, and only that: ``alert_rules``, ``models``, ``inference_config``, ``tags`` and so on.

        Raises
        ------
        WebserviceException
            If something cannot be changed; nothing was changed then.
        """
        from holter.compat.azureml.core.updating import update

        if args:
            raise WebserviceException("name what is to be changed: service.update(alert_rules=[...]).")
        update(self, changes)

    @property
    def alert_rules(self) -> list[dict[str, Any]]:
        """The rules as they were given. Differs: not in the original."""
        from holter.compat.azureml.core import remembered

        rules: list[dict[str, Any]] = remembered.read(self.workspace.home.root, self.name).get("alert_rules", [])
        return rules

    def delete(self) -> None:
        """Stop serving for good; its alert rules go with it, what it answered stays."""
        from holter.compat.azureml.core.updating import forget

        forget(self)

    @staticmethod
    def list(
        workspace: "Workspace", compute_type: str | None = None, image_name: str | None = None, **others: Any
    ) -> "list[Webservice]":
        """Return the services of a workspace, by name."""
        del compute_type, image_name, others
        return list(workspace.webservices.values())

    def serialize(self) -> dict[str, Any]:
        """Return what is known of it, as plain values."""
        return {
            "name": self.name,
            "state": self.state,
            "scoringUri": self.scoring_uri,
            "swaggerUri": self.swagger_uri,
            "computeType": self.compute_type,
            "tags": dict(self.tags),
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workspace={self.workspace!r}, name={self.name}, state={self.state})"


class _Configurable(Webservice):
    """A kind of service of Azure's: here all of them are processes of this machine."""

    _DEFAULTS: ClassVar[Mapping[str, Any]] = {}

    @classmethod
    def _configuration(cls, given: Mapping[str, Any]) -> DeploymentConfiguration:
        return configuration(cls.__name__, {**cls._DEFAULTS, **{k: v for k, v in given.items() if v is not None}})


class AciWebservice(_Configurable):
    """What ran in a container instance."""

    @staticmethod
    def deploy_configuration(
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        location: str | None = None,
        auth_enabled: bool | None = None,
        ssl_enabled: bool | None = None,
        enable_app_insights: bool | None = None,
        ssl_cert_pem_file: str | None = None,
        ssl_key_pem_file: str | None = None,
        ssl_cname: str | None = None,
        dns_name_label: str | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        collect_model_data: bool | None = None,
        cmk_vault_base_url: str | None = None,
        cmk_key_name: str | None = None,
        cmk_key_version: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
    ) -> DeploymentConfiguration:
        """Say how a service is to run. Cores and gigabytes are the limits of its workers.

        Raises
        ------
        WebserviceException
            If ``cpu_cores`` or ``memory_gb`` is not more than 0.
        """
        return AciWebservice._configuration(dict(locals()))


class AksWebservice(_Configurable):
    """What ran in a cluster."""

    @staticmethod
    def deploy_configuration(
        autoscale_enabled: bool | None = None,
        autoscale_min_replicas: int | None = None,
        autoscale_max_replicas: int | None = None,
        autoscale_refresh_seconds: int | None = None,
        autoscale_target_utilization: int | None = None,
        collect_model_data: bool | None = None,
        auth_enabled: bool | None = None,
        cpu_cores: float | None = None,
        memory_gb: float | None = None,
        enable_app_insights: bool | None = None,
        scoring_timeout_ms: int | None = None,
        replica_max_concurrent_requests: int | None = None,
        max_request_wait_time: int | None = None,
        num_replicas: int | None = None,
        primary_key: str | None = None,
        secondary_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        gpu_cores: int | None = None,
        period_seconds: int | None = None,
        initial_delay_seconds: int | None = None,
        timeout_seconds: int | None = None,
        success_threshold: int | None = None,
        failure_threshold: int | None = None,
        namespace: str | None = None,
        token_auth_enabled: bool | None = None,
        compute_target_name: str | None = None,
        cpu_cores_limit: float | None = None,
        memory_gb_limit: float | None = None,
        blobfuse_enabled: bool | None = None,
    ) -> DeploymentConfiguration:
        """Say how a service is to run. ``num_replicas`` is its number of workers.

        Raises
        ------
        WebserviceException
            If ``cpu_cores`` or ``memory_gb`` is not more than 0.
        """
        return AksWebservice._configuration(dict(locals()))


class LocalWebservice(_Configurable):
    """What ran in a container of one's own."""

    @staticmethod
    def deploy_configuration(port: int | None = None) -> DeploymentConfiguration:
        """Say how a service is to run. Its port is given by Holter, and stays."""
        return LocalWebservice._configuration(dict(locals()))

    _DEFAULTS: ClassVar[Mapping[str, Any]] = {"enable_app_insights": True}
