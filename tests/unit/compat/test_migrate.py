"""``holter migrate check`` on programs in the style of those that people have."""

import ast
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

import azure_scripts
from holter.cli.root import holter
from holter.compat.azureml.core import updating
from holter.compat.migrate import Status, check, rewrite
from holter.compat.migrate.unsupported import UPDATE, remedy_of
from holter.errors import InputError

OK, MAPPED, IGNORED, NO = Status.WORKS, Status.MAPPED, Status.IGNORED, Status.UNSUPPORTED


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("scripts")
    azure_scripts.write(root)
    return root


@pytest.fixture(scope="module")
def found(folder):
    """Return the findings of a file as tuples of line, name and status."""
    report = check(folder)
    return lambda name: {(each.line, each.name, each.status) for each in report.findings if each.file == name}


def test_there_are_enough_programs():
    assert len(azure_scripts.SCRIPTS) >= 20


def test_a_plain_score_script(found):
    model = "azureml.core.model.Model"
    assert found("score_plain.py") == {(2, model, MAPPED), (6, f"{model}.get_model_path", OK)}


def test_a_client_that_init_makes_is_known_in_run_above_it(found):
    seen = found("score_telemetry.py")
    assert (6, "TelemetryClient.track_metric", OK) in seen
    assert (6, "TelemetryClient.track_metric(type)", IGNORED) in seen
    assert (7, "TelemetryClient.track_nothing", NO) in seen
    assert (12, "applicationinsights.TelemetryClient", OK) in seen


def test_the_collector_keeps_its_own_package(found):
    seen = found("score_collector.py")
    assert (2, "azureml.ai.monitoring.Collector", OK) in seen
    assert {status for *_, status in seen} == {OK}


def test_raw_requests_work_as_they_are(found):
    assert {status for *_, status in found("score_raw.py")} == {OK}


def test_attributes_of_self_are_followed(found):
    assert (8, "TelemetryClient.track_event(nothing)", NO) in found("score_class.py")


def test_the_old_collector_is_not_needed(found):
    assert (1, "azureml.monitoring.ModelDataCollector", NO) in found("score_collector_v1.py")
    assert "capture" in remedy_of("azureml.monitoring.ModelDataCollector")


def test_a_deployment_with_settings_that_only_a_cloud_has(found):
    seen = found("deploy_aci.py")
    configure = "azureml.core.webservice.AciWebservice.deploy_configuration"
    assert (6, f"{configure}(dns_name_label)", IGNORED) in seen
    assert {(6, f"{configure}({name})", OK) for name in ("cpu_cores", "memory_gb", "ssl_enabled")} <= seen
    assert (7, "azureml.core.model.InferenceConfig(runtime)", IGNORED) in seen
    assert (5, "azureml.core.Workspace.from_config", MAPPED) in seen
    assert (9, "Webservice.wait_for_deployment", OK) in seen
    assert not [each for each in seen if each[2] is NO]


def test_aliases_are_followed(folder, found):
    seen = found("deploy_alias.py")
    configure = "azureml.core.webservice.AksWebservice.deploy_configuration"
    assert (1, "azureml.core", MAPPED) in seen
    assert (4, "azureml.core.Workspace.get(subscription_id)", IGNORED) not in seen
    assert {(5, f"{configure}(num_replicas)", OK), (5, f"{configure}(gpu_cores)", IGNORED)} <= seen
    assert (6, f"{configure}(num_replica)", NO) in seen
    assert (7, "azureml.core.webservice.AksWebservice.create_version", NO) in seen
    remedies = {each.name: each.remedy for each in check(folder / "deploy_alias.py").findings}
    assert remedies[f"{configure}(num_replica)"] == "did you mean num_replicas?"
    assert "canary" in remedies["azureml.core.webservice.AksWebservice.create_version"]


def test_dotted_imports_bind_their_first_part(found):
    seen = found("deploy_dotted.py")
    assert {(4, "azureml.core.Workspace.from_config", MAPPED), (6, "azureml.core.model.Model", OK)} <= seen
    assert (5, "azureml.core.VERSION", NO) in seen


def test_a_star_brings_what_is_there_and_what_is_missing(found):
    seen = found("deploy_star.py")
    assert (1, "azureml.core.*", MAPPED) in seen
    assert {(4, "azureml.core.Experiment", NO), (5, "azureml.core.ScriptRunConfig", NO)} <= seen
    assert (5, "azureml.core.Experiment.submit", NO) in seen


@pytest.mark.parametrize("name", ["package/relative.py", "strings.py", "empty.py", "unrelated.py"])
def test_what_only_looks_like_an_import_is_none(found, name):
    assert not found(name)


@pytest.mark.parametrize("name", ["broken.py", "wrong_bytes.py", "no_notebook.ipynb"])
def test_what_cannot_be_read_is_said_and_costs_no_other_file(found, name):
    ((_, told, status),) = found(name)
    assert (told, status) == (name, NO)


