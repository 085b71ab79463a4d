"""``holter deploy``, ``deployments``, ``labels`` and ``log``: serve models, hand in truth and batches."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holter.cli.options import Existing, Group, answer, json_option, pairs, when, workspace, workspace_option

if TYPE_CHECKING:
    from holter.workspace import Deployment

SLOTS = ("primary", "secondary")
"""The keys of a deployment, as holter.serving.keys has them; written out so that --help loads nothing."""


@click.command()
@click.argument("name")
@click.option("--model", required=True, metavar="MODEL[:VERSION]", help="A registered model; default: its newest.")
@click.option("--entry-script", required=True, type=click.Path(path_type=Path), help="A file with init(), run(data).")
@click.option("--source", type=Existing(file_okay=False), help="Folder to copy with it.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that answer.")
@click.option("--cpu-cores", type=click.FloatRange(0, min_open=True), help="Processors that its workers share.")
@click.option("--memory-gb", type=click.FloatRange(0, min_open=True), help="Memory that its workers share.")
@click.option(
    "--timeout-ms", type=click.IntRange(1), default=60_000, show_default=True, help="Longest one run() takes."
)
@click.option("--max-request-mb", type=click.IntRange(0), default=64, show_default=True, help="0: any size.")
@click.option("--event-time-header", is_flag=True, help="Believe X-Holter-Event-Time of requests.")
@click.option("--no-capture", is_flag=True, help="Record nothing.")
@click.option(
    "--acknowledge", type=click.Choice(["written", "synced"]), default="written", help="When a reply may be given."
)
@click.option("--sync-seconds", type=float, default=0.2, show_default=True, help="Between two syncs to the disk.")
@click.option("--journal-full", type=click.Choice(["refuse", "serve"]), help="Default: the setting of the workspace.")
@click.option("--redact", multiple=True, metavar="COLUMN=ACTION", help="drop, hash or truncate:N; may be repeated.")
@click.option("--keep-days", type=float, help="Age at which records are removed; default: never.")
@click.option("--keep-label-days", type=float, help="Age at which labels are removed; default: with the records.")
@click.option("--auth", is_flag=True, help="Ask every request for a key; two are made and shown once.")
@click.option("--cors-origins", default="", metavar="ORIGINS", help="Web pages that may score, with commas; * for all.")
@click.option("--ssl-certfile", type=click.Path(path_type=Path), help="PEM file with certificate and chain: use TLS.")
@click.option("--ssl-keyfile", type=click.Path(path_type=Path), help="PEM file with its key, if that is another file.")
@click.option("--env", "environment", multiple=True, metavar="KEY=VALUE", help="For the worker; may be repeated.")
@click.option("--overwrite", is_flag=True, help="Replace the deployment of that name.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it answers.")
@click.option("--timeout", type=float, default=120.0, show_default=True, help="Seconds to wait.")
@workspace_option
@json_option
def deploy(
    *,
    name: str,
    model: str,
    entry_script: Path,
    source: Path | None,
    workers: int,
    cpu_cores: float | None,
    memory_gb: float | None,
    timeout_ms: int,
    max_request_mb: int,
    event_time_header: bool,
    no_capture: bool,
    acknowledge: str,
    sync_seconds: float,
    journal_full: str | None,
    redact: tuple[str, ...],
    keep_days: float | None,
    keep_label_days: float | None,
    auth: bool,
    cors_origins: str,
    ssl_certfile: Path | None,
    ssl_keyfile: Path | None,
    environment: tuple[str, ...],
    overwrite: bool,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Put a model behind a scoring URI.

    Starts the process tree in the background when none runs.
    """
    deployment = workspace().deploy(
        name,
        model,
        entry_script=entry_script,
        source=source,
        overwrite=overwrite,
        workers=workers,
        cpu_cores=cpu_cores,
        memory_gb=memory_gb,
        timeout_ms=timeout_ms,
        max_request_mb=max_request_mb,
        event_time_header=event_time_header,
        capture=not no_capture,
        acknowledge=acknowledge,
        sync_seconds=sync_seconds,
        journal_full=journal_full or "",
        redact=pairs(redact),
        keep_days=keep_days,
        keep_label_days=keep_label_days,
        auth=auth,
        cors_origins=cors_origins,
        ssl_certfile=None if ssl_certfile is None else str(ssl_certfile),
        ssl_keyfile=None if ssl_keyfile is None else str(ssl_keyfile),
        environment=pairs(environment),
    )
    made = {slot: deployment.regenerate_key(slot) for slot in SLOTS} if auth and not deployment.keys else {}
    if wait:
        deployment.wait(timeout)
    _tell(deployment, made, as_json=as_json)


