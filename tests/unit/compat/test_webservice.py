"""``Webservice`` and how it is to run; what needs a running service is in tests/e2e/test_seed_page.py."""

import http.server
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from holter.compat.azureml.core import Environment, Webservice
from holter.compat.azureml.core.model import InferenceConfig, Model
from holter.compat.azureml.core.webservice import AciWebservice, AksWebservice, LocalWebservice
from holter.compat.azureml.exceptions import WebserviceException
from holter.registry import DeploymentState
from holter.registry.entries import Observed


def settings(ws, name="churn-api"):
    return ws.home.deployment(name).entry.settings


def test_a_deployment_is_written_down_as_it_was_configured(ws, service):
    assert service.state == "Transitioning"
    assert service.scoring_uri.endswith("/score")
    assert service.swagger_uri == service.scoring_uri.replace("/score", "/swagger.json")
    assert (service.compute_type, service.error, service.tags) == ("Local", "not started yet", {})
    assert (settings(ws).capture, settings(ws).cpu_cores, settings(ws).memory_gb) == (True, 1, 1)
    assert service.deployment.name == "churn-api"
    assert list(ws.webservices) == [each.name for each in Webservice.list(ws, compute_type="ACI")] == ["churn-api"]
    assert service.serialize()["scoringUri"] == service.scoring_uri
    assert "churn-api" in repr(service)


def test_a_service_that_is_not_there_is_refused(ws):
    with pytest.raises(WebserviceException, match="nowhere"):
        Webservice(ws, "nowhere")
    assert ws.webservices == {}


@pytest.mark.parametrize("name", ["ab", "a" * 33, "1ab", "aB-c", "ab-", "a_b", "", "ä-b-c"])
def test_a_name_that_does_not_fit_is_refused(ws, model, service, name):
    with pytest.raises(WebserviceException):
        Model.deploy(ws, name, [model], InferenceConfig("score.py"))
    assert list(ws.webservices) == ["churn-api"]


def test_what_a_service_needs(ws, model, service):
    with pytest.raises(WebserviceException, match="inference_config"):
        Model.deploy(ws, "other", [model])
    with pytest.raises(WebserviceException, match="models"):
        Model.deploy(ws, "other", [], InferenceConfig("score.py"))
    with pytest.raises(WebserviceException, match="churn-api"):
        Model.deploy(ws, "churn-api", [model], InferenceConfig("score.py"))
    again = Model.deploy(ws, "churn-api", [model], InferenceConfig("score.py"), overwrite=True)
    assert again.scoring_uri == service.scoring_uri
    assert list(ws.webservices) == ["churn-api"]


@pytest.mark.parametrize("kind", [AciWebservice, AksWebservice])
@pytest.mark.parametrize(
    "wrong", [{"cpu_cores": 0}, {"memory_gb": -1}, {"cpu_cores": float("nan")}, {"cpu_cores": "two"}]
)
def test_limits_that_are_no_limits_are_refused(kind, wrong):
    with pytest.raises(WebserviceException):
        kind.deploy_configuration(**wrong)


def test_what_only_a_cloud_has_is_recorded_with_one_warning(ws, model, service):
    with pytest.warns(UserWarning, match="vnet_name") as told:
        config = AciWebservice.deploy_configuration(location="westeurope", vnet_name="v", dns_name_label="d")
    assert len(told) == 1
    assert config.recorded == {"location": "westeurope", "vnet_name": "v", "dns_name_label": "d"}


def test_replicas_are_workers_and_a_timeout_is_one(ws, model, service):
    config = AksWebservice.deploy_configuration(num_replicas=3, scoring_timeout_ms=700, tags={"a": "b"})
    other = Model.deploy(ws, "other", [model], InferenceConfig("score.py"), config)
    assert (settings(ws, "other").workers, settings(ws, "other").timeout_ms, other.tags) == (3, 700, {"a": "b"})
    local = Model.deploy(ws, "local", [model], InferenceConfig("score.py"), LocalWebservice.deploy_configuration(6789))
    assert local.state == "Transitioning"


def test_variables_of_an_environment_reach_the_worker(ws, model, service):
    env = Environment("env")
    env.environment_variables["COLOUR"] = "red"
    Model.deploy(ws, "coloured", [model], InferenceConfig("score.py", env))
    assert dict(settings(ws, "coloured").environment) == {"COLOUR": "red"}


