"""REST below ``/api``: the same JSON as ``holter ... --json``. Commands can never be set here."""

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Body, Query, Request
from starlette.concurrency import run_in_threadpool

from holter.errors import BadLabels, InputError
from holter.registry import Shelves
from holter.types import Span, as_utc
from holter.web.normal import normal_api

if TYPE_CHECKING:
    from holter.capture.labels import Labelled

MOST: Final = 10_000
"""Rows of one reply at most."""
LARGEST: Final = 64 * 1024 * 1024
"""Bytes of labels taken in one request."""


def api_routes(shelves: Shelves) -> APIRouter:
    """Return the routes for programs."""
    routes = APIRouter(prefix="/api")
    _add_registry(routes, shelves)
    _add_findings(routes, shelves)
    _add_alerts(routes, shelves)
    _add_labels(routes, shelves)
    _add_records(routes, shelves)
    normal_api(routes, shelves)
    _add_silences(routes, shelves)
    _add_answers(routes, shelves)
    return routes


def _add_registry(routes: APIRouter, shelves: Shelves) -> None:
    from holter.workspace.results import Deployments, Monitors, Versions

    @routes.get("/deployments")
    def deployments() -> list[dict[str, Any]]:
        """List every deployment with its state."""
        return Deployments(tuple(shelves.registry.deployments())).to_dict()

    @routes.get("/deployments/{name}")
    def deployment(name: str) -> dict[str, Any]:
        """Show one deployment."""
        return Deployments((shelves.registry.deployment(name),)).to_dict()[0]

    @routes.get("/deployments/{name}/versions")
    def versions(name: str) -> list[dict[str, Any]]:
        """List the versions of the model of a deployment."""
        model = shelves.registry.deployment(name).model
        return Versions(tuple(shelves.registry.versions(model))).to_dict()

    @routes.get("/deployments/{name}/telemetry")
    def told(name: str) -> dict[str, Any]:
        """Show what the code of a deployment has told in the last 24 hours: custom metrics, events, what was lost."""
        from holter.report.telemetry import telemetry

        return telemetry(shelves, name, datetime.now(UTC)).to_dict()

    @routes.get("/monitors")
    def monitors() -> list[dict[str, Any]]:
        """List every monitor; what opens a door (keys of webhooks) is hidden."""
        return Monitors(tuple(shelves.registry.monitors())).to_dict()


def _add_findings(routes: APIRouter, shelves: Shelves) -> None:
    from holter.rules.covering import covers
    from holter.workspace.results import Measurements

    @routes.get("/monitors/{name}/measurements")
    def measurements(
        name: str,
        metric: str | None = None,
        feature: str | None = None,
        segment: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 1000,
    ) -> list[dict[str, Any]]:
        """List the newest measurements of a monitor, oldest first; `metric` is `signal.metric`.

        `segment` is a label (`country=DE`), `country=*` or `*`; without it, measurements of all rows together.
        """
        shelves.registry.monitor(name)
        measured = shelves.facts.measurements(
            name, metric=metric, feature=feature, span=_span(start, end), whole=segment is None
        )
        found = [each for each in measured if covers(segment, each.segment)]
        return Measurements(tuple(found[-limit:])).to_dict()

    @routes.get("/monitors/{name}/why")
    def why(name: str, at: datetime | None = None, alert: str | None = None) -> dict[str, Any]:
        """Say why a window is as it is: the one judged last, one that ends `at` a time, or that of an alert."""
        from holter.workspace.monitor import Monitor

        return Monitor(shelves, name).why(at=at, alert=alert).to_dict()


def _add_alerts(routes: APIRouter, shelves: Shelves) -> None:
    from holter.workspace.results import Alerts, Ledger

    @routes.get("/alerts")
    def alerts(
        monitor: str | None = None, open_only: Annotated[bool, Query(alias="open")] = False
    ) -> list[dict[str, Any]]:
        """List alerts, newest first; with `open`, those that still want attention."""
        return Alerts(tuple(shelves.facts.alerts(monitor, open_only=open_only))).to_dict()

    @routes.get("/alerts/{alert}")
    def alert(alert: str) -> dict[str, Any]:
        """Show one alert."""
        return Alerts((shelves.facts.alert(alert),)).to_dict()[0]

    @routes.post("/alerts/{alert}/acknowledge")
    def acknowledge(alert: str, reason: Annotated[str, Body(embed=True, max_length=2000)] = "") -> dict[str, Any]:
        """Say that somebody looks after an alert; the body may give a `reason`, as a JSON object."""
        from holter.workspace.acknowledging import acknowledge as take_over

        return Alerts((take_over(shelves, alert, "api", reason),)).to_dict()[0]

    @routes.get("/ledger")
    def ledger(since: int = 0, limit: Annotated[int, Query(ge=1, le=MOST)] = 1000) -> list[dict[str, Any]]:
        """List what was decided, oldest first, after entry number `since`."""
        return Ledger(tuple(shelves.facts.ledger(since=since, limit=limit))).to_dict()


def _add_answers(routes: APIRouter, shelves: Shelves) -> None:
    from holter.respond.consent import decide
    from holter.workspace.results import Answers

    @routes.get("/answers")
    def answers(deployment: str | None = None) -> list[dict[str, Any]]:
        """List what was done about alerts, oldest first."""
        return Answers(tuple(shelves.facts.jobs(deployment=deployment))).to_dict()

    @routes.post("/answers/{answer}/approve")
    def approve(answer: str, reason: Annotated[str, Body(embed=True, max_length=2000)] = "") -> dict[str, Any]:
        """Say yes to an answer that waits for it."""
        done = decide(shelves, answer, yes=True, actor="api", reason=reason, now=datetime.now(UTC))
        return Answers((done,)).to_dict()[0]

    @routes.post("/answers/{answer}/refuse")
    def refuse(answer: str, reason: Annotated[str, Body(embed=True, max_length=2000)] = "") -> dict[str, Any]:
        """Say no to an answer that waits for it."""
        done = decide(shelves, answer, yes=False, actor="api", reason=reason, now=datetime.now(UTC))
        return Answers((done,)).to_dict()[0]


