"""``Workspace``: Azure's file, unmodified, names a workspace of this machine."""

import json
from pathlib import Path

import pytest

from holter.compat.azureml.core import Workspace
from holter.compat.azureml.core.config import find, read
from holter.compat.azureml.exceptions import ProjectSystemException, UserErrorException
from holter.errors import HolterError

SCOPE = "/subscriptions/s-9/resourceGroups/group/providers/Microsoft.MachineLearningServices/workspaces/scoped"


def test_the_file_names_the_workspace_and_the_rest_are_labels(ws, tmp_path):
    assert (ws.name, ws.subscription_id, ws.resource_group) == ("shop", "s-1", "rg")
    assert ws.home.root == tmp_path / "home" / "shop"
    assert ws.get_details()["id"].endswith(
        "/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/shop"
    )
    assert Workspace.from_config().home.root == ws.home.root


@pytest.mark.parametrize("folder", [".azureml", "aml_config", "."])
@pytest.mark.parametrize("name", ["config.json", "project.json"])
def test_it_is_found_in_the_folders_above(home, monkeypatch, folder, name):
    (home / "config.json").unlink()
    file = home / folder / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps({"workspace_name": "found"}))
    deep = home / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert find().name == "found"


def test_the_first_hit_wins(home):
    (home / ".azureml").mkdir()
    (home / ".azureml" / "config.json").write_text('{"workspace_name": "inner"}')
    assert find().name == "inner"
    assert find(home / "config.json").name == "shop"
    assert find(home / ".azureml").name == "inner"


def test_an_arm_id_is_taken_apart(home):
    (home / "config.json").write_text(json.dumps({"Id": None, "Scope": SCOPE}))
    config = find()
    assert (config.name, config.subscription_id, config.resource_group) == ("scoped", "s-9", "group")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "cannot be read"),
        ("[]", "no JSON object"),
        ("{}", "names no workspace"),
        ('{"workspace_name": 7}', "names no workspace"),
        ('{"Scope": "/subscriptions/s"}', "names no workspace"),
        ("[" * 50_000, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_followed_is_named(home, text, why):
    (home / "config.json").write_text(text)
    with pytest.raises(ProjectSystemException, match=why) as error:
        find()
    assert str(home / "config.json") in str(error.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ProjectSystemException, match=r"config\.json and project\.json in") as error:
        find(empty)
    assert ".azureml" in str(error.value)


def test_a_byte_order_mark_is_no_obstacle(home):
    (home / "config.json").write_bytes(b"\xef\xbb\xbf" + b'{"workspace_name": "bom"}')
    assert read(home / "config.json").name == "bom"


def test_create_get_and_list(home):
    made = Workspace.create("fresh", subscription_id="s-2", resource_group="g", location="westeurope", sku="basic")
    assert made.subscription_id == "s-2"
    with pytest.raises(UserErrorException, match="exist_ok"):
        Workspace.create("fresh")
    assert Workspace.create("fresh", exist_ok=True).name == "fresh"
    assert Workspace.get("fresh").home.root == made.home.root
    assert list(Workspace.list()) == ["fresh"]
    with pytest.raises(ProjectSystemException, match=r"Workspace\.create\('nobody'\)"):
        Workspace.get("nobody")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_a_name_that_could_leave_the_home_is_refused(home, name):
    with pytest.raises(UserErrorException, match="no name for a workspace"):
        Workspace.create(name)


def test_a_workspace_of_holters_own_may_be_named_by_a_variable(home, tmp_path, monkeypatch):
    monkeypatch.setenv("HOLTER_WORKSPACE", str(tmp_path / "elsewhere"))
    assert Workspace.from_config().home.root == tmp_path / "elsewhere"


def test_what_is_written_is_read_again(ws, tmp_path):
    ws.write_config(tmp_path / "copy")
    config = read(tmp_path / "copy" / ".azureml" / "config.json")
    assert (config.name, config.subscription_id, config.resource_group) == ("shop", "s-1", "rg")


def test_it_holds_models_services_datasets_and_environments(ws, service):
    from holter.compat.azureml.core import Dataset, Environment

    Environment("env").register(ws)
    Dataset.Tabular.from_delimited_files(str(_csv(Path("t.csv")))).register(ws, "rows")
    assert list(ws.models) == ["churn"]
    assert list(ws.webservices) == ["churn-api"]
    assert list(ws.datasets) == ["rows"]
    assert list(ws.environments) == ["env"]


def _csv(path):
    path.write_text("a,b\n1,x\n2,y\n")
    return path


def test_errors_are_holters_too(home):
    (home / "config.json").unlink()
    with pytest.raises(HolterError):
        Workspace.from_config(home)


def test_an_unknown_name_of_the_package_is_an_attribute_error():
    from holter.compat.azureml import core

    with pytest.raises(AttributeError, match="Experiment"):
        _ = core.Experiment