def test_training_is_not_what_holter_does(found):
    assert {status for *_, status in found("train_automl.py")} == {NO}
    assert {status for *_, status in found("pipeline.py")} == {NO}


def test_what_a_service_cannot_change(found):
    seen = found("alerts.py")
    assert {(4, "Webservice.update(alert_rules)", OK), (4, "Webservice.update(location)", NO)} <= seen
    assert {(5, "Webservice.get_token", NO), (6, "Webservice.get_keys", MAPPED)} <= seen
    assert {(7, "Webservice.settings", NO), (8, "Webservice.note", IGNORED)} <= seen


def test_datasets_and_datastores(found):
    seen = found("datasets.py")
    assert (4, "TabularDataset.take", MAPPED) in seen
    assert (4, "azureml.core.Dataset.Tabular.from_delimited_files(separator)", IGNORED) in seen
    assert (5, "TabularDataset.to_pandas_dataframe", OK) in seen
    assert {(6, "azureml.core.Dataset.File.from_files", NO), (7, "Workspace.get_default_datastore", NO)} <= seen
    assert (11, "Webservice.delete", OK) in seen


def test_environments(found):
    seen = found("environment.py")
    assert (5, "Environment.docker", NO) in seen
    assert (6, "Environment.python.conda_dependencies.add_pip_package", OK) in seen
    assert (7, "azureml.core.conda_dependencies.CondaDependencies.create(python_version)", IGNORED) in seen
    assert (8, "azureml.core.Environment.from_existing_conda_environment", NO) in seen


def test_annotations_are_believed(found):
    assert {(5, "Workspace.experiments", NO), (5, "Workspace.images", NO)} <= found("typed.py")
    assert len(found("typed.py")) == 3


def test_imports_by_text(found):
    assert found("dynamic.py") == {(3, "azureml.core.model", MAPPED), (4, "azureml.train.automl", NO)}


def test_a_name_of_the_users_own_hides_the_original(found):
    assert found("shadowed.py") == {(1, "azureml.core.Workspace", MAPPED)}


def test_an_import_that_is_tried(found):
    seen = found("tried.py")
    assert {(6, "applicationinsights.TelemetryClient", OK), (7, "applicationinsights.TelemetryClient", OK)} <= seen
    assert (8, "applicationinsights.TelemetryClient(3 arguments)", NO) in seen


def test_frameworks_and_logging(found):
    seen = found("flask_app.py")
    assert (1, "applicationinsights.flask.ext.AppInsights", NO) in seen
    assert (6, "applicationinsights.logging.enable(async_)", IGNORED) in seen


def test_a_program_that_has_moved_already(found):
    seen = found("migrated.py")
    assert (3, "azureml.core.Workspace", OK) in seen
    assert {(7, "azureml.core.Workspace.from_config", MAPPED), (8, "Workspace.experiments", NO)} <= seen
    assert not [each for each in seen if "holter" in each[1]]


def test_notebooks_with_magics(folder):
    seen = {(each.cell, each.name, each.status) for each in check(folder / "notebook.ipynb").findings}
    assert seen == {
        (2, "azureml.core", MAPPED),
        (3, "azureml.core.Workspace.from_config", MAPPED),
        (3, "Workspace.experiments", NO),
        (4, "azureml.core.model.Model", MAPPED),
        (4, "azureml.core.model.Model.package", NO),
        (6, "Workspace.images", NO),
        (6, "azureml.core.Dataset", MAPPED),
    }


def test_a_line_of_a_notebook_is_one_of_its_file(folder):
    first = check(folder / "notebook.ipynb").findings[0]
    assert "import azureml.core" in (folder / "notebook.ipynb").read_text().splitlines()[first.line - 1]


def test_a_broken_cell_costs_no_other(tmp_path):
    cells = ("code", "from azureml.core import Dataset\n"), ("code", "print 1 # azureml"), ("code", "Dataset.File")
    (tmp_path / "x.ipynb").write_text(azure_scripts.notebook(*cells))
    names = {each.name for each in check(tmp_path).findings}
    assert names == {"azureml.core.Dataset", "x.ipynb", "azureml.core.Dataset.File"}
    before = (tmp_path / "x.ipynb").read_bytes()
    assert rewrite(tmp_path).rewritten == ()
    assert (tmp_path / "x.ipynb").read_bytes() == before


