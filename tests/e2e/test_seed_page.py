"""Old Azure code goes on working: the snippets of a page, in its order, in a process of their own.

Two pages: our own, and, where it lies beside the repository, the one that our users have copied from. Each is run with
its import lines changed, and once more as it was written, where Azure's packages cannot be found.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import holter
from hidden_originals import HIDDEN
from holter.types import SeriesKind, Span
from mail_catcher import mail_server

pytestmark = pytest.mark.e2e

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 240.0
PROMISED_SECONDS = 30.0
"""A rule fires so soon after the request that breaks it."""
GIVEN = """
import numpy as np
import pandas as pd
from azureml.core import Dataset, Environment, Workspace

env = Environment("plain")
_x = np.random.default_rng(0).normal(size=(3000, 2))
_columns = {columns}
dataset = Dataset.Tabular.register_pandas_dataframe(
    pd.DataFrame({{name: _x[:, place % 2] for place, name in enumerate(_columns)}}), Workspace.from_config(), "data"
)
"""
GOOD, BAD = json.dumps({"data": [[2.0, 0.0], [-2.0, 0.0]]}), json.dumps({"data": [["a"]]})


@dataclass(frozen=True)
class Page:
    """A page, and the names that its snippets use."""

    file: Path
    model: str
    service: str
    columns: tuple[str, ...]
    metric: str
    event: str
    rule: str
    to: str

    def blocks(self):
        """Return the score script, and the other snippets in their order; Azure's imports as they were."""
        found = re.findall(r"^```python\n(.*?)^```$", self.file.read_text(), flags=re.MULTILINE | re.DOTALL)
        plain = [re.sub(r"\bholter\.compat\.(azureml|applicationinsights)\b", r"\1", each) for each in found]
        (score,) = (each for each in plain if "def run(" in each)
        return score, [each for each in plain if each is not score]


OURS = Page(
    REPOSITORY / "docs" / "how-to" / "coming-from-azure-ml.md",
    "churn", "churn-service", ("income", "visits", "tenure"), "Customers", "Answered", "Errors", "team@example.com",
)  # fmt: skip
THEIRS = Page(
    REPOSITORY.parent / "shared" / "seed" / "monitoring-models.md",
    "your_model_name", "monitoring-service", ("feature1", "feature2", "feature3"), "PredictionCount",
    "ModelPrediction", "HighErrorRate", "your_email@example.com",
)  # fmt: skip


@pytest.fixture(params=[OURS, THEIRS], ids=["our page", "the page of our users"])
def page(request):
    if request.param is THEIRS and not THEIRS.file.exists():
        pytest.skip("the page is not part of the repository")
    return request.param


class Reader:
    """Somebody who follows a page in an empty folder, with a trained model."""

    def __init__(self, folder, page, smtp_port=0):
        self.page, self.folder, self.root = page, folder / "here", folder / "home" / "shop"
        self.folder.mkdir()
        self.root.mkdir(parents=True)
        mail = f'smtp_url = "smtp://127.0.0.1:{smtp_port}"\n' if smtp_port else ""
        (self.root / "holter.toml").write_text(f"{mail}port = 0\n")
        fields = {"subscription_id": "s", "resource_group": "rg", "workspace_name": "shop"}
        (self.folder / "config.json").write_text(json.dumps(fields))
        x = np.random.default_rng(0).normal(size=(300, 2))
        joblib.dump(LogisticRegression().fit(x, (x[:, 0] > 0).astype(int)), self.folder / "model.pkl")
        self.ws = holter.open(self.root)
        self.ws.models.register(page.model, self.folder / "model.pkl")
        self.environment = {**os.environ, "HOLTER_HOME": str(folder / "home")}
        self.environment.pop("HOLTER_WORKSPACE", None)

    def follow(self, *, changed):
        """Run the page to its end, with its imports changed or as it is, and return what it printed."""
        score, blocks = self.page.blocks()
        given = GIVEN.format(columns=self.page.columns)
        program = "\n".join([given, *blocks])
        if changed:
            score, program = _changed(score), _changed(program)
        else:
            program = f"import holter.compat\nholter.compat.install()\n{program}"
            (self.folder / "sitecustomize.py").write_text(HIDDEN)
            self.environment["PYTHONPATH"] = str(self.folder)
        (self.folder / "score.py").write_text(score)
        return self.run(program)

    def run(self, program):
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    @property
    def service(self):
        return self.ws.deployment(self.page.service)

    def series(self):
        now = datetime.now(UTC)
        shelf = self.ws.shelves.registry.deployment(self.page.service).shelf
        return self.ws.shelves.facts.series(shelf, Span(now - timedelta(hours=1), now + timedelta(hours=1)))

    def failures(self):
        """Return the newest published number of failed requests in the window of the page's rule."""
        monitor = f"{self.page.service}-alerts-traffic-300s"
        found = self.ws.shelves.facts.measurements(monitor, metric="traffic.failures")
        return found[-1].value if found else None

    def alerts(self, rule):
        return [alert for alert in self.ws.shelves.facts.alerts() if alert.rule == rule]


