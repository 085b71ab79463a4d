import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "pyarrow",
    "scipy",
    "duckdb",
    "pandas",
    "polars",
    "altair",
    "fastapi",
    "uvicorn",
    "apprise",
    "sqlalchemy",
    "deltalake",
    "rich",
    "msgspec",
)


def loaded(code):
    """Return which heavy packages a fresh interpreter has loaded after some code, coverage not counted."""
    code = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_holter_loads_nothing():
    assert loaded("import holter").strip() == ""


@pytest.mark.parametrize(
    "words", [["--help"], ["models", "--help"], ["monitors", "add", "--help"], ["up", "--help"], ["nonsense"]]
)
def test_help_loads_nothing(words):
    code = f"from holter.cli import main\nsys.argv[1:] = {words!r}\ntry:\n    main()\nexcept SystemExit:\n    pass"
    assert loaded(code).splitlines()[-1] == ""
