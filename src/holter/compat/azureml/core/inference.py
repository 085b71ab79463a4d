"""What answers: an entry script, with what it needs."""

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holter.compat.azureml.exceptions import WebserviceException

if TYPE_CHECKING:
    from holter.compat.azureml.core.environment import Environment


class InferenceConfig:
    """An entry script and its environment, checked when it is made.

    Parameters
    ----------
    entry_script
        Python file with ``init()`` and ``run(data)``; below ``source_directory`` where that is given.
    environment
        Packages it needs; None runs it with those of this interpreter.
    source_directory
        Folder that is copied with it.

    Raises
    ------
    WebserviceException
        If the file is not there, does not end in ``.py``, has a name no module can have, or is not Python.
    """

    def __init__(
        self,
        entry_script: str,
        environment: "Environment | None" = None,
        source_directory: str | None = None,
        runtime: str | None = None,
        conda_file: str | None = None,
        extra_docker_file_steps: str | None = None,
        enable_gpu: bool | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: Any = None,
        **others: Any,
    ) -> None:
        del runtime, extra_docker_file_steps, enable_gpu, base_image, base_image_registry, others
        self.entry_script, self.source_directory = str(entry_script), source_directory
        self.environment, self.conda_file, self.description = environment, conda_file, description
        _check(self.script)

    @property
    def script(self) -> Path:
        """The file itself."""
        return Path(self.source_directory or ".") / self.entry_script


def _check(script: Path) -> None:
    if not script.is_file():
        raise WebserviceException(f"the entry script {script} does not exist.")
    if script.suffix != ".py":
        raise WebserviceException(f"the entry script {script} is no .py file.")
    if not script.stem.isidentifier():
        raise WebserviceException(f"the entry script {script} cannot be imported: rename it like a variable.")
    try:
        ast.parse(script.read_bytes(), str(script))
    except (SyntaxError, ValueError) as error:
        raise WebserviceException(f"the entry script {script} is not Python: {error}") from error
