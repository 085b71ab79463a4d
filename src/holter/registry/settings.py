"""How a workspace behaves: ``holter.toml``, each line of it overridden by an environment variable ``HOLTER_<NAME>``."""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from holter.errors import BadSetting

FILE: Final = "holter.toml"
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_WEB_SCHEMES: Final = frozenset({"http", "https"})
_MAIL_SCHEMES: Final = frozenset({"smtp", "smtps", "smtp+starttls"})


def _setting(default: Any, about: str, *, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"about": about})


@dataclass(frozen=True)
class Settings:
    """The settings of a workspace.

    Raises
    ------
    BadSetting
        For a value that cannot be used, naming the setting.
    """

    port: int = _setting(8700, "Port of the dashboard; 0 takes any free one.")
    host: str = _setting("127.0.0.1", "Address the dashboard binds. Any but this machine's own needs a token.")
    base_url: str = _setting(
        "", "Address at which people reach the dashboard, for links in mails. Empty: host and port."
    )
    token: str = _setting("", "Secret that unlocks changes over HTTP. Empty: one is made at start.", secret=True)
    smtp_url: str = _setting(
        "", "Mail server: smtp://user:password@host:587, or smtps://. Empty: no mail.", secret=True
    )
    mail_from: str = _setting("holter@localhost", "Sender of mails.")
    otlp_endpoint: str = _setting(
        "", "OpenTelemetry receiver of metrics (OTLP over HTTP): http://host:4318. Empty: none. Needs the extra otel."
    )
    otlp_seconds: float = _setting(15.0, "Time between two messages to it.")
    heartbeat_url: str = _setting(
        "",
        "Address of a dead-man's switch: gets a POST each minute while the monitors are judged. Empty: none.",
        secret=True,
    )
    beat_seconds: float = _setting(5.0, "Time between two passes of the monitors.")
    compact_seconds: float = _setting(2.0, "Longest time a record waits in a journal before it moves to its table.")
    compact_rows: int = _setting(20_000, "Records in a journal that make it move earlier.")
    journal_full: str = _setting("refuse", 'When the disk is full: "refuse" requests, or "serve" without recording.')
    journal_max_mb: int = _setting(
        10_240, "What the journals of a deployment may hold, in MiB, before that counts as a full disk; 0: anything."
    )
    journal_keep_days: float = _setting(30.0, "Age at which parts of a journal that cannot be read are removed.")
    rollout_requests: int = _setting(
        200, "How many of its first requests a new version is on trial for; 0: it is trusted at once."
    )
    rollout_failures: float = _setting(
        0.05, "Share of failures a version on trial may have above the version before; beyond it, that one returns."
    )

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise BadSetting("port", f"{self.port} is no port; give 0 to 65535.")
        for name in ("beat_seconds", "otlp_seconds", "compact_seconds", "compact_rows", "journal_keep_days"):
            if not getattr(self, name) > 0:
                raise BadSetting(name, f"{getattr(self, name)} is not more than 0.")
        for name in ("journal_max_mb", "rollout_requests"):
            if getattr(self, name) < 0:
                raise BadSetting(name, f"{getattr(self, name)} is less than 0.")
        if not 0 <= self.rollout_failures <= 1:
            raise BadSetting("rollout_failures", f"{self.rollout_failures} is no share; give 0 to 1.")
        self._check_words()

    def _check_words(self) -> None:
        if self.journal_full not in {"refuse", "serve"}:
            raise BadSetting("journal_full", f'{self.journal_full!r} is neither "refuse" nor "serve".')
        if self.host not in _LOOPBACK and not self.token:
            raise BadSetting("host", f"{self.host} can be reached from other machines. Set a token as well.")
        if self.base_url and not _leads(self.base_url, _WEB_SCHEMES):
            raise BadSetting("base_url", f"{self.base_url!r} is not of the form http://host:port.")
        if self.otlp_endpoint and not _leads(self.otlp_endpoint, _WEB_SCHEMES):
            raise BadSetting("otlp_endpoint", f"{self.otlp_endpoint!r} is not of the form http://host:4318.")
        if self.heartbeat_url and not _leads(self.heartbeat_url, _WEB_SCHEMES):
            raise BadSetting("heartbeat_url", "it is not of the form https://host/path.")
        if self.smtp_url and not _leads(self.smtp_url, _MAIL_SCHEMES):
            raise BadSetting("smtp_url", "it is not of the form smtp://host:port.")

    @classmethod
    def load(cls, root: Path, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings of a workspace; a variable ``HOLTER_<NAME>`` wins over its line in the file.

        Parameters
        ----------
        root
            The workspace folder; without a ``holter.toml`` all settings have their defaults.
        environment
            Variables; by default those of the process.

        Raises
        ------
        BadSetting
            If the file is not TOML, or a setting is unknown, of the wrong type or impossible.
        """
        variables = os.environ if environment is None else environment
        values = _from_file(root / FILE)
        known = {setting.name: setting for setting in fields(cls)}
        for name in values:
            if name not in known:
                raise BadSetting(name, f"there is no such setting.{_suggest(name, list(known))}")
        for name in known:
            text = variables.get(f"HOLTER_{name.upper()}")
            if text is not None:
                values[name] = text
        return cls(**{name: _typed(name, value, type(known[name].default)) for name, value in values.items()})

    @classmethod
    def write_default(cls, root: Path) -> Path:
        """Write a ``holter.toml`` in which every setting is explained and commented out; keep one that exists."""
        path = root / FILE
        if not path.exists():
            root.mkdir(parents=True, exist_ok=True)
            path.write_text(_default_text(cls), encoding="utf-8")
        return path


def _leads(address: str, schemes: frozenset[str]) -> bool:
    """Tell whether an address has one of these schemes and names a host."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname)


def _default_text(settings: type[Settings]) -> str:
    lines = ["# Settings of this workspace. Each can also be given as an environment variable HOLTER_<NAME>.", ""]
    for setting in fields(settings):
        value = setting.default
        text = f'"{value}"' if isinstance(value, str) else str(value)
        lines += [f"# {setting.metadata['about']}", f"# {setting.name} = {text}", ""]
    return "\n".join(lines)


def _from_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(path.name, f"the file is not TOML: {error}") from error


def _typed(name: str, value: Any, kind: type) -> Any:
    if kind is str and isinstance(value, str):
        return value
    if kind is not str and isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = kind(value)
        except (ValueError, OverflowError) as error:
            raise BadSetting(name, f"{value!r} is not a number.") from error
        if not math.isfinite(number):
            raise BadSetting(name, f"{value!r} is not a finite number.")
        if isinstance(value, str) or number == value:
            return number
    raise BadSetting(name, f"{value!r} is not of type {kind.__name__}.")


def _suggest(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(sorted(known))}."
