"""Where the answers of a deployment are kept, whatever becomes of it."""

import pytest
import sqlalchemy as sa

from holter.errors import InUse, NotFound
from holter.registry import Shelves
from holter.store.tables import DEPLOYMENT


@pytest.fixture
def shelves(tmp_path):
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"1")
    return Shelves.open(tmp_path / "workspace", create=True)


@pytest.fixture
def deploy(shelves, tmp_path):
    def deploy(model="risk", **options):
        version = shelves.registry.register(model, tmp_path / "model.bin")
        return shelves.registry.deploy("credit", version, entry_script=str(tmp_path / "score.py"), **options)

    return deploy


def test_another_version_of_a_model_stays_on_its_shelf_another_model_does_not(deploy, shelves):
    first, second = deploy(), deploy(overwrite=True)
    assert (first.shelf, second.shelf, second.began) == ("credit", "credit", first.created_at)
    third = deploy("other", overwrite=True)
    assert (third.shelf, third.wanted.previous, third.began > third.created_at) == ("credit.2", None, True)
    assert [(each.name, each.model, each.ended is None) for each in shelves.registry.shelves()] == [
        ("credit", "risk", False),
        ("credit.2", "other", True),
    ]


def test_a_folder_that_is_there_already_is_not_taken_for_a_new_shelf(deploy, shelves):
    shelves.folder("records/credit")
    assert deploy().shelf == "credit.2"


def test_records_of_a_deployment_that_exists_are_not_purged(deploy, shelves):
    deploy()
    with pytest.raises(InUse, match="its deployment"):
        shelves.registry.unwant("credit")
    shelves.registry.delete("credit")
    assert [each.unwanted for each in shelves.registry.shelves()] == [False]
    assert [each.unwanted for each in shelves.registry.unwant("credit")] == [True]
    with pytest.raises(NotFound, match="credit"):
        shelves.registry.unwant("cradit")


def test_a_deployment_of_before_has_the_shelf_of_its_name(deploy, shelves):
    """What a row looks like that was written by a Holter without shelves while this one was starting."""
    made = deploy()
    with shelves.facts.begin() as transaction:
        transaction.connection.execute(sa.update(DEPLOYMENT).values(shelf=None, began=None))
    found = shelves.registry.deployment("credit")
    assert (found.shelf, found.began) == ("credit", made.created_at)


def test_adopting_twice_adopts_once(shelves):
    shelves.registry.adopt("stray")
    shelves.registry.adopt("stray")
    assert [(each.deployment, each.model) for each in shelves.registry.shelves()] == [("stray", "")]
