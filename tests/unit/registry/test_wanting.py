"""What a deployment should be: canary, shadow, and what becomes of them."""

import pytest

from holter.errors import BadSetting, InputError, NotFound
from holter.registry import Canary, DeploymentSettings, Shelves, Wanted


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    model, script = tmp_path / "model.bin", tmp_path / "score.py"
    model.write_text("weights")
    script.write_text("def init(): ...\ndef run(data): ...\n")
    for _ in range(3):
        version = shelves.registry.register("m", model)
    shelves.registry.deploy("api", shelves.registry.version("m", 1), entry_script=str(script))
    assert version.version == 3
    return shelves


@pytest.fixture
def registry(shelves):
    return shelves.registry


def wanted(registry):
    return registry.deployment("api").wanted


def canary(registry, version=2, weight=5.0, key="x-holter-key"):
    return registry.want_canary("api", Canary(version, weight, key), actor="me", reason="try").wanted


def shadow(registry, version):
    return registry.want_shadow("api", version, actor="me", reason="watch").wanted


def test_a_canary_and_a_shadow_stand_beside_and_each_change_is_in_the_ledger(shelves, registry):
    assert canary(registry, key="X-Customer") == Wanted(1, canary=Canary(2, 5.0, "x-customer"))
    assert canary(registry, weight=20.0).canary == Canary(2, 20.0)
    assert canary(registry, weight=20.0).canary == Canary(2, 20.0), "no change is no entry"
    assert shadow(registry, 3) == Wanted(1, canary=Canary(2, 20.0), shadow=3)
    assert registry.want_canary("api", None, actor="me", reason="enough").wanted == Wanted(1, shadow=3)
    assert shadow(registry, None) == wanted(registry) == Wanted(1)
    entries = [sealed.entry for sealed in shelves.facts.ledger(subject="deployment:api")][1:]
    assert [entry.reason for entry in entries] == ["try", "try", "watch", "enough", "watch"]
    assert entries[0].facts["after"]["canary"] == {"version": 2, "weight": 5.0, "key": "x-customer"}
    assert entries[3].facts["before"]["canary"]["weight"] == 20.0


def test_a_version_that_answers_all_is_neither_canary_nor_shadow_any_more(registry):
    canary(registry, 2)
    shadow(registry, 2)
    now = registry.want("api", version=2, actor="me", reason="good").wanted
    assert now == Wanted(2, previous=1)
    canary(registry, 3)
    back = registry.want("api", version=1, actor="me", reason="worse").wanted
    assert back == Wanted(1, previous=2, canary=Canary(3, 5.0)), "another one stays"
    assert registry.want("api", paused=True, actor="me", reason="night").wanted.canary == Canary(3, 5.0)


def test_a_deployment_that_is_replaced_begins_alone(registry, tmp_path):
    canary(registry, 2)
    shadow(registry, 3)
    version = registry.version("m", 2)
    registry.deploy("api", version, entry_script=str(tmp_path / "score.py"), overwrite=True)
    assert wanted(registry) == Wanted(2, previous=1)


@pytest.mark.parametrize("weight", [0.0, -1.0, 100.1, float("nan")])
def test_a_weight_is_a_percentage(registry, weight):
    with pytest.raises(BadSetting, match="weight"):
        canary(registry, weight=weight)


@pytest.mark.parametrize("key", ["body:customer", "body:Who.Id", "body:two words", "body:a:b", "body:a.b.c.d"])
def test_a_key_may_be_a_field_of_the_body_as_it_is_written(registry, key):
    assert canary(registry, key=key).canary.key == key


@pytest.mark.parametrize(
    "key", ["", "two words", "a:b", "ü", "body:", "body:.a", "body:a.", "body:a..b", "body:a.b.c.d.e"]
)
def test_a_key_is_the_name_of_a_header(registry, key):
    with pytest.raises(BadSetting, match="key"):
        canary(registry, key=key)


def test_what_stands_beside_is_another_version_of_the_same_model(registry):
    for stand in (canary, shadow):
        with pytest.raises(InputError, match="already"):
            stand(registry, 1)
        with pytest.raises(NotFound):
            stand(registry, 9)
    assert wanted(registry) == Wanted(1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [(DeploymentSettings(capture=False), "nothing"), (DeploymentSettings(redact={"x": "drop"}), "redacts")],
)
def test_a_shadow_needs_what_was_asked(registry, tmp_path, settings, said):
    version = registry.version("m", 1)
    registry.deploy("api", version, entry_script=str(tmp_path / "score.py"), settings=settings, overwrite=True)
    with pytest.raises(InputError, match=said):
        shadow(registry, 2)
