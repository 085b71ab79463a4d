"""What importing costs, which names are public, and that no import goes in a circle."""

import json
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import holter

ROOT = Path(__file__).parents[2]
HEAVY = {
    "altair", "apprise", "deltalake", "duckdb", "fastapi", "numpy", "pandas", "polars", "pyarrow", "rich", "scipy",
    "sklearn", "sqlalchemy",
}  # fmt: skip


def _loaded_by(code: str) -> set[str]:
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(json.loads(out.stdout.splitlines()[-1]))


@pytest.mark.parametrize("code", ["import holter", "import holter.cli", "import holter.__main__"])
def test_the_front_door_is_light(code):
    assert not HEAVY & _loaded_by(code)


@pytest.mark.parametrize("module", ["holter.serving.worker", "holter.capture.journal", "holter.capture.frame"])
def test_a_worker_loads_no_table_library_of_its_own_accord(module):
    assert not HEAVY & _loaded_by(f"import {module}")


def test_the_public_names_are_pinned():
    assert sorted(holter.__all__) == ["Workspace", "__version__", "calibrate", "check", "compare", "open", "summarise"]


def test_no_import_goes_in_a_circle():
    graph = grimp.build_graph("holter", exclude_type_checking_imports=True)
    for room in sorted(graph.find_children("holter")):
        modules = {room} | graph.find_descendants(room)
        for module in modules:
            for imported in graph.find_modules_directly_imported_by(module) & modules:
                chain = graph.find_shortest_chain(imported, module)
                assert chain is None, " -> ".join((module, *chain))


def test_the_lock_files_name_no_address():
    for lock in (ROOT / "requirements").glob("*.lock"):
        text = lock.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
