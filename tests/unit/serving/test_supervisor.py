"""What a supervisor costs: it only holds processes, and must start at once."""

import subprocess
import sys

from holter.registry import Shelves

PROGRAM = """
import sys
from holter.registry import Shelves
from holter.serving.planning import Planner
from holter.serving.supervisor import Supervisor

shelves = Shelves.open(sys.argv[1])
Supervisor(shelves)._ask_registry()
for deployment in shelves.registry.deployments():
    print(Planner(shelves).plan(deployment).order.version)
heavy = ("numpy", "pyarrow", "pandas", "deltalake", "duckdb", "scipy", "alembic")
print([name for name in heavy if name in sys.modules])
"""


def test_a_supervisor_reads_what_is_wanted_without_anything_that_reads_tables(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    model, code = tmp_path / "model.bin", tmp_path / "code"
    model.write_text("weights")
    code.mkdir()
    (code / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    version = shelves.registry.register("m", model)
    shelves.registry.deploy("api", version, source=code, entry_script="score.py")
    words = [sys.executable, "-c", PROGRAM, str(shelves.root)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "1\n[]\n"
