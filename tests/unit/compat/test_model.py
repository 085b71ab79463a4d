"""``Model`` and ``InferenceConfig``."""

import subprocess
import sys
from pathlib import Path

import pytest

from holter.compat.azureml.core import Model
from holter.compat.azureml.core.model import InferenceConfig
from holter.compat.azureml.exceptions import ModelNotFound, WebserviceException
from holter.errors import BadName, InUse


def test_a_registered_model_is_found_by_name_version_and_id(ws, model):
    again = Model.register(ws, "model.pkl", "churn")
    assert (model.name, model.version, model.id) == ("churn", 1, "churn:1")
    assert Model(ws, "churn").version == again.version == 2
    assert Model(ws, "churn", version=1).id == Model(ws, id="churn:1").id == Model(ws, "churn", version="1").id
    assert model.properties == {"auc": "0.8"}
    assert model.url.startswith("file://")


@pytest.mark.parametrize(
    "given", [{"name": "churns"}, {"id": "churn:7"}, {"name": "churn", "version": 9}, {"name": "churn", "tags": ["x"]}]
)
def test_what_is_not_there_is_model_not_found(ws, model, given):
    with pytest.raises(ModelNotFound):
        Model(ws, **given)
    with pytest.raises(WebserviceException):
        Model(ws, **given)


def test_a_model_without_a_name_is_refused(ws):
    with pytest.raises(WebserviceException, match="name a model"):
        Model(ws)


def test_tags_change_and_properties_never_do(ws, model):
    model.add_tags({"team": "risk", "n": 7})
    assert model.tags == {"stage": "test", "team": "risk", "n": "7"}
    model.remove_tags(["stage"])
    model.update(tags={**model.tags, "n": "8"})
    assert Model(ws, "churn").tags == {"team": "risk", "n": "8"}
    assert Model(ws, "churn").properties == {"auc": "0.8"}


def test_lists_are_narrowed_by_name_tag_property_and_newest(ws, model):
    Model.register(ws, "model.pkl", "churn", tags={"stage": "live"}, description="better", model_framework="Onnx")
    Model.register(ws, "model.pkl", "fraud")
    assert [each.id for each in Model.list(ws)] == ["fraud:1", "churn:2", "churn:1"]
    assert [each.id for each in Model.list(ws, "churn", latest=True)] == ["churn:2"]
    assert [each.id for each in Model.list(ws, tags=["stage"])] == ["churn:2", "churn:1"]
    assert [each.id for each in Model.list(ws, tags=[["stage", "live"]])] == ["churn:2"]
    assert [each.id for each in Model.list(ws, properties=[("auc", 0.8)])] == ["churn:1"]
    newest = Model(ws, "churn")
    assert (newest.description, newest.model_framework) == ("better", Model.Framework.ONNX)


@pytest.mark.parametrize("name", ["", "-churn", "a b", "a" * 256, "ä"])
def test_a_name_that_does_not_fit_is_refused(ws, name):
    with pytest.raises(BadName):
        Model.register(ws, "model.pkl", name)


def test_a_file_that_is_not_there_is_refused(ws):
    with pytest.raises(WebserviceException, match=r"nowhere\.pkl"):
        Model.register(ws, "nowhere.pkl", "churn")


def test_a_file_model_downloads_a_file_and_a_folder_model_a_folder(ws, model, tmp_path):
    (tmp_path / "forest" / "trees").mkdir(parents=True)
    (tmp_path / "forest" / "trees" / "0").write_text("leaf")
    forest = Model.register(ws, tmp_path / "forest", "forest")
    target = tmp_path / "down"
    assert Path(model.download(target)).read_text() == "weights"
    assert (target / "forest" / "trees" / "0").exists() is False
    assert Path(forest.download(target)).is_dir()
    with pytest.raises(WebserviceException, match="exist_ok"):
        model.download(target)
    model.download(target, exist_ok=True)
    forest.download(target, exist_ok=True)


def test_a_model_that_is_served_cannot_be_deleted(ws, service):
    with pytest.raises(InUse):
        Model(ws, "churn").delete()
    unused = Model.register(ws, "model.pkl", "churn")
    unused.delete()
    with pytest.raises(ModelNotFound):
        Model(ws, "churn", version=2)


def test_the_path_of_a_model_in_a_service(tmp_path, monkeypatch, home):
    file = tmp_path / "app" / "azureml-models" / "churn" / "3" / "model.pkl"
    file.parent.mkdir(parents=True)
    file.touch()
    monkeypatch.setenv("AML_APP_ROOT", str(tmp_path / "app"))
    assert Model.get_model_path("churn") == str(file)
    assert Model.get_model_path("churn", version=3) == str(file)
    with pytest.raises(ModelNotFound, match="no model 'churns'"):
        Model.get_model_path("churns")
    (home / "beside").touch()
    assert Model.get_model_path("beside") == "beside"


def test_the_path_of_a_model_of_a_workspace(ws, model):
    assert Model.get_model_path("churn", _workspace=ws) == str(model.entry.path)


def test_a_score_script_that_asks_for_its_model_loads_no_database():
    program = "import sys\nfrom holter.compat.azureml.core.model import Model\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pyarrow", "sqlalchemy", "deltalake", "duckdb", "pandas"} & set(loaded)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("gone.py", None, "does not exist"),
        ("score.txt", "", r"no \.py file"),
        ("my-score.py", "", "cannot be imported"),
        ("bad.py", "def run(:", "is not Python"),
        ("zero.py", "\0", "is not Python"),
    ],
)
def test_an_entry_script_is_checked_when_it_is_named(home, name, text, why):
    if text is not None:
        (home / name).write_text(text)
    with pytest.raises(WebserviceException, match=why):
        InferenceConfig(name)


def test_a_source_directory_holds_the_script(home, tmp_path):
    (tmp_path / "src" / "inner").mkdir(parents=True)
    (tmp_path / "src" / "inner" / "score.py").write_text("def run(data): return 1\n")
    config = InferenceConfig(
        "inner/score.py", source_directory=str(tmp_path / "src"), runtime="python", enable_gpu=False
    )
    assert config.script.exists()
