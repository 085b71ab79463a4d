"""From what a workspace and a deployment want to the terms on which requests are recorded."""

from holter.capture.redaction import ensure_key, key_file
from holter.capture.terms import Terms
from holter.registry import Shelves
from holter.registry.entries import Deployment, ModelVersion


def terms_of(shelves: Shelves, deployment: Deployment, version: ModelVersion) -> Terms:
    """Return the terms for one version of a deployment; the key of hashes is made where a policy needs one."""
    settings, wide = deployment.settings, shelves.settings
    hashes = "hash" in settings.redact.values()
    if hashes:
        ensure_key(shelves.root)
    return Terms(
        sync_seconds=settings.sync_seconds,
        acknowledge="synced" if settings.acknowledge == "synced" else "written",
        full="serve" if (settings.journal_full or wide.journal_full) == "serve" else "refuse",
        most_bytes=wide.journal_max_mb << 20,
        redact=dict(settings.redact),
        columns=version.schema.names if version.schema else (),
        key=str(key_file(shelves.root)) if hashes else "",
    )
