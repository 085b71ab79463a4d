import json

import pytest

SCORE = """
import json


def init():
    pass


def run(data):
    return json.dumps({"result": len(json.loads(data)["data"])})
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A working directory with a config.json, and nowhere else to look."""
    monkeypatch.setenv("HOLTER_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("HOLTER_WORKSPACE", raising=False)
    here = tmp_path / "here"
    here.mkdir()
    fields = {"subscription_id": "s-1", "resource_group": "rg", "workspace_name": "shop"}
    (here / "config.json").write_text(json.dumps(fields))
    (here / "score.py").write_text(SCORE)
    (here / "model.pkl").write_text("weights")
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def ws(home):
    from holter.compat.azureml.core import Workspace

    return Workspace.from_config()


@pytest.fixture
def model(ws):
    from holter.compat.azureml.core import Model

    return Model.register(ws, "model.pkl", "churn", tags={"stage": "test"}, properties={"auc": 0.8})


@pytest.fixture
def service(ws, model, monkeypatch):
    """A service that is written down and not started."""
    from holter.compat.azureml.core.model import InferenceConfig, Model
    from holter.compat.azureml.core.webservice import AciWebservice

    monkeypatch.setattr("holter.workspace.tree.ensure", lambda root: None)
    config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, enable_app_insights=True)
    return Model.deploy(ws, "churn-api", [model], InferenceConfig("score.py"), config)
