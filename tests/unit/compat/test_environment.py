"""``Environment`` and ``CondaDependencies``."""

import pytest

from holter.compat.azureml.core import Environment
from holter.compat.azureml.core.conda_dependencies import CondaDependencies
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import EnvironmentFailed

CONDA = """\
# for scoring
name: shop
channels:
  - conda-forge
  - defaults
dependencies:
  - python=3.8
  - numpy=1.26   # as it was
  - conda-forge::scikit-learn=1.4=py38_0
  - 'scipy>=1.10'
  - pip=23
  - pip:
    - azureml-defaults==1.61
    - applicationinsights
    - azureml-ai-monitoring
    - "joblib==1.3"
  - pandas
prefix: /opt/shop
"""


def test_packages_of_a_requirements_file(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# ours\n\nnumpy>=1 # any\n  pandas==2.0  \nazureml-core==1.61\nnumpy>=1\n")
    made = Environment.from_pip_requirements("shop", file, pip_version="23")
    assert (made.name, made.requirements) == ("shop", ["numpy>=1", "pandas==2.0"])
    assert repr(made) == "Environment(name=shop, version=None, pip=['numpy>=1', 'pandas==2.0'])"


def test_packages_of_a_conda_file_come_from_pypi(tmp_path):
    file = tmp_path / "conda.yml"
    file.write_text(CONDA)
    made = Environment.from_conda_specification("shop", str(file))
    wanted = ["numpy==1.26", "scikit-learn==1.4", "scipy>=1.10", "azureml-ai-monitoring", "joblib==1.3", "pandas"]
    assert made.requirements == wanted


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    for read in (Environment.from_pip_requirements, Environment.from_conda_specification):
        with pytest.raises(UserErrorException, match="nowhere"):
            read("shop", tmp_path / "nowhere")
        (tmp_path / "bytes").write_bytes(b"\xff\xfe\xff")
        with pytest.raises(UserErrorException, match="bytes"):
            read("shop", tmp_path / "bytes")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x"])
def test_a_name_that_fits_no_folder_is_refused(name):
    with pytest.raises(UserErrorException, match="no name for an environment"):
        Environment(name)


def test_conda_environments_are_refused_with_a_way_out():
    with pytest.raises(UserErrorException, match="conda env export"):
        Environment.from_existing_conda_environment("shop", "py38")


def test_a_registered_environment_is_found_by_name_and_version(ws):
    shop = Environment("shop")
    shop.environment_variables = {"COLOUR": "red"}
    first = shop.register(ws)
    shop.python.conda_dependencies.add_pip_package("numpy")
    second = shop.register(ws)
    assert (first.version, second.version) == ("1", "2")
    assert Environment.get(ws, "shop").requirements == ["numpy"]
    again = Environment.get(ws, "shop", version="1")
    assert (again.requirements, again.environment_variables) == ([], {"COLOUR": "red"})
    assert Environment.get(ws, "shop", "1").version == "1"
    assert {name: each.version for name, each in Environment.list(ws).items()} == {"shop": "2"}
    assert list(ws.environments) == ["shop"]


@pytest.mark.parametrize("asked", [("other", None), ("shop", "9"), ("shop", "one")])
def test_an_environment_that_is_not_there_is_refused(ws, asked):
    Environment("shop").register(ws)
    with pytest.raises(UserErrorException, match="there is no environment"):
        Environment.get(ws, *asked)
    assert Environment.list(ws).keys() == {"shop"}


def test_without_packages_it_is_this_interpreter(tmp_path):
    assert Environment("plain").interpreter(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_cannot_be_installed_is_told_with_what_pip_said(tmp_path):
    bad = Environment("bad")
    bad.python.conda_dependencies.add_pip_package(str(tmp_path / "nowhere.whl"))
    with pytest.raises(EnvironmentFailed, match=r"nowhere\.whl"):
        bad.interpreter(tmp_path)


def test_packages_are_added_once_and_taken_away():
    made = CondaDependencies.create(
        pip_packages=["numpy", "numpy", "azureml-defaults"],
        conda_packages=["scipy=1.10"],
        python_version="3.8",
        pip_indexurl="x",
    )
    made.add_conda_package("pandas=2.0")
    made.add_pip_package("numpy")
    made.set_python_version("3.9")
    assert made.pip_packages == ["scipy==1.10", "numpy", "pandas==2.0"]
    made.remove_pip_package("scipy")
    made.remove_pip_package("pandas==9")
    made.remove_pip_package("never")
    assert made.pip_packages == ["numpy"]


@pytest.mark.parametrize(
    "package",
    ["", "pip", "python>=3.8", "azureml-core", "azureml-defaults[x]==1", "AzureML-Core", "applicationinsights ~= 0.11"],
)
def test_what_is_here_already_is_left_out(package):
    made = CondaDependencies()
    made.add_pip_package(package)
    assert made.pip_packages == []


@pytest.mark.parametrize(
    ("there", "removed"),
    [("numpy>=1.20", "numpy"), ("numpy[x]==1", "numpy"), ("numpy==1", "numpy>=2"), ("NumPy", "numpy")],
)
def test_a_package_goes_by_its_name_whatever_its_version(there, removed):
    made = CondaDependencies.create(pip_packages=[there, "numpy-financial"])
    made.remove_pip_package(removed)
    assert made.pip_packages == ["numpy-financial"]