def _tell(
    deployment: "Deployment", made: Mapping[str, str] | None = None, *, as_json: bool, detail: bool = False
) -> None:
    from holter.workspace.results import Deployments, beside

    entry = deployment.entry
    text = f"{entry.name}: {entry.model}:{entry.wanted.version}, {deployment.state}, {entry.scoring_uri}"
    text += "".join(f"\n{line}" for line in beside(entry))
    if detail and entry.observed.detail:
        text += f"\n{entry.observed.detail}"
    found = Deployments((entry,)).to_dict()[0]
    if made:
        text += "".join(f"\n{slot} key (shown this once): {key}" for slot, key in made.items())
        found |= {"keys": dict(made)}
    answer(text, found, as_json=as_json)


@click.group(cls=Group)
def deployments() -> None:
    """See and steer what is served."""


@deployments.command("list")
@workspace_option
@json_option
def list_deployments(as_json: bool) -> None:
    """List every deployment with its state."""
    found = workspace().deployments()
    answer(found, found.to_dict(), as_json=as_json)


@deployments.command()
@click.argument("name")
@workspace_option
@json_option
def show(name: str, as_json: bool) -> None:
    """Show one deployment, and all that is known of what is wrong with it."""
    _tell(workspace().deployment(name), as_json=as_json, detail=True)


@deployments.command()
@click.argument("name")
@click.argument("version", type=int, required=False)
@click.option("--reason", default="asked for", show_default=True, help="For the ledger.")
@click.option("--wait", is_flag=True, help="Wait until it has.")
@workspace_option
@json_option
def promote(name: str, version: int | None, reason: str, wait: bool, as_json: bool) -> None:
    """Let VERSION take over; default: the canary's."""
    deployment = workspace().deployment(name).promote(version, reason=reason)
    _tell(deployment.wait() if wait else deployment, as_json=as_json)


_KEY = "Header, or body:FIELD of a JSON request, that keeps a customer with a version."


@deployments.command()
@click.argument("name")
@click.option("--version", type=int, help="The version that is to answer a share of the requests.")
@click.option("--weight", type=click.FloatRange(0, 100, min_open=True), default=5.0, show_default=True, help="Percent.")
@click.option("--key", default="x-holter-key", show_default=True, help=_KEY)
@click.option("--stop", is_flag=True, help="End the canary.")
@click.option("--reason", default="asked for", show_default=True, help="For the ledger.")
@click.option("--wait", is_flag=True, help="Wait until it is so.")
@workspace_option
@json_option
def canary(
    *, name: str, version: int | None, weight: float, key: str, stop: bool, reason: str, wait: bool, as_json: bool
) -> None:
    """Let a second version answer a share of the requests.

    Again with another weight: the share changes, and nobody is cut off. End it with promote, or with --stop.
    """
    deployment = workspace().deployment(name).canary(_one(version, stop=stop), weight=weight, key=key, reason=reason)
    _tell(deployment.wait() if wait else deployment, as_json=as_json)


@deployments.command()
@click.argument("name")
@click.option("--version", type=int, help="The version that is to score what is captured.")
@click.option("--stop", is_flag=True, help="End the shadow.")
@click.option("--reason", default="asked for", show_default=True, help="For the ledger.")
@click.option("--wait", is_flag=True, help="Wait until it is so.")
@workspace_option
@json_option
def shadow(*, name: str, version: int | None, stop: bool, reason: str, wait: bool, as_json: bool) -> None:
    """Let a second version score what is captured, off the request path.

    Nobody gets its answers; they are recorded with the role shadow, under the ids of the requests.
    """
    deployment = workspace().deployment(name).shadow(_one(version, stop=stop), reason=reason)
    _tell(deployment.wait() if wait else deployment, as_json=as_json)


@deployments.command()
@click.argument("name")
@click.option("--over", default="7d", show_default=True, help="How far back from the newest record.")
@workspace_option
@json_option
def challenger(*, name: str, over: str, as_json: bool) -> None:
    """Compare canary and shadow with the champion: answers, scores, errors, latency; loss where labels are known."""
    found = workspace().deployment(name).challenger(over)
    answer(str(found), {"measurements": found.to_dict()}, as_json=as_json)


def _one(version: int | None, *, stop: bool) -> int | None:
    """Return the version that was asked for, None for none; it must be one of the two."""
    if stop == (version is not None):
        raise click.UsageError("Give either --version or --stop.")
    return version


