"""Settings from file and environment."""

from dataclasses import fields

import pytest

from holter.errors import BadSetting
from holter.registry import Settings


def load(folder, text="", **variables):
    (folder / "holter.toml").write_text(text, encoding="utf-8")
    return Settings.load(folder, {name: str(value) for name, value in variables.items()})


def test_without_a_file_everything_has_its_default(tmp_path):
    assert Settings.load(tmp_path, {}) == Settings()


def test_the_environment_wins_over_the_file(tmp_path):
    text = 'port = 9000\nsmtp_url = "smtp://a:25"\nbeat_seconds = 1'
    settings = load(tmp_path, text, HOLTER_PORT=0, HOLTER_BEAT_SECONDS=0.5, HOLTER_OTHER="x", PORT=1)
    assert (settings.port, settings.beat_seconds, settings.smtp_url) == (0, 0.5, "smtp://a:25")
    assert isinstance(settings.port, int)


def test_the_process_environment_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLTER_SMTP_URL", "smtp://127.0.0.1:1025")
    assert Settings.load(tmp_path).smtp_url == "smtp://127.0.0.1:1025"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prot = 1", "Did you mean 'port'"),
        ("zzzzzz = 1", "Known: base_url, beat_seconds"),
        ("port = ", "the file is not TOML"),
        ("port = 70000", "70000 is no port"),
        ("port = -1", "-1 is no port"),
        ("port = 1.5", "1.5 is not of type int"),
        ("port = true", "True is not of type int"),
        ('port = "x"', "'x' is not a number"),
        ("port = [1]", "not of type int"),
        ("smtp_url = 5", "5 is not of type str"),
        ('smtp_url = "mail.example.com"', "not of the form smtp://host:port"),
        ('smtp_url = "smtp://"', "not of the form smtp://host:port"),
        ('smtp_url = "smtp://["', "not of the form smtp://host:port"),
        # Without a scheme there is no host name, and then the dashboard would answer to none at all.
        ('base_url = "holter.example.com:8700"', "not of the form http://host:port"),
        ('base_url = "ftp://holter.example.com"', "not of the form http://host:port"),
        ("beat_seconds = 0", "not more than 0"),
        ("beat_seconds = nan", "nan is not a finite number"),
        ("beat_seconds = inf", "inf is not a finite number"),
        ("compact_rows = -5", "not more than 0"),
        ('journal_full = "panic"', "neither"),
        ('host = "0.0.0.0"', "Set a token"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path, text, says):
    with pytest.raises(BadSetting, match=says):
        load(tmp_path, text)


def test_a_file_that_is_no_text_is_named(tmp_path):
    (tmp_path / "holter.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=r"holter\.toml"):
        Settings.load(tmp_path, {})


def test_an_open_address_is_allowed_with_a_token(tmp_path):
    assert load(tmp_path, 'host = "0.0.0.0"', HOLTER_TOKEN="abc").host == "0.0.0.0"


def test_secrets_do_not_print(tmp_path):
    settings = load(tmp_path, 'token = "s3cret"\nsmtp_url = "smtp://user:s3cret@mail:587"')
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_the_default_file_explains_every_setting_and_changes_nothing(tmp_path):
    path = Settings.write_default(tmp_path / "new")
    assert Settings.load(path.parent, {}) == Settings()
    text = path.read_text(encoding="utf-8")
    uncommented = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line)
    assert load(tmp_path, uncommented) == Settings()
    assert all(f"# {setting.name} = " in text for setting in fields(Settings))


def test_a_file_that_exists_is_kept(tmp_path):
    load(tmp_path, "port = 9000")
    Settings.write_default(tmp_path)
    assert Settings.load(tmp_path, {}).port == 9000