def test_keys_are_known_to_the_program_that_made_them(ws, model, service):
    with pytest.raises(WebserviceException, match="regen_key"):
        service.get_keys()
    service.regen_key("Primary")
    service.regen_key("secondary", set_key="s" * 32)
    primary, secondary = service.get_keys()
    assert secondary == "s" * 32
    assert len(primary) >= 32
    with pytest.raises(WebserviceException):
        Webservice(ws, "churn-api").get_keys()


@pytest.mark.parametrize(("slot", "key"), [("Tertiary", None), ("", None), ("Primary", "short"), ("Primary", "")])
def test_keys_that_are_none_are_refused(service, slot, key):
    with pytest.raises(WebserviceException):
        service.regen_key(slot, key)
    with pytest.raises(WebserviceException):
        service.get_keys()


def test_tokens_are_refused(service):
    with pytest.raises(WebserviceException, match="regen_key"):
        service.get_token()


def test_update_changes_what_is_given_and_nothing_else(ws, service):
    service.update(tags={"team": "risk"}, description="d", properties={"p": "q"}, memory_gb=2, auth_enabled=True)
    assert service.tags == {"team": "risk"}
    assert (settings(ws).memory_gb, settings(ws).auth, settings(ws).capture) == (2, True, True)
    before = settings(ws)
    for wrong in ({"memory": 3}, {"memory_gb": 3, "colour": "red"}, {"cpu_cores": -1}, {"num_replicas": 0}):
        with pytest.raises(WebserviceException):
            service.update(**wrong)
    assert settings(ws) == before
    with pytest.raises(WebserviceException, match="name what is to be changed"):
        service.update([])
    service.update()
    assert settings(ws) == before


def test_an_update_takes_other_code_and_another_model(ws, home, service):
    (home / "newer.py").write_text("def init(): pass\n\n\ndef run(data): return 2\n")
    newer = Model.register(ws, "model.pkl", "churn")
    extra = Model.register(ws, "model.pkl", "extra")
    service.update(models=[newer, extra], inference_config=InferenceConfig("newer.py"))
    entry = ws.home.deployment("churn-api").entry
    assert (entry.wanted.version, entry.entry_script, entry.settings.also) == (2, "newer.py", ("extra:1",))


def test_a_deleted_service_is_gone_with_its_rules(ws, model, service):
    condition = {"type": "Metric", "name": "RequestsFailed", "threshold": 1, "operator": "GreaterThan"}
    service.update(alert_rules=[{"name": "r", "condition": condition, "actions": []}], tags={"a": "b"})
    assert len(list(ws.home.shelves.registry.monitors())) == 1
    service.delete()
    assert list(ws.home.shelves.registry.monitors()) == []
    assert ws.webservices == {}
    again = Model.deploy(ws, "churn-api", [model], InferenceConfig("score.py"))
    assert (again.alert_rules, again.tags) == ([], {})


def test_waiting_for_what_does_not_run_says_so(service):
    with pytest.raises(WebserviceException):
        service.wait_for_deployment(timeout_sec=0.2)


def test_a_failed_service_says_why(ws, service):
    failed = Observed(DeploymentState.FAILED, None, "ValueError: no weights", at=datetime.now(UTC))
    ws.home.shelves.registry.observe("churn-api", failed)
    again = Webservice(ws, "churn-api")
    assert (again.state, again.error) == ("Failed", "ValueError: no weights")


@contextmanager
def answering(status, body):
    """A service that always answers the same, and keeps what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/score", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def at(service, monkeypatch):
    """Let the service be at another address."""

    def move(uri):
        monkeypatch.setattr(type(service), "scoring_uri", uri)
        return service

    return move


@pytest.mark.parametrize(
    ("body", "answer"),
    [(b'"{\\"result\\": [1]}"', '{"result": [1]}'), (b"[1]", [1]), (b"Healthy", "Healthy"), (b"\xff", "�")],
)
def test_run_decodes_json_once(at, body, answer):
    with answering(200, body) as (uri, asked):
        service = at(uri)
        assert service.run('{"data": "ä"}') == answer
        service.regen_key("Primary", "p" * 32)
        service.run(b"[]")
    (first, sent), (second, raw) = asked
    assert (sent.decode(), raw) == ('{"data": "ä"}', b"[]")
    assert (first["authorization"], second["authorization"]) == (None, f"Bearer {'p' * 32}")


def test_run_raises_for_an_error_and_for_nobody(at):
    with answering(500, b"broken") as (uri, _), pytest.raises(WebserviceException, match="answered 500: broken"):
        at(uri).run("{}")
    with pytest.raises(WebserviceException, match="cannot be reached"):
        at(uri).run("{}")


def test_logs_of_a_service_that_has_not_run_are_empty(service):
    assert service.get_logs(num_lines=10, init=True) == ""