def _add_silences(routes: APIRouter, shelves: Shelves) -> None:
    from holter.workspace.silencing import SilenceList, Silences

    known = Silences(shelves)

    @routes.get("/silences")
    def silences(past: bool = False) -> list[dict[str, Any]]:
        """List silences that hold or will; with `past`, those that are over, too."""
        return known.list(past=past).to_dict()

    @routes.post("/silences")
    def begin(
        lasting: Annotated[str, Body()],
        reason: Annotated[str, Body(max_length=2000)],
        monitor: Annotated[str, Body()] = "*",
        rule: Annotated[str, Body()] = "*",
        feature: Annotated[str, Body()] = "*",
        starts: Annotated[datetime | None, Body()] = None,
    ) -> dict[str, Any]:
        """Tell nobody of some alerts for a time (`2h`); names may be patterns (`churn-*`)."""
        about = {"monitor": monitor, "rule": rule, "feature": feature}
        return SilenceList((known.add(lasting, reason, starts=starts, by="api", **about),)).to_dict()[0]

    @routes.post("/silences/{silence}/end")
    def end(silence: str, reason: Annotated[str, Body(embed=True, max_length=2000)] = "") -> dict[str, Any]:
        """End a silence now."""
        return SilenceList((known.end(silence, reason=reason, by="api"),)).to_dict()[0]


def _span(start: datetime | None, end: datetime | None) -> Span | None:
    if start is None and end is None:
        return None
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return Span(as_utc(start) if start else first, as_utc(end) if end else last)


def _add_labels(routes: APIRouter, shelves: Shelves) -> None:
    @routes.post("/deployments/{name}/labels")
    async def labels(
        name: str, request: Request, key: str = "request_id", label: str = "label", row: str | None = None
    ) -> dict[str, Any]:
        """Hand in ground truth; the body is a JSON list of objects, CSV or Parquet, by its content type."""
        body = await _body(request)
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        taken = await run_in_threadpool(_take, shelves, name, (body, kind), (key, label, row))
        return {"deployment": name, "labels": int(taken), "known": taken.known}


def _take(shelves: Shelves, name: str, sent: tuple[bytes, str], columns: tuple[str, str, str | None]) -> "Labelled":
    from holter.capture.labels import log_labels

    shelves.registry.deployment(name)
    key, label, row = columns
    return log_labels(shelves, name, table_of(*sent), key=key, label=label, row=row, received_at=datetime.now(UTC))


def _add_records(routes: APIRouter, shelves: Shelves) -> None:
    @routes.post("/deployments/{name}/records")
    async def records(
        name: str,
        request: Request,
        key: str | None = None,
        event_time: str | None = None,
        zone: str | None = None,
        prediction: str | None = None,
        score: str | None = None,
    ) -> dict[str, Any]:
        """Record rows that were scored elsewhere; the body is a JSON list of objects, CSV or Parquet.

        The parameters name its columns. The same rows twice are recorded once.
        """
        body = await _body(request)
        kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        columns = {"key": key, "time": event_time, "zone": zone, "prediction": prediction, "score": score}
        new = await run_in_threadpool(_log, shelves, name, (body, kind), columns)
        return {"deployment": name, "records": new}


def _log(shelves: Shelves, name: str, sent: tuple[bytes, str], columns: dict[str, str | None]) -> int:
    import pyarrow as pa

    from holter.capture.history import import_history

    shelves.registry.deployment(name)
    table, time = table_of(*sent), columns["time"]
    if time is not None and time in table.column_names and pa.types.is_string(table[time].type):
        table = table.set_column(table.column_names.index(time), time, _times(table[time]))
    return import_history(shelves, name, table, received_at=datetime.now(UTC), **columns)


def _times(texts: Any) -> Any:
    """Read ISO 8601, which is what JSON has for times; all with a zone, or none with one."""
    import pyarrow as pa

    try:
        moments = [None if text is None else datetime.fromisoformat(text) for text in texts.to_pylist()]
        zoned = any(moment is not None and moment.tzinfo is not None for moment in moments)
        return pa.chunked_array([pa.array(moments, pa.timestamp("us", "UTC" if zoned else None))])
    except (ValueError, pa.ArrowException) as error:
        raise InputError(f"the event times are not ISO 8601: {error}") from error


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise BadLabels(f"more than {LARGEST // 1024**2} MiB in one request; send them in parts.")
        parts.append(part)
    return b"".join(parts)


def table_of(body: bytes, kind: str) -> Any:
    """Read a body as a table: a JSON list of objects, CSV, or Parquet, by its content type.

    Raises
    ------
    BadLabels
        If it is none of these.
    """
    import json

    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    try:
        if kind == "text/csv":
            return pyarrow.csv.read_csv(BytesIO(body))
        if kind in ("application/vnd.apache.parquet", "application/x-parquet", "application/octet-stream"):
            return pyarrow.parquet.read_table(BytesIO(body))
        if kind == "application/json":
            rows = json.loads(body)
            if isinstance(rows, list) and all(isinstance(each, dict) for each in rows):
                return pa.Table.from_pylist(rows)
    except (pa.ArrowException, ValueError, RecursionError) as error:
        raise BadLabels(f"the body cannot be read as {kind}: {error}") from error
    raise BadLabels(f"a body of type {kind} is not a list of objects; send JSON rows, text/csv or Parquet.")
