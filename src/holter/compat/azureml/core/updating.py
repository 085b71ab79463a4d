"""``Webservice.update`` and what ends with a service."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from holter.compat.azureml.core import remembered
from holter.compat.azureml.core.alert_rules import AlertRule, read_rules
from holter.compat.azureml.exceptions import WebserviceException
from holter.errors import HolterError
from holter.workspace.watching import checked

if TYPE_CHECKING:
    from holter.compat.azureml.core.webservice import Webservice

EVERY: Final = timedelta(seconds=5)
"""How often the rules of a service are looked at: an alert must come within half a minute."""


def update(service: "Webservice", changes: Mapping[str, Any]) -> None:
    """Change what is given; all of it is checked before anything is changed.

    Raises
    ------
    WebserviceException
        For something that cannot be changed, or a rule that cannot be followed.
    """
    unknown = sorted(set(changes) - set(_CHANGES) - set(_SETTINGS) - {"inference_config", "models"})
    if unknown:
        known = ", ".join(sorted([*_CHANGES, *_SETTINGS, "inference_config", "models"]))
        raise WebserviceException(f"a service has no {unknown[0]!r} to change; it has {known}. Nothing was changed.")
    rules = read_rules(changes.get("alert_rules") or ())
    try:
        checked([rule.rule for rule in rules])
    except HolterError as error:
        raise WebserviceException(f"{error} Nothing was changed.") from error
    _redeploy(service, changes)
    for name in sorted(set(changes) & set(_CHANGES)):
        _CHANGES[name](service, rules if name == "alert_rules" else changes[name])


def forget(service: "Webservice") -> None:
    """Delete a service with its rules."""
    _watch(service, ())
    service.deployment.delete()
    remembered.forget(service.workspace.home.root, service.name)


def _watch(service: "Webservice", rules: tuple[AlertRule, ...]) -> None:
    """Let one monitor follow the rules about one signal over one length; those of before go."""
    home = service.workspace.home
    before = [each.name for each in home.shelves.registry.monitors() if each.name.startswith(_prefix(service))]
    wanted: dict[str, list[AlertRule]] = {}
    for rule in rules:
        signal = rule.rule.metric.partition(".")[0]
        wanted.setdefault(f"{_prefix(service)}{signal}-{int(rule.window.total_seconds())}s", []).append(rule)
    for name, mine in wanted.items():
        signals = [mine[0].rule.metric.partition(".")[0]]
        follow = [rule.rule for rule in mine]
        home.monitor(
            name, service.name, every=EVERY, over=mine[0].window, signals=signals, rules=follow, overwrite=True
        )
    for name in set(before) - set(wanted):
        home.shelves.registry.delete_monitor(name)


def _prefix(service: "Webservice") -> str:
    return f"{service.name}-alerts-"


def _set_rules(service: "Webservice", rules: tuple[AlertRule, ...]) -> None:
    _watch(service, rules)
    _remember(service, "alert_rules", [dict(rule.given) for rule in rules])


def _remember(service: "Webservice", name: str, value: Any) -> None:
    remembered.write(service.workspace.home.root, service.name, {name: value})


_CHANGES: Final[Mapping[str, Callable[["Webservice", Any], None]]] = {
    "alert_rules": _set_rules,
    "tags": lambda service, tags: _remember(service, "tags", dict(tags)),
    "properties": lambda service, words: _remember(service, "properties", dict(words)),
    "description": lambda service, text: _remember(service, "description", text),
}
_SETTINGS: Final = {
    "cpu_cores": "cpu_cores",
    "memory_gb": "memory_gb",
    "auth_enabled": "auth",
    "scoring_timeout_ms": "timeout_ms",
    "num_replicas": "workers",
    "ssl_cert_pem_file": "ssl_certfile",
    "ssl_key_pem_file": "ssl_keyfile",
}
"""Arguments that are settings of the deployment."""


def _redeploy(service: "Webservice", changes: Mapping[str, Any]) -> None:
    """Replace the deployment by one with other settings, code or model; it goes on answering meanwhile."""
    touched = {_SETTINGS[name]: changes[name] for name in changes if name in _SETTINGS}
    inference, models = changes.get("inference_config"), changes.get("models")
    if not touched and inference is None and not models:
        return
    home, entry = service.workspace.home, service.deployment.entry
    version = models[0].entry if models else home.models.get(entry.model, entry.wanted.version)
    settings = {**asdict(entry.settings), **touched}
    if models:
        settings["also"] = tuple(each.id for each in models[1:])
    script = inference.entry_script if inference else entry.entry_script
    source = inference.source_directory if inference else entry.code
    try:
        home.deploy(service.name, version, entry_script=script, source=source, overwrite=True, **settings)
    except HolterError as error:
        raise WebserviceException(str(error)) from error
