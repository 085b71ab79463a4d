"""The response ``retrain``: train on what has happened since, and promote only what is better."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holter.errors import BadSetting, NotFound, ResponseFailed
from holter.profile import kind_of
from holter.registry.entries import Deployment, ModelVersion
from holter.registry.giving import give_baseline
from holter.respond import gate
from holter.respond.answer import Answer, Bench, Outcome
from holter.respond.command import environment
from holter.respond.process import run, words
from holter.respond.promote import deployment_of, switch, switched
from holter.respond.training import BASELINE, Labelled, empty_folder, spans, trained, write_labelled
from holter.store.kept import Job, JobState
from holter.types import LABEL, PREDICTION, SCORE, VERSION, Kind, parse_duration

OPTIONS: Final = frozenset(
    {"command", "data", "holdout", "metric", "confidence", "promote", "timeout", "cooldown", "environment"}
)


@dataclass(frozen=True)
class Plan:
    """The options of a retraining, read.

    ``data`` is how far back training reaches (None: all); ``cooldown`` is event time since the last retraining of the
    same rule (None: none).
    """

    command: str
    data: timedelta | None
    holdout: timedelta
    metric: str
    confidence: float
    promote: bool
    timeout: timedelta
    cooldown: timedelta | None

    @classmethod
    def of(cls, job: Job) -> "Plan":
        """Read the options of a job.

        Raises
        ------
        BadSetting, BadDuration, NotFound
            If one cannot be followed.
        """
        options = job.options
        data, cooldown = options.get("data", "all"), options.get("cooldown")
        try:
            confidence = float(options.get("confidence", "0.95"))
        except ValueError:
            confidence = 0.0
        if not 0 < confidence < 1:
            raise BadSetting("confidence", f"{options['confidence']!r} is not between 0 and 1")
        if options.get("promote", "yes") not in ("yes", "no"):
            raise BadSetting("promote", f"{options['promote']!r} is neither yes nor no")
        metric = options.get("metric", "roc_auc")
        if metric not in gate.METRICS:
            raise NotFound("metric for a candidate", metric, gate.METRICS)
        return cls(
            command=options.get("command", ""),
            data=None if data == "all" else parse_duration(data),
            holdout=parse_duration(options.get("holdout", "14d")),
            metric=metric,
            confidence=confidence,
            promote=options.get("promote", "yes") == "yes",
            timeout=parse_duration(options.get("timeout", "600s")),
            cooldown=parse_duration(cooldown) if cooldown else None,
        )


def act(bench: Bench) -> Outcome:
    """Train a candidate on labelled records, judge it on later ones, and promote it if it is better.

    The last ``holdout`` of labelled records is kept from training; champion (the scores it gave then) and candidate are
    compared on exactly those rows. Refused, with the numbers, when the candidate is not better with the asked
    confidence, or when an earlier retraining of the same rule lies less than ``cooldown`` of event time back.
    """
    plan, deployment = Plan.of(bench.job), bench.shelves.registry.deployment(deployment_of(bench))
    if switched(bench):
        version = deployment.wanted.version
        return Outcome(JobState.DONE, f"version {version} was promoted by an earlier attempt", {"to": version})
    recent = _recent(bench, plan)
    if recent is not None:
        reason = f"retrained for the same rule at {recent.at:%Y-%m-%d %H:%M}, less than the cool-down before"
        return Outcome(JobState.REFUSED, reason, {"skipped": True, "earlier_job": recent.key})
    parent = bench.shelves.registry.version(deployment.model, deployment.wanted.version)
    train, holdout = _gather(bench, plan, parent)
    if train.rows == 0 or holdout.rows == 0:
        reason = f"{train.rows} labelled rows to train on and {holdout.rows} to judge on: both are needed"
        return Outcome(JobState.REFUSED, reason, {"train_rows": train.rows, "holdout_rows": holdout.rows})
    candidate = _registered(bench, parent) or _register(bench, parent, _train(bench, plan, parent, train), train)
    scores = _score(bench, plan, deployment, candidate, holdout)
    _give_baseline(bench, candidate, holdout, scores)
    return _decide(bench, plan, parent, candidate, _compare(plan, parent, holdout, scores))


def _recent(bench: Bench, plan: Plan) -> Job | None:
    """Return the retraining that a cool-down still counts from; one that was itself skipped does not count."""
    if plan.cooldown is None:
        return None
    job, facts = bench.job, bench.shelves.facts
    rule = facts.alert(job.alert).rule
    return next(
        (
            each
            for each in reversed(facts.jobs(deployment=job.deployment))
            if each.key != job.key
            and each.kind == job.kind
            and each.monitor == job.monitor
            and each.state is not JobState.WANTED
            and not each.result.get("skipped")
            and timedelta(0) <= job.at - each.at < plan.cooldown
            and facts.alert(each.alert).rule == rule
        ),
        None,
    )


def _gather(bench: Bench, plan: Plan, parent: ModelVersion) -> tuple[Labelled, Labelled]:
    records = bench.shelves.records(deployment_of(bench))
    first, features = records.first(), parent.schema.names if parent.schema else ()
    if first is None or not features:
        why = "there are no records" if first is None else f"version {parent.version} was registered without a schema"
        raise ResponseFailed("retrain", why)
    train_span, holdout_span = spans(first, bench.job.at, plan.data, plan.holdout)
    train = write_labelled(records, train_span, features, bench.folder / "train.parquet")
    holdout = write_labelled(records, holdout_span, features, bench.folder / "holdout.parquet")
    facts = {
        "train": str(train.span),
        "train_rows": train.rows,
        "holdout": str(holdout.span),
        "holdout_rows": holdout.rows,
    }
    bench.note("retrain.data", f"{train.rows} labelled rows to train on, {holdout.rows} later ones to judge on", facts)
    return train, holdout


def _registered(bench: Bench, parent: ModelVersion) -> ModelVersion | None:
    """Return the candidate that an earlier attempt of this job has registered, if it came that far."""
    versions = bench.shelves.registry.versions(parent.model)
    return next((version for version in versions if version.lineage.get("job") == bench.job.key), None)


def _train(bench: Bench, plan: Plan, parent: ModelVersion, train: Labelled) -> Path:
    output = empty_folder(bench.folder / "output")
    places = {"data": str(train.path), "output": str(output), "model": str(parent.path), "python": bench.python[0]}
    told = {"HOLTER_DATA": str(train.path), "HOLTER_OUTPUT": str(output), "HOLTER_MODEL": str(parent.path)}
    run(
        "retrain",
        words("retrain", plan.command, places),
        folder=bench.folder,
        cwd=bench.shelves.root,
        environment=environment(bench) | told,
        timeout=plan.timeout,
        stop=bench.stop,
    )
    model = trained(output)
    bench.note(
        "retrain.trained", f"the command left {model.name}", {"model": model.name, "bytes": model.stat().st_size}
    )
    return model


def _register(bench: Bench, parent: ModelVersion, model: Path, train: Labelled) -> ModelVersion:
    lineage: dict[str, Any] = {
        "job": bench.job.key,
        "alert": bench.job.alert,
        "parent": parent.version,
        "data": [train.span.start.isoformat(), train.span.end.isoformat()],
        "rows": train.rows,
    }
    return bench.shelves.registry.register(
        parent.model,
        model,
        schema=parent.schema,
        baseline=None,
        lineage=lineage,
        key=bench.job.key,
        actor=f"job:{bench.job.key}",
    )


def _score(bench: Bench, plan: Plan, deployment: Deployment, candidate: ModelVersion, holdout: Labelled) -> pa.Table:
    """Score the holdout in a process of its own: a model is code, and is loaded by nothing that must not die."""
    output = bench.folder / "scores.parquet"
    output.unlink(missing_ok=True)
    verb = [*bench.python, "-m", "holter", "score", "--workspace", str(bench.shelves.root)]
    what = ["--deployment", deployment.name, "--version", str(candidate.version)]
    files = ["--input", str(holdout.path), "--output", str(output)]
    run(
        "retrain",
        [*verb, *what, *files],
        folder=bench.folder,
        cwd=bench.shelves.root,
        environment=environment(bench) | dict(deployment.settings.environment),
        timeout=plan.timeout,
        stop=bench.stop,
    )
    scores = pq.read_table(output)
    if scores.num_rows != holdout.rows:
        raise ResponseFailed("retrain", f"the candidate answered {scores.num_rows} of {holdout.rows} rows")
    return scores


def _give_baseline(bench: Bench, candidate: ModelVersion, holdout: Labelled, scores: pa.Table) -> None:
    """Give the candidate rows that it was not trained on: its own, or the holdout with its scores."""
    own = bench.folder / "output" / BASELINE
    if own.exists():
        table = pq.read_table(own)
    else:
        table = pq.read_table(holdout.path).drop_columns([VERSION, PREDICTION, SCORE])
        for name in (PREDICTION, SCORE):
            if name in scores.column_names:
                table = table.append_column(name, scores[name])
    facts = {
        "version": candidate.version,
        "rows": table.num_rows,
        "from": "the command" if own.exists() else "the holdout",
    }
    entry = bench.entry(
        "retrain.baseline", f"{table.num_rows} rows that version {candidate.version} was not trained on", facts
    )
    give_baseline(bench.shelves, candidate, table, held_out=True, entry=entry, at=bench.clock())


def _compare(plan: Plan, parent: ModelVersion, holdout: Labelled, scores: pa.Table) -> gate.Comparison:
    recorded = pq.read_table(holdout.path, columns=[VERSION, PREDICTION, SCORE, LABEL])
    # Only rows that the running version answered: what others said earlier is not its merit.
    mine = pc.fill_null(pc.equal(recorded[VERSION], parent.version), fill_value=False)
    recorded, answered = recorded.filter(mine), scores.filter(mine)
    return gate.compare(
        _answers(recorded, recorded),
        _answers(answered, recorded),
        _floats(recorded, LABEL, recorded),
        metric=plan.metric,
        confidence=plan.confidence,
    )


def _decide(
    bench: Bench, plan: Plan, parent: ModelVersion, candidate: ModelVersion, comparison: gate.Comparison
) -> Outcome:
    """Promote what is better, refuse what is not, and say why with the numbers."""
    facts = {"candidate_version": candidate.version, "champion_version": parent.version, **comparison.to_dict()}
    bench.note("retrain.compared", str(comparison), facts)
    if not comparison.better:
        return Outcome(JobState.REFUSED, f"version {candidate.version} is not surely better: {comparison}", facts)
    answers = bench.shelves.registry.deployment(deployment_of(bench)).wanted.version
    if answers != parent.version:
        why = f"version {answers} answers by now, and the comparison was with version {parent.version}: {comparison}"
        return Outcome(JobState.REFUSED, why, facts)
    if not plan.promote:
        return Outcome(
            JobState.DONE, f"version {candidate.version} is better, promotion is left to you: {comparison}", facts
        )
    return switch(bench, candidate.version, f"version {candidate.version} is better: {comparison}", facts)


def _answers(table: pa.Table, labelled: pa.Table) -> gate.Answers:
    return gate.Answers(_floats(table, PREDICTION, labelled), _floats(table, SCORE, labelled))


def _floats(table: pa.Table, name: str, labelled: pa.Table) -> gate.Floats:
    """Return a column as float64, NaN where it is absent or null; classes become 1 where they are the label, else 0."""
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = table[name]
    if kind_of(column.type) is not Kind.NUMERIC:
        column = pc.equal(column.cast(pa.string()), labelled[LABEL].cast(pa.string()))
    column = pc.fill_null(column.cast(pa.float64()), float("nan"))
    return np.asarray(column.combine_chunks().to_numpy(zero_copy_only=False), dtype=np.float64)


RETRAIN: Final = Answer("retrain", act, OPTIONS, required=frozenset({"command"}))