def _changed(code):
    return re.sub(r"^(from|import) (azureml|applicationinsights)", r"\1 holter.compat.\2", code, flags=re.MULTILINE)


def post(uri, body, **headers):
    where = urlsplit(uri)
    connection = http.client.HTTPConnection(where.hostname, where.port, timeout=30)
    try:
        connection.request("POST", where.path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def until(true, what, seconds=PATIENCE_SECONDS):
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)
    return found


def check_it_serves(reader, printed):
    """The lines that the page prints, a reply, and what score.py has measured."""
    (uri,) = re.findall(r"^Scoring URI: (http://127\.0\.0\.1:\d+/score)$", printed, flags=re.MULTILINE)
    assert re.search(r"^Service state: Healthy$", printed, flags=re.MULTILINE)
    status, reply = post(uri, GOOD)
    assert status == 200
    assert json.loads(json.loads(reply))["result"] == [1, 0]  # JSON in JSON, as Azure's server does
    metric, event = (SeriesKind.METRIC, reader.page.metric), (SeriesKind.EVENT, reader.page.event)
    series = until(lambda: {metric, event} <= set(found := reader.series()) and found, "telemetry arrived")
    assert (series[metric].count, series[metric].total, series[event].count) == (1, 2.0, 1)
    (happened,) = reader.ws.shelves.facts.occurrences(reader.service.entry.shelf, 10)
    assert (happened.name, list(happened.properties.values())) == (reader.page.event, ["[1 0]"])
    return uri


def check_it_stops(reader, uri):
    reader.ws.stop()
    with pytest.raises(ConnectionRefusedError):
        post(uri, GOOD)
    assert not reader.ws.status.running


SHORT = """
from holter.compat.azureml.core import Webservice, Workspace

service = Webservice(Workspace.from_config(), "{service}")
short = {{"name": "Short", "condition": {{**service.alert_rules[0]["condition"], "window": "1m", "threshold": 5}}}}
service.update(alert_rules=[*service.alert_rules, short])
"""


def test_a_page_works_with_its_import_lines_changed(tmp_path, page):
    with mail_server() as (box, port):
        reader = Reader(tmp_path, page, port)
        try:
            printed = reader.follow(changed=True)
            uri = check_it_serves(reader, printed)
            check_drift(printed, page)
            reader.run(SHORT.format(service=page.service))
            check_alerts(reader, uri, box)
            check_it_stops(reader, uri)
        finally:
            reader.ws.stop()


def check_drift(printed, page):
    """The profile is a table for people: a line for each feature that was asked for, and for no other."""
    assert all(name in printed for name in page.columns[:2])
    assert page.columns[2] not in printed


def check_alerts(reader, uri, box):
    """Not at the 9th failed request, soon after the 10th, with one mail; and a shorter rule resolves by itself."""
    rule, to = reader.page.rule, reader.page.to
    for _ in range(9):
        status, reply = post(uri, BAD)
        assert status == 200
        assert "error" in json.loads(json.loads(reply))
    until(lambda: reader.failures() == 9, "nine failures were looked at")
    assert reader.alerts(rule) == []
    assert post(uri, BAD)[0] == 200
    (alert,) = until(lambda: reader.alerts(rule), "the rule fired", PROMISED_SECONDS)
    assert (alert.state, alert.measurement.value) == ("firing", 10)
    until(lambda: box.mails, "the mail came")
    until(lambda: [each.state for each in reader.alerts("Short")] == ["resolved"], "the short rule resolved", 180)
    (receivers,), (mail,) = box.receivers, box.mails
    assert receivers == [to]
    assert rule in mail["Subject"] or reader.page.service in mail["Subject"]


def test_a_page_works_as_it_was_written_where_azures_packages_are_not_installed(tmp_path, page):
    reader = Reader(tmp_path, page)
    try:
        printed = reader.follow(changed=False)
        uri = check_it_serves(reader, printed)
        check_drift(printed, page)
        check_it_stops(reader, uri)
    finally:
        reader.ws.stop()


BAD_SCORE = """
def init():
    print("loading")
    raise ValueError("no weights here")


def run(data):
    return data
"""
NEEDS = """
import os

import tinyshop


def init():
    pass


def run(data):
    return [tinyshop.ANSWER, os.environ["COLOUR"]]
"""
BEGIN = """
from holter.compat.azureml.core import Environment, Model, Webservice, Workspace
from holter.compat.azureml.core.model import InferenceConfig
from holter.compat.azureml.core.webservice import AciWebservice
from holter.compat.azureml.exceptions import WebserviceException

ws = Workspace.from_config()
model = Model(ws, "churn")
config = AciWebservice.deploy_configuration(cpu_cores=1, memory_gb=1, enable_app_insights=True)


def deploy(name, script, models=(model,), config=config, environment=None, **others):
    open(f"{script}.py", "a").close()
    inference = InferenceConfig(f"{script}.py", environment)
    return Model.deploy(ws, name, list(models), inference, config, **others)
"""


