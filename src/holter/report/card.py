"""The card of one model version: what anybody should know of it, from facts that the workspace holds."""

from typing import Final

from holter.errors import HolterError
from holter.profile import Profile
from holter.profile.wording import HEADERS, column_cells
from holter.registry import Shelves
from holter.registry.entries import ModelVersion
from holter.report.sections import Document, Section, Table
from holter.report.subject import latest, of_deployment
from holter.report.wording import NOTHING, facts, figures, minute, window
from holter.rules import title

WORDS: Final = ("intended_use", "out_of_scope", "limitations", "owner", "contact", "ethics", "licence", "license")
"""Tags that are shown first, in this order: what people write of a model (Mitchell et al., Model cards, 2019)."""


def card(shelves: Shelves, version: ModelVersion) -> Document:
    """Return the card: where it comes from, what it takes, what normal looks like, where it runs, how it does.

    What only people know comes from the version's tags (:data:`WORDS` first); nothing is made up for those that are
    not there.
    """
    sections = (
        _facts(version),
        _words(version),
        _features(version),
        _baseline(shelves, version),
        _runs(shelves, version),
    )
    name = f"{version.model}, version {version.version}"
    return Document(
        title=f"Model card: {name}",
        sub=f"Registered on {minute(version.created_at)} UTC.",
        sections=sections,
        mark=f"{name}, SHA-256 {version.digest}",
    )


def _pairs(rows: list[tuple[str, str]], nothing: str) -> Table:
    return Table(("what", "value"), tuple(rows), (1, 3), nothing)


def _facts(version: ModelVersion) -> Section:
    rows = [
        ("Task", str(version.schema.task or NOTHING) if version.schema else NOTHING),
        ("File", version.path.name),
        ("SHA-256", version.digest),
        *((f"Lineage: {name}", text) for name, text in facts(version.lineage)),
    ]
    return Section("Facts", tables=(_pairs(rows, ""),))


def _words(version: ModelVersion) -> Section:
    tags = dict(version.tags)
    first = [(name, tags.pop(name)) for name in WORDS if name in tags]
    rows = [(name.replace("_", " "), text) for name, text in (*first, *sorted(tags.items()))]
    nothing = "Nobody has written anything: tags such as intended_use, limitations and owner would stand here."
    return Section("In the words of its owners", tables=(_pairs(rows, nothing),))


def _features(version: ModelVersion) -> Section:
    rows = () if version.schema is None else tuple((f.name, str(f.kind), f.dtype) for f in version.schema.features)
    nothing = "The version was registered without a schema."
    return Section("Features", tables=(Table(("feature", "kind", "type"), rows, (3, 1, 1), nothing),))


def _baseline(shelves: Shelves, version: ModelVersion) -> Section:
    if version.baseline is None or version.schema is None:
        return Section("What normal looks like", ("No baseline was registered: nothing can be said to drift.",))
    held = "rows the model was not fitted on" if version.held_out else "rows the model was fitted on"
    try:
        profile = shelves.baseline_window(version, version.schema).profile or Profile.empty()
    except (HolterError, OSError) as error:
        return Section("What normal looks like", (f"The baseline cannot be read: {error}",))
    rows = tuple(tuple(column_cells(name, column, profile.rows)) for name, column in profile.columns.items())
    widths = (3.0, *(1.5 for _ in HEADERS[1:]))
    return Section("What normal looks like", (f"{profile.rows:,} {held}.",), (Table(HEADERS, rows, widths),))


def _runs(shelves: Shelves, version: ModelVersion) -> Section:
    rows, words = [], []
    for each in shelves.registry.deployments():
        if each.model != version.model:
            continue
        role = "champion" if each.wanted.version == version.version else ""
        role = role or ("canary" if each.wanted.canary and each.wanted.canary.version == version.version else "")
        role = role or ("shadow" if each.wanted.shadow == version.version else "")
        if role:
            rows.append((each.name, role, minute(each.began)))
        if role == "champion":
            words += _newest(shelves, each.name)
    table = Table(("deployment", "as", "since, UTC"), tuple(rows), (2, 1, 2), "It answers nowhere now.")
    return Section("Where it runs, and how it does", tuple(words), (table,))


def _newest(shelves: Shelves, deployment: str) -> list[str]:
    """Say what was measured last of how good the answers are, with the window it is about."""
    subject = of_deployment(shelves, deployment)
    said = []
    for found, prefix in ((subject.performance, "performance"), (subject.estimated, "estimated_performance")):
        last = latest(found[0].series(f"{prefix}.{found[1]}")) if found else None
        if last is not None:
            said.append(f"{deployment}: {title(last.name)} {figures(last)}, {window(last.window)}, {last.n:,} records.")
    return said
