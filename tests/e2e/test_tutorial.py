"""The tutorial works: every block of it, in order, in an empty folder, as a reader would run it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import holter

pytestmark = pytest.mark.e2e
PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"


def blocks():
    return re.findall(r"^```(python|bash)\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_every_block_of_the_tutorial_runs(tmp_path):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HOLTER_PORT": "0"}
    printed = []
    try:
        for language, code in blocks():
            command = [sys.executable, "-c", code] if language == "python" else ["bash", "-ec", code]
            done = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
            printed.append(done.stdout)
    finally:
        if (tmp_path / "holter").exists():
            holter.open(tmp_path / "holter").stop()
    assert len(printed) == 6
    assert "Healthy" in printed[2]
    assert "firing" in printed[4]
    assert "ROC AUC" in printed[5]
