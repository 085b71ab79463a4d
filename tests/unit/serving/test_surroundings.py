"""What the user's code finds around it: its models as Azure lays them out, what was imported before, its spool."""

import json
import sys

import pytest

from holter.errors import EntryScriptFailed, NotFound
from holter.serving.entry import load
from holter.serving.model_path import model_path
from holter.serving.order import lay_out_model, user_environment

SCRIPT = """
    import json, os, sys

    def init():
        pass

    def run(data):
        return {
            "telemetry": os.environ["HOLTER_TELEMETRY"],
            "models": sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"])),
            "preloaded": "holter.compat.auto" in sys.modules,
            "python": sys.executable,
        }
"""


def test_a_worker_finds_what_its_order_says(desk, tmp_path):
    other = tmp_path / "other.bin"
    other.write_text("more weights")
    desk.serve(
        SCRIPT,
        also=(("encoder", 2, str(other)),),
        preload=("holter.compat.auto",),
        telemetry="/somewhere/api",
        python=sys.executable,
    )
    found = json.loads(desk.ask(body=b"{}").body)
    assert found == {
        "telemetry": "/somewhere/api",
        "models": ["encoder", "m"],
        "preloaded": True,
        "python": sys.executable,
    }


def test_one_model_is_its_own_folder(desk):
    order = desk.order()
    lay_out_model(order)
    assert user_environment(order)["AZUREML_MODEL_DIR"].endswith("/azureml-models/m/3")


def test_a_module_that_cannot_be_preloaded_says_which(tmp_path):
    script = tmp_path / "score.py"
    script.write_text("def run(data): return 1\n")
    with pytest.raises(EntryScriptFailed, match=r"importing no\.such\.module before it raised ModuleNotFoundError"):
        load(script, ("no.such.module",))


@pytest.fixture
def models(tmp_path):
    for version in (2, 10, 9):
        folder = tmp_path / "azureml-models" / "churn" / str(version)
        folder.mkdir(parents=True)
        (folder / "model.pkl").write_text("weights")
    folder = tmp_path / "azureml-models" / "forest" / "1" / "trees"
    folder.mkdir(parents=True)
    (folder / "0").write_text("")
    return {"AML_APP_ROOT": str(tmp_path)}


def test_the_highest_version_is_taken_and_not_the_last_of_the_alphabet(models, tmp_path):
    assert model_path("churn", None, models) == tmp_path / "azureml-models" / "churn" / "10" / "model.pkl"
    assert model_path("churn", 2, models).parent.name == "2"
    assert model_path("forest", None, models).name == "trees"


def test_outside_of_a_service_the_model_lies_beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "churn").touch()
    assert str(model_path("churn", None, {})) == "churn"


@pytest.mark.parametrize(("name", "version"), [("churns", None), ("churn", 3)])
def test_a_model_that_is_not_there_is_said_so(models, name, version):
    with pytest.raises(NotFound, match="there is no model 'churn"):
        model_path(name, version, models)


@pytest.mark.parametrize("more", [1, -1])
def test_more_or_less_than_one_entry_is_an_error(models, tmp_path, more):
    folder = tmp_path / "azureml-models" / "churn" / "10"
    if more > 0:
        (folder / "readme.md").touch()
    else:
        (folder / "model.pkl").unlink()
    with pytest.raises(NotFound, match="no single entry in"):
        model_path("churn", None, models)