def test_writing_changes_import_lines_only(tmp_path):
    azure_scripts.write(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    report = rewrite(tmp_path)
    for path, data in before.items():
        now = path.read_bytes()
        name = path.relative_to(tmp_path).as_posix()
        assert (now != data) == (name in report.rewritten)
        changed = [pair for pair in zip(data.splitlines(), now.splitlines(), strict=True) if pair[0] != pair[1]]
        assert all(b"import" in old or b"azureml.core \\" in old for old, _ in changed), name
    assert {"latin.py", "bom.py", "notebook.ipynb", "continued.py", "tried.py"} <= set(report.rewritten)
    assert not {"broken.py", "wrong_bytes.py", "strings.py", "package/relative.py", "migrated.py"} & set(
        report.rewritten
    )
    assert rewrite(tmp_path).rewritten == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import azureml.core as aml\n", "import holter.compat.azureml.core as aml\n"),
        ("import azureml.core\n", "import holter.compat.azureml.core, holter.compat.azureml as azureml\n"),
        (
            "import os, applicationinsights; x = 1  # é\r\n",
            "import os, holter.compat.applicationinsights as applicationinsights; x = 1  # é\r\n",
        ),
        ("é = 1; from azureml.core import Run\n", "é = 1; from holter.compat.azureml.core import Run\n"),
        (
            "from \\\n    azureml.core \\\n    import Model\n",
            "from \\\n    holter.compat.azureml.core \\\n    import Model\n",
        ),
        ("from azureml import core\n", "from holter.compat.azureml import core\n"),
        ("from azureml.ai.monitoring import Collector\n", None),
        ("from azureml.train.automl import AutoMLConfig\n", None),
        ("from azureml.contrib.services.aml_request import rawhttp\n", None),
    ],
)
def test_an_import_line_keeps_the_names_it_makes(tmp_path, before, after):
    file = tmp_path / "x.py"
    file.write_bytes(before.encode())
    file.chmod(0o750)
    rewrite(file)
    assert file.read_bytes().decode() == (after or before)
    assert file.stat().st_mode & 0o777 == 0o750


def test_odd_bytes_are_kept(tmp_path):
    azure_scripts.write(tmp_path)
    rewrite(tmp_path)
    latin, bom = (tmp_path / "latin.py").read_bytes(), (tmp_path / "bom.py").read_bytes()
    assert latin == azure_scripts.LATIN.replace(b"from azureml", b"from holter.compat.azureml")
    assert bom == azure_scripts.BOM.replace(b"from azureml", b"from holter.compat.azureml")


def test_the_escapes_of_a_notebook_are_kept(tmp_path):
    head = r'{"nbformat": 4, "cells": [{"cell_type": "code", "source": '
    text = head + r'["x = \"\u00e9\ud83d\ude00\/é\"; import azureml.core as a\n"]}]}'
    (tmp_path / "x.ipynb").write_text(text, encoding="utf-8")
    rewrite(tmp_path)
    fresh = (tmp_path / "x.ipynb").read_text(encoding="utf-8")
    assert fresh == text.replace("import azureml", "import holter.compat.azureml")


def test_rewritten_imports_run(tmp_path):
    (tmp_path / "x.py").write_text(
        "import azureml.core\nimport applicationinsights\nfrom azureml.core.model import Model\n"
        "assert azureml.core.Model is Model\napplicationinsights.TelemetryClient('k')\n"
    )
    rewrite(tmp_path)
    subprocess.run([sys.executable, tmp_path / "x.py"], check=True, cwd=tmp_path)


def test_nothing_of_the_programs_is_run(tmp_path):
    (tmp_path / "x.py").write_text("from azureml.core import Model\nopen('ran', 'w')\nraise SystemExit\n")
    (tmp_path / "azureml.py").write_text("open('ran', 'w')\n")
    check(tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["azureml.py", "x.py"]


def test_the_verb_prints_by_file_and_gates(folder, tmp_path):
    done = CliRunner().invoke(holter, ["migrate", "check", str(folder)])
    assert done.exit_code == 3
    assert "score_plain.py\n" in done.output
    assert "7 " in done.output
    assert "unsupported" in done.output.splitlines()[-1]
    plain = json.loads(CliRunner().invoke(holter, ["migrate", "check", str(folder), "--json"]).output)
    assert plain["summary"]["unsupported"] == sum(each["status"] == "unsupported" for each in plain["findings"])
    (tmp_path / "x.py").write_text(azure_scripts.SCRIPTS["score_plain.py"])
    done = CliRunner().invoke(holter, ["migrate", "check", str(tmp_path), "--write"])
    assert (done.exit_code, "import lines changed: x.py" in done.output) == (0, True)
    assert CliRunner().invoke(holter, ["migrate", "check", str(tmp_path / "none")]).exit_code == 1


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        check(tmp_path / "none")


def test_the_table_of_what_a_service_can_change_is_the_adapters():
    known = {*updating._CHANGES, *updating._SETTINGS, "inference_config", "models"}
    assert known == UPDATE


def test_the_programs_are_python():
    for name, text in azure_scripts.SCRIPTS.items():
        if name not in ("broken.py", "unrelated.py"):
            ast.parse(text)
