"""``azureml.core.model``: registered models, and what a service is made of."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from holter.compat.azureml.core.inference import InferenceConfig
from holter.compat.azureml.exceptions import ModelNotFound, WebserviceException
from holter.errors import NotFound
from holter.serving.model_path import model_path

if TYPE_CHECKING:
    from holter.compat.azureml.core.configuration import DeploymentConfiguration
    from holter.compat.azureml.core.webservice import Webservice
    from holter.compat.azureml.core.workspace import Workspace
    from holter.registry.entries import ModelVersion

__all__ = ["InferenceConfig", "Model"]

_PROPERTIES = "azureml"
"""Key of the lineage under which properties, which never change, are kept."""


class Model:
    """A version of a registered model.

    Parameters
    ----------
    workspace
        Where it is registered.
    name
        Its name; ``id`` (``name:version``) gives both.
    version
        A number; None takes the newest.
    tags, properties
        Only a version that has these: a list of keys or ``[key, value]`` pairs, as in the original.

    Raises
    ------
    ModelNotFound
        If there is none.
    """

    class Framework:
        """Names of frameworks, which are kept as a label."""

        CUSTOM: ClassVar[str] = "Custom"
        TENSORFLOW: ClassVar[str] = "TensorFlow"
        SCIKITLEARN: ClassVar[str] = "ScikitLearn"
        ONNX: ClassVar[str] = "Onnx"
        TFKERAS: ClassVar[str] = "TfKeras"
        MULTI: ClassVar[str] = "Multi"

    def __init__(
        self,
        workspace: "Workspace",
        name: str | None = None,
        id: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        version: int | str | None = None,
        **others: Any,
    ) -> None:
        del others
        if id is not None:
            name, _, number = id.partition(":")
            version = version or number or None
        if name is None:
            raise WebserviceException("name a model: Model(ws, 'churn'), or by id: Model(ws, id='churn:3').")
        self.workspace = workspace
        self._entry = _found(workspace, name, version, (tags or (), properties or ()))

    @classmethod
    def _of(cls, workspace: "Workspace", entry: "ModelVersion") -> "Model":
        return cls(workspace, entry.model, version=entry.version)

    @property
    def entry(self) -> "ModelVersion":
        """The version, in Holter's own words. Differs: not in the original."""
        return self._entry

    @property
    def name(self) -> str:
        """Its name."""
        return self._entry.model

    @property
    def version(self) -> int:
        """Its number."""
        return self._entry.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"

    @property
    def tags(self) -> dict[str, Any]:
        """Words that may change."""
        return dict(self._entry.tags)

    @property
    def properties(self) -> dict[str, Any]:
        """Words that were given when it was registered, and never change."""
        return dict(self._label("properties") or {})

    @property
    def description(self) -> str | None:
        """What it is for."""
        return self._text("description")

    @property
    def model_framework(self) -> str | None:
        """What it was made with."""
        return self._text("model_framework")

    @property
    def created_time(self) -> Any:
        """When it was registered."""
        return self._entry.created_at

    @property
    def url(self) -> str:
        """Where its file is."""
        return self._entry.path.absolute().as_uri()

    def _label(self, name: str) -> Any:
        return self._entry.lineage.get(_PROPERTIES, {}).get(name)

    def _text(self, name: str) -> str | None:
        found = self._label(name)
        return None if found is None else str(found)

    @staticmethod
    def register(
        workspace: "Workspace",
        model_path: str | Path,
        model_name: str,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        description: str | None = None,
        datasets: Sequence[Any] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Sequence[str] | None = None,
        sample_input_dataset: Any = None,
        sample_output_dataset: Any = None,
        resource_configuration: Any = None,
        **others: Any,
    ) -> "Model":
        """Copy a model file or folder into the workspace as the next version of a name.

        A ``sample_input_dataset`` becomes the baseline of what it is asked.

        Raises
        ------
        WebserviceException
            If there is no such file.
        BadName
            If the name does not fit.
        """
        del child_paths, sample_output_dataset, resource_configuration, others
        labels = {
            "properties": _texts(properties),
            "description": description,
            "model_framework": model_framework,
            "model_framework_version": model_framework_version,
            "datasets": [str(each) for each in datasets or ()],
        }
        table = None if sample_input_dataset is None else sample_input_dataset.to_arrow()
        try:
            entry = workspace.home.models.register(
                model_name, model_path, baseline=table, tags=_texts(tags), lineage={_PROPERTIES: labels}
            )
        except NotFound as error:
            raise WebserviceException(str(error)) from error
        return Model._of(workspace, entry)

    @staticmethod
    def list(
        workspace: "Workspace",
        name: str | None = None,
        tags: Sequence[Any] | None = None,
        properties: Sequence[Any] | None = None,
        run_id: str | None = None,
        latest: bool = False,
        **others: Any,
    ) -> "list[Model]":
        """Return versions of models, newest first: of one name, with these tags and properties, or only the newest."""
        del run_id, others
        registry = workspace.home.shelves.registry
        names = [each for each in registry.models() if name in (None, each)]
        chosen = [entry for each in names for entry in registry.versions(each)[-1 if latest else 0 :]]
        found = [Model._of(workspace, entry) for entry in reversed(chosen)]
        return [each for each in found if _fits(each.tags, tags or ()) and _fits(each.properties, properties or ())]

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Copy the model to a folder and return where it is.

        Raises
        ------
        WebserviceException
            If it is there already and ``exist_ok`` is False.
        """
        target = Path(target_dir) / self._entry.path.name
        if target.exists() and not (exist_ok if exists_ok is None else exists_ok):
            raise WebserviceException(f"{target} exists already; exist_ok=True overwrites it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._entry.path.is_dir():
            shutil.copytree(self._entry.path, target, dirs_exist_ok=True)
        else:
            shutil.copyfile(self._entry.path, target)
        return str(target)

    def delete(self) -> None:
        """Remove the version. Raises InUse while a service needs it."""
        self.workspace.home.models.delete(self.name, self.version)

    def update(self, tags: Mapping[str, Any] | None = None, description: str | None = None, **others: Any) -> None:
        """Replace the tags. A description was given when it was registered and stays."""
        del description, others
        if tags is not None:
            self._tag(_texts(tags))

    def add_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, or give them another value."""
        self._tag({**self.tags, **_texts(tags)})

    def remove_tags(self, tags: Sequence[str]) -> None:
        """Take tags away."""
        self._tag({key: value for key, value in self.tags.items() if key not in tags})

    def _tag(self, tags: Mapping[str, str]) -> None:
        self._entry = self.workspace.home.models.tag(self.name, self.version, tags)

    @staticmethod
    def get_model_path(model_name: str, version: int | None = None, _workspace: Any = None) -> str:
        """Return where a model lies: in a service, the copy it was deployed with; elsewhere ``./MODEL_NAME``.

        Raises
        ------
        ModelNotFound
            If it is in neither place, or its folder holds more than one entry.
        """
        if _workspace is not None:
            return str(Model(_workspace, model_name, version=version).entry.path)
        try:
            return str(model_path(model_name, version, os.environ))
        except NotFound as error:
            raise ModelNotFound(str(error)) from error

    @staticmethod
    def deploy(
        workspace: "Workspace",
        name: str,
        models: "Sequence[Model | ModelVersion]",
        inference_config: InferenceConfig | None = None,
        deployment_config: "DeploymentConfiguration | None" = None,
        deployment_target: Any = None,
        overwrite: bool = False,
        show_output: bool = False,
    ) -> "Webservice":
        """Put models behind a scoring URI; returns at once, in state ``Transitioning``.

        Raises
        ------
        WebserviceException
            If the name does not fit or is taken, no model or no inference configuration is given, or a setting cannot
            be followed.
        """
        from holter.compat.azureml.core.deploying import deploy

        del deployment_target, show_output
        entries = [each.entry if isinstance(each, Model) else each for each in models]
        return deploy(workspace, name, entries, inference_config, deployment_config, overwrite=overwrite)

    def __repr__(self) -> str:
        return f"Model(name={self.name}, id={self.id}, version={self.version}, tags={self.tags})"


def _found(
    workspace: "Workspace", name: str, version: int | str | None, wanted: tuple[Sequence[Any], Sequence[Any]]
) -> "ModelVersion":
    registry = workspace.home.shelves.registry
    try:
        versions = list(registry.versions(name))
    except NotFound as error:
        raise ModelNotFound(str(error)) from error
    tags, properties = wanted
    for entry in reversed(versions):
        right = version in (None, "latest") or entry.version == int(version or 0)
        labels = entry.lineage.get(_PROPERTIES, {}).get("properties") or {}
        if right and _fits(entry.tags, tags) and _fits(labels, properties):
            return entry
    raise ModelNotFound(f"model {name!r} has no version {version if version is not None else 'with these tags'}.")


def _fits(there: Mapping[str, Any], wanted: Sequence[Any]) -> bool:
    for each in wanted:
        key, *value = [each] if isinstance(each, str) else list(each)
        if key not in there or (value and there[key] != str(value[0])):
            return False
    return True


def _texts(labels: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(key): str(value) for key, value in (labels or {}).items()}
