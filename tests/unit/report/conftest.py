import shutil

import pytest

import watched_workspace
from holter.registry import Shelves


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """The folder of a whole workspace, made once."""
    root = tmp_path_factory.mktemp("watched") / "ws"
    watched_workspace.build(root).facts.close()
    return root


@pytest.fixture(scope="session")
def shelves(built):
    """A workspace to read."""
    return Shelves.open(built)


@pytest.fixture
def own_shelves(built, tmp_path):
    """A workspace to change."""
    shutil.copytree(built, tmp_path / "ws")
    return Shelves.open(tmp_path / "ws")


@pytest.fixture
def empty_shelves(tmp_path):
    return Shelves.open(tmp_path / "empty", create=True)
