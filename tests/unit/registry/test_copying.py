"""Copies of models and code, and scripts that could never serve."""

import pytest

from holter.errors import BadScript, NotFound
from holter.registry import copying
from holter.registry.copying import check_script, copy_code, copy_model, digest_of

GOOD = "def init(): ...\n\ndef run(data): return data\n"


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "async def run(data): ...\ninit = print\n",
        "from model import init, predict as run\n",
        "import init\nclass run: ...\n",
        "try:\n    from a import init, run\nexcept ImportError:\n    pass\n",
        "if True:\n    def init(): ...\nelse:\n    pass\nrun = init\n",
        "# -*- coding: latin-1 -*-\n# \xe9\n" + GOOD,
    ],
)
def test_scripts_that_can_serve(tmp_path, text):
    (tmp_path / "score.py").write_text(text, encoding="latin-1")
    check_script(tmp_path / "score.py")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("score.py", None, "no such file"),
        ("score.txt", GOOD, "not a .py file"),
        ("score.py", "def init(:", "not Python"),
        ("score.py", "\0", "not Python"),
        ("score.py", "", "does not define init and run"),
        ("score.py", "def init(): ...", "does not define run"),
        ("score.py", "def init():\n    def run(): ...", "does not define run"),
        ("score.py", "a.run = 1\nrun: int\ndef init(): ...", "does not define run"),
    ],
)
def test_scripts_that_cannot(tmp_path, name, text, says):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(BadScript, match=says):
        check_script(tmp_path / name)


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    for name in (
        "app/score.py",
        "lib/part.py",
        "data.csv",
        ".git/config",
        "app/__pycache__/score.pyc",
        ".venv/bin/python",
        "old.pyc",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(GOOD)
    return folder


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_source_folder_is_copied_without_what_is_not_code(source, tmp_path):
    assert copy_code(source, "app/score.py", tmp_path / "copy") == "app/score.py"
    assert files(tmp_path / "copy") == ["app/score.py", "data.csv", "lib/part.py"]


def test_without_a_folder_the_script_goes_alone(source, tmp_path):
    assert copy_code(None, str(source / "app" / "score.py"), tmp_path / "copy") == "score.py"
    assert files(tmp_path / "copy") == ["score.py"]


def test_a_script_must_lie_in_its_folder(source, tmp_path):
    (tmp_path / "score.py").write_text(GOOD)
    with pytest.raises(BadScript, match="not inside"):
        copy_code(source, "../score.py", tmp_path / "copy")
    with pytest.raises(BadScript, match="does not exist"):
        copy_code(tmp_path / "nowhere", "score.py", tmp_path / "copy")


def test_a_folder_that_is_too_large_is_refused(source, tmp_path, monkeypatch):
    monkeypatch.setattr(copying, "LARGEST_CODE", 100)
    with pytest.raises(BadScript, match="Give one with code only"):
        copy_code(source, "app/score.py", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_model_may_be_a_file_or_a_folder(source, tmp_path):
    assert copy_model(source / "data.csv", tmp_path / "one").read_text() == GOOD
    copy = copy_model(source, tmp_path / "two")
    assert files(copy) == files(source)
    assert digest_of(copy) == digest_of(source)
    with pytest.raises(NotFound):
        copy_model(tmp_path / "nothing", tmp_path / "three")


def test_the_digest_sees_content_and_names(source):
    before = digest_of(source)
    (source / "data.csv").rename(source / "data2.csv")
    renamed = digest_of(source)
    (source / "data2.csv").write_text("changed")
    assert len({before, renamed, digest_of(source)}) == 3
    assert digest_of(source / "app" / "score.py") == digest_of(source / "lib" / "part.py")
