"""The tutorial works: every block of it, in order, in an empty folder, prints what the page says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import holter

pytestmark = pytest.mark.e2e
PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
CURL = f"""#!{sys.executable}
# Stands in for curl where there is none: the call of the tutorial, and no more.
import sys
import urllib.request

uri, header, data = sys.argv[3], sys.argv[5], sys.argv[7]
request = urllib.request.Request(uri, data.encode(), dict([header.split(": ", 1)]))
sys.stdout.buffer.write(urllib.request.urlopen(request).read())
"""


def blocks():
    """Return language, code and, where the page shows it, what the code prints."""
    parts = r"^```(python|bash)\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?"
    return re.findall(parts, PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def shape(text):
    """Leave out what differs from day to day and from machine to machine: numbers, ids, places, names, widths."""
    text = re.sub(r"\b[0-9a-f]{16}\b", "ID", text)
    text = re.sub(r"/\S*/churn\b", "FOLDER", text)
    text = re.sub(r", dashboard \S+", "", text)  # it may take a moment longer than the deployment
    text = re.sub(r", \d+ missing", "", text)  # so may the first word of a worker,
    text = text.replace(" \N{EN DASH} ", " 0 % ")  # and how busy it is
    text = re.sub(r"user:\S+", "user:NAME", text)
    text = re.sub(r"\d[\d.,e+-]*", "N", text)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip(" ─")]


def test_every_block_of_the_tutorial_runs_and_prints_what_the_page_says(tmp_path):
    folder, tools = tmp_path / "churn", tmp_path / "bin"
    folder.mkdir()
    tools.mkdir()
    if shutil.which("curl") is None:
        (tools / "curl").write_text(CURL)
        (tools / "curl").chmod(0o755)
    places = (str(Path(sys.executable).parent), os.environ["PATH"], str(tools))
    environment = {**os.environ, "PATH": os.pathsep.join(places), "HOLTER_PORT": "0"}
    shown = 0
    try:
        for language, code, expected in blocks():
            command = [sys.executable, "-c", code] if language == "python" else ["bash", "-ec", code]
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
            if expected:
                assert shape(done.stdout) == shape(expected)
                shown += 1
            else:
                assert not done.stdout
    finally:
        if (folder / "holter").exists():
            holter.open(folder / "holter").stop()
    assert shown >= 7
