"""What importing the store costs, and that it names what it has."""

import subprocess
import sys

import pytest

from holter import store


def test_every_name_is_there():
    assert all(getattr(store, name) is not None for name in store.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        store.nothing  # noqa: B018


def test_the_words_load_no_database():
    program = "import sys; from holter.store import Message; print({'sqlalchemy', 'deltalake'} & set(sys.modules))"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "set()\n"
    )
