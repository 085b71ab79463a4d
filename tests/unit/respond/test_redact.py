import pytest

from holter.report.redacting import public_address, public_options, redact
from holter.respond.redact import environment_secrets, secrets_of, without_secrets


def test_hides_user_parts_and_given_secrets_longest_first():
    assert redact("smtp://u:p@h abcdef abc", ["abc", "abcdef", None, ""]) == "smtp://***@h *** ***"


@pytest.mark.parametrize(
    ("url", "found"),
    [(None, []), ("", []), ("smtp://h", []), ("smtp://u@h", []), ("smtp://u:a%2Fb@h", ["a%2Fb", "a/b"])],
)
def test_passwords_of_an_address(url, found):
    assert secrets_of(url) == found


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("https://user:pw@hooks.example:8443/a/b?token=1", "https://hooks.example:8443/***"),
        ("a@example.com", "a@example.com"),
        ("", ""),
    ],
)
def test_addresses_lose_what_may_be_a_key(target, shown):
    assert public_address(target) == shown


def test_options_of_a_response_lose_what_opens_a_door():
    options = {
        "url": "https://hooks.example/services/T0/key",
        "secret": "whsec_c2VjcmV0",
        "command": "curl https://me:pw@host/x",
        "to": "a@example.com",
        "environment": "DB_PASSWORD",
    }
    assert public_options(options) == {
        "url": "https://hooks.example/***",
        "secret": "***",
        "command": "curl https://***@host/x",
        "to": "a@example.com",
        "environment": "DB_PASSWORD",
    }
    assert public_options({"secret": "$HOOK"}) == {"secret": "$HOOK"}


def test_commands_see_no_secrets_unless_named(monkeypatch):
    environment = {
        "PATH": "/bin",
        "HOLTER_TOKEN": "1",
        "HOLTER_SMTP_URL": "smtp://h",
        "DB_PASSWORD": "2",
        "AWS_SECRET_ACCESS_KEY": "3",
        "PROXY": "http://me:pw@proxy",
        "SITE": "http://site/path",
    }
    assert without_secrets(environment) == {"PATH": "/bin", "SITE": "http://site/path"}
    assert "DB_PASSWORD" in without_secrets(environment, ["DB_PASSWORD"])
    monkeypatch.setenv("HOLTER_TOKEN", "a-long-token")
    assert "a-long-token" in environment_secrets()