def _steer(verb: str, words: str) -> None:
    """Add a verb that takes a name and a reason."""

    @deployments.command(verb, help=words)
    @click.argument("name")
    @click.option("--reason", default="asked for", show_default=True, help="For the ledger.")
    @click.option("--wait", is_flag=True, help="Wait until it is so.")
    @workspace_option
    @json_option
    def command(name: str, reason: str, wait: bool, as_json: bool) -> None:
        deployment = getattr(workspace().deployment(name), verb)(reason=reason)
        _tell(deployment.wait() if wait else deployment, as_json=as_json)


_steer("rollback", "Return to the version before.")
_steer("pause", "Stop serving; records and monitors stay.")
_steer("resume", "Serve again.")


@deployments.command()
@click.argument("name")
@click.option("--regenerate", type=click.Choice(SLOTS), help="Replace this key, at once, and show the new one.")
@workspace_option
@json_option
def keys(name: str, regenerate: str | None, as_json: bool) -> None:
    """Show when the keys of a deployment were made, or replace one.

    The keys themselves are not kept: a new one is shown once. Move clients to one key, then replace the other.
    """
    deployment = workspace().deployment(name)
    made = {} if regenerate is None else {regenerate: deployment.regenerate_key(regenerate)}
    known = {slot: when.isoformat(timespec="seconds") for slot, when in deployment.keys.items()}
    lines = [f"{slot}: made {when}" for slot, when in known.items()] or [f"{name} has no keys yet."]
    lines += [f"{slot} key (shown this once): {key}" for slot, key in made.items()]
    answer("\n".join(lines), {"deployment": name, "made": known, "keys": made}, as_json=as_json)


@deployments.command()
@click.argument("name")
@click.option("--purge", is_flag=True, help="Remove its records, labels and journal as well.")
@click.confirmation_option(prompt="It will stop answering. Go on?")
@workspace_option
@json_option
def delete(name: str, purge: bool, as_json: bool) -> None:
    """Stop serving for good. Its records are kept, unless --purge removes them."""
    ws = workspace()
    ws.deployment(name).delete(purge=purge)
    if purge:
        removed, waiting = ws.purge(name)
        text = f"{name}: deleted, {removed} sets of records removed" + (f", {waiting} soon." if waiting else ".")
    else:
        text = f"{name}: deleted. Its records are kept; remove them with: holter records purge {name}"
    answer(text, {"deleted": name, "purged": purge}, as_json=as_json)


@deployments.command()
@click.argument("name")
@click.option("--lines", "-n", type=click.IntRange(1), default=50, show_default=True, help="How many, at most.")
@workspace_option
@json_option
def logs(name: str, lines: int, as_json: bool) -> None:
    """Show the end of what its workers wrote."""
    text = workspace().deployment(name).logs(lines)
    answer(text, {"deployment": name, "log": text}, as_json=as_json)


@click.group(cls=Group)
def labels() -> None:
    """Hand in ground truth."""


@labels.command()
@click.argument("deployment")
@click.argument("file")
@click.option("--key", default="request_id", show_default=True, help="Column with the request id.")
@click.option("--label", default="label", show_default=True, help="Column with the truth.")
@click.option("--row", help="Column with the row inside the request, from 0.")
@click.option("--received-at", callback=lambda _, __, text: when(text), help="When it became known; default: now.")
@workspace_option
@json_option
def add(
    *, deployment: str, file: str, key: str, label: str, row: str | None, received_at: datetime | None, as_json: bool
) -> None:
    """Join the labels in FILE to the records of DEPLOYMENT; the newest label of a record wins."""
    taken = workspace().deployment(deployment).log_labels(file, key=key, label=label, row=row, received_at=received_at)
    facts = {"deployment": deployment, "labels": int(taken), "known": taken.known}
    answer(f"{deployment}: {taken}", facts, as_json=as_json)


@click.command()
@click.argument("deployment")
@click.argument("file")
@click.option("--key", help="Column with the request id; default: made from the rows.")
@click.option("--time", help="Column with the event time; default: now.")
@click.option("--zone", help="Zone of times that have none, such as UTC.")
@click.option("--prediction", help="Column with the answer.")
@click.option("--score", help="Column with the probability of the positive class.")
@click.option("--label", help="Column with the truth; needs --key.")
@workspace_option
@json_option
def log(deployment: str, file: str, as_json: bool, **columns: Any) -> None:
    """Record a batch scored elsewhere.

    Its rows count as if DEPLOYMENT had answered them; the same file twice is recorded once.
    """
    rows = workspace().deployment(deployment).log(file, **columns)
    answer(f"{deployment}: {rows:,} new records.", {"deployment": deployment, "records": rows}, as_json=as_json)
