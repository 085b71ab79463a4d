"""Tags of a version may change, a version may go, and its number never comes back."""

import pytest

from holter.errors import InUse, NotFound
from holter.registry import Shelves
from holter.registry.entries import DeploymentSettings


@pytest.fixture
def registry(tmp_path):
    return Shelves.open(tmp_path / "holter", create=True).registry


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "model.txt"
    path.write_text("weights")
    return path


def deployed(registry, version, tmp_path):
    script = tmp_path / "score.py"
    script.write_text("def init(): pass\ndef run(data): return 1\n")
    return registry.deploy("churn-api", version, source=None, entry_script=str(script), settings=DeploymentSettings())


def test_tags_are_replaced_and_the_ledger_knows_both(registry, file):
    registry.register("churn", file, tags={"stage": "test", "team": "risk"})
    tagged = registry.tag("churn", 1, {"stage": "live"}, actor="ann")
    assert tagged.tags == {"stage": "live"}
    assert registry.version("churn", 1).tags == {"stage": "live"}
    entry = list(registry._facts.ledger(subject="model:churn"))[-1].entry
    assert (entry.actor, entry.action) == ("ann", "model.tag")
    assert entry.facts["before"] == {"stage": "test", "team": "risk"}


@pytest.mark.parametrize("act", ["tag", "delete_version"])
def test_a_version_that_is_not_there_is_said_so(registry, file, act):
    registry.register("churn", file)
    more = ({},) if act == "tag" else ()
    with pytest.raises(NotFound, match="churn:2"):
        getattr(registry, act)("churn", 2, *more)


def test_a_deleted_version_takes_its_files_and_its_number_with_it(registry, file):
    first, second = registry.register("churn", file), registry.register("churn", file)
    registry.delete_version("churn", second.version)
    assert not second.path.exists()
    assert first.path.exists()
    assert [each.version for each in registry.versions("churn")] == [1]
    assert registry.register("churn", file).version == 3
    registry.delete_version("churn", 1)
    registry.delete_version("churn", 3)
    with pytest.raises(NotFound):
        registry.versions("churn")
    assert registry.register("churn", file).version == 4


def test_what_a_deployment_serves_or_may_return_to_stays(registry, file, tmp_path):
    versions = [registry.register("churn", file) for _ in range(3)]
    deployed(registry, versions[0], tmp_path)
    registry.want("churn-api", version=2, actor="ann", reason="newer")
    for number in (1, 2):
        with pytest.raises(InUse, match="deployment churn-api"):
            registry.delete_version("churn", number)
    registry.delete_version("churn", 3)
    assert all(version.path.exists() for version in versions[:2])
