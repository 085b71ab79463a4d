"""``holter.compat.install()``: old imports find the adapters, in processes where the originals are hidden."""

import subprocess
import sys

from hidden_originals import HIDDEN
from holter.compat import install


def ran(program, *, hidden=True):
    """Run a program in a process of its own and return what it printed."""
    whole = f"{HIDDEN if hidden else ''}\n{program}"
    done = subprocess.run([sys.executable, "-c", whole], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_install_there_is_no_azureml():
    program = "try:\n    import azureml.core\nexcept ModuleNotFoundError as error:\n    print(error)"
    assert ran(program) == "No module named 'azureml'"


IMPORTS = (
    ("import azureml.core", "azureml.core.Workspace", "azureml.core.workspace"),
    ("import azureml.core as core", "core.Dataset", "azureml.core.dataset"),
    ("from azureml.core import Model", "Model", "azureml.core.model"),
    ("from azureml.core.model import Model, InferenceConfig", "InferenceConfig", "azureml.core.inference"),
    ("from azureml.core.webservice import AciWebservice", "AciWebservice", "azureml.core.webservice"),
    ("from azureml.core.conda_dependencies import *", "CondaDependencies", "azureml.core.conda_dependencies"),
    ("from azureml.exceptions import *", "WebserviceException", "azureml.exceptions"),
    ("import applicationinsights", "applicationinsights.TelemetryClient", "applicationinsights.client"),
    ("from applicationinsights.channel import TelemetryChannel", "TelemetryChannel", "applicationinsights.channel"),
    ("from applicationinsights.logging import enable", "enable", "applicationinsights.logging"),
)


def test_old_imports_find_the_adapters():
    lines = [f"{statement}\nprint({asked}.__module__)" for statement, asked, _ in IMPORTS]
    program = "\n".join(["from holter.compat import install", "install()", *lines])
    assert ran(program).splitlines() == [f"holter.compat.{home}" for _, _, home in IMPORTS]


def test_a_class_is_the_same_under_both_of_its_names():
    program = """
from holter.compat import install
install()
import azureml.core, azureml.core.model
from azureml.core.model import Model
import holter.compat.azureml.core.model as ours
assert Model is ours.Model is azureml.core.Model
assert azureml.core.model is ours
assert ours.__name__ == ours.__spec__.name == "holter.compat.azureml.core.model", ours.__spec__
from azureml.exceptions import ModelNotFound
from holter.compat.azureml.exceptions import ModelNotFound as same
assert ModelNotFound is same
print("same")
"""
    assert ran(program) == "same"


def test_the_old_name_first_is_the_same_too():
    program = """
from holter.compat import install
install()
from azureml.core.webservice import Webservice
from holter.compat.azureml.core.webservice import Webservice as same
print(Webservice is same)
"""
    assert ran(program) == "True"


def test_what_neither_has_is_not_found():
    program = """
from holter.compat import install
install()
for name in ("azureml.train", "azureml.core.experiment", "applicationinsights.flask", "azureml.core.model.inner"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error.name)
"""
    found = ran(program).splitlines()
    assert found == [
        "azureml.train",
        "azureml.core.experiment",
        "applicationinsights.flask",
        "azureml.core.model.inner",
    ]


def test_a_second_call_changes_nothing(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    install()
    before = list(sys.meta_path)
    install()
    assert sys.meta_path == before


def test_an_original_that_is_installed_wins():
    program = """
from holter.compat import install
install()
import applicationinsights
print(applicationinsights.TelemetryClient.__module__)
"""
    assert ran(program, hidden=False) == "applicationinsights.TelemetryClient"


def test_azures_collector_works_beside_the_adapters():
    program = """
from holter.compat import install
install()
from azureml.ai.monitoring import Collector
from azureml.core import Workspace
print(Collector.__module__, Workspace.__module__)
"""
    found = ran(program, hidden=False)
    assert found == "azureml.ai.monitoring.collector holter.compat.azureml.core.workspace"


def test_what_workers_load_first_installs_and_loads_nothing_heavy():
    program = "import holter.compat.auto, applicationinsights, azureml.core.model, sys\nprint(*sys.modules)"
    loaded = set(ran(program).split())
    assert not {"numpy", "pyarrow", "sqlalchemy", "deltalake", "duckdb", "pandas", "fastapi"} & loaded