@pytest.fixture
def reader(tmp_path):
    reader = Reader(tmp_path, OURS)
    yield reader
    reader.ws.stop()


def write(reader, name, text):
    (reader.folder / name).write_text(textwrap.dedent(text))


def test_a_service_whose_init_fails_says_why(reader):
    write(reader, "bad.py", BAD_SCORE)
    program = f"""{BEGIN}
service = deploy("bad", "bad")
print(service.state)
try:
    service.wait_for_deployment(show_output=True)
except WebserviceException as error:
    print("SAID", error)
print(service.state)
print("LOG", service.get_logs())
"""
    printed = reader.run(program)
    assert re.match(r"(Transitioning|Failed)\nRunning\n", printed)
    said, _, log = printed.partition("SAID")[2].partition("LOG")
    for told in (said, log):
        assert "loading" in told
        assert "in init" in told
        assert "ValueError: no weights here" in told
    assert "\nFailed\n" in said


def test_several_models_keys_another_version_of_the_code_and_the_end(reader):
    where = """
        import json, os
        from azureml.core.model import Model

        def init():
            pass

        def run(data):
            names = sorted(os.listdir(os.environ["AZUREML_MODEL_DIR"]))
            paths = [Model.get_model_path(name).split("/azureml-models/")[1] for name in names]
            return {"paths": paths, "service": os.environ["SERVICE_NAME"], "answer": ANSWER}
    """
    write(reader, "first.py", where.replace("ANSWER", "1"))
    write(reader, "second.py", where.replace("ANSWER", "2"))
    program = f"""{BEGIN}
import json
other = Model.register(ws, "model.pkl", "other")
config = AciWebservice.deploy_configuration(1, 1, auth_enabled=True, primary_key="p" * 32, tags={{"team": "risk"}})
service = deploy("two", "first", (model, other), config)
service.wait_for_deployment()
print(json.dumps([service.scoring_uri, service.get_keys(), service.run("{{}}"), dict(service.tags)]))
"""
    uri, keys, reply, tags = json.loads(reader.run(program))
    paths = ["churn/1/model.pkl", "other/1/model.pkl"]
    assert reply == {"paths": paths, "service": "two", "answer": 1}
    assert tags == {"team": "risk"}
    assert keys[0] == "p" * 32
    assert post(uri, "{}")[0] == 401
    assert [post(uri, "{}", authorization=f"Bearer {key}")[0] for key in (*keys, "wrong")] == [200, 200, 401]
    program = f"""{BEGIN}
service = Webservice(ws, "two")
try:
    service.update(inference_config=InferenceConfig("second.py"), memory=2)
except WebserviceException as error:
    print(error)
service.update(inference_config=InferenceConfig("second.py"))
service.regen_key("Secondary", "s" * 32)
service.wait_for_deployment(timeout_sec=60)
print(service.state)
"""
    said = reader.run(program)
    assert "no 'memory' to change" in said
    assert said.endswith("Healthy\n")
    held = {"authorization": f"Bearer {'s' * 32}"}
    until(lambda: json.loads(post(uri, "{}", **held)[1]).get("answer") == 2, "the new code answers")
    reader.run(f'{BEGIN}\nWebservice(ws, "two").delete()\nassert list(ws.webservices) == []')
    until(lambda: refused(uri), "nobody answers")
    again = reader.run(f'{BEGIN}\ntry:\n    Webservice(ws, "two")\nexcept WebserviceException as e:\n    print(e)')
    assert "two" in again


def refused(uri):
    try:
        post(uri, "{}")
    except ConnectionRefusedError:
        return True
    return False


def test_an_environment_with_a_package_of_its_own(reader, tmp_path):
    wheel = wheel_of(tmp_path, "tinyshop", "ANSWER = 42\n")
    write(reader, "needs.py", NEEDS)
    write(reader, "requirements.txt", f"# of our own\n{wheel}\nazureml-defaults==1.61\n")
    program = f"""{BEGIN}
env = Environment.from_pip_requirements("shop", "requirements.txt")
env.environment_variables = {{"COLOUR": "red"}}
service = deploy("needs", "needs", environment=env)
service.wait_for_deployment()
print(*service.run("[]"), sep="\\n")
"""
    assert reader.run(program) == "42\nred\n"


def wheel_of(folder, name, code):
    """Write a wheel by hand: pip can install it without a network and without building anything."""
    file, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    with zipfile.ZipFile(file, "w") as wheel:
        wheel.writestr(f"{name}.py", code)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return file
