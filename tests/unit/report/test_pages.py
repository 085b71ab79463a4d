"""Pages of a real workspace, parsed as a browser would."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pyarrow.parquet as pq
import pytest

from holter import report
from holter.errors import NotFound
from holter.registry import MonitorEntry, TableTarget
from holter.store.kept import Entry, Message, Publication
from holter.types import Interval, Measurement, Series, SeriesKind
from watched_workspace import ALERT, DAY, DEPLOYMENT, HOSTILE, MONITOR, SCHEMA, START, drift, resolve, rows, span


def now():
    """The workspace tells of the last minutes by the wall clock: a moment taken at import would lie before them."""
    return datetime.now(UTC)


VOID = {"meta", "link", "input", "img", "br"}


class Page(HTMLParser):
    """Text, links and addresses of a page; refuses tags that do not match and markup that runs."""

    def __init__(self, html):
        super().__init__()
        self.words, self.links, self.loads, self.open = [], [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        assert tag not in ("script", "iframe", "object")
        assert not any(name.startswith("on") or name == "style" for name in values)
        if tag == "a":
            self.links.append(values["href"])
        if tag in ("link", "img"):
            self.loads.append(values.get("href") or values.get("src"))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag != "script"

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


PAGES = {
    "index": lambda s: report.index_page(s, now()),
    "deployment": lambda s: report.deployment_page(s, DEPLOYMENT, now()),
    "bare deployment": lambda s: report.deployment_page(s, "churn-api", now()),
    "versions": lambda s: report.versions_page(s, DEPLOYMENT, now()),
    "monitor": lambda s: report.monitor_page(s, MONITOR, now()),
    "table monitor": lambda s: report.monitor_page(s, "scores-weekly", now()),
    "alerts": lambda s: report.alerts_page(s, now()),
    "alert": lambda s: report.alert_page(s, ALERT, now(), lambda purpose: f"token-for-{purpose}"),
    "ledger": lambda s: report.ledger_page(s, now()),
    "message": lambda s: report.message_page(HOSTILE, HOSTILE, now()),
}


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_well_formed_small_says_utc_and_loads_nothing_from_elsewhere(shelves, name):
    html = PAGES[name](shelves)
    page = Page(html)
    assert len(html.encode()) < 300_000
    assert "All times are UTC" in page.text
    assert all(each.startswith("/static/") for each in page.loads)
    assert all(each.startswith(("/", "#")) for each in page.links)


def test_the_overview_lists_those_that_need_attention_first(shelves):
    text = Page(PAGES["index"](shelves)).text
    assert text.index(DEPLOYMENT) < text.index("churn-api")
    assert "Degrading." in text
    assert "1,2" in text
    assert "per minute" in text


def test_a_deployment_shows_what_its_code_tells_and_what_was_lost(shelves):
    html = PAGES["bare deployment"](shelves)
    text = Page(html).text
    assert "5 items of the last 24 hours were dropped" in text
    assert "What the code tells of itself" in text
    assert "<h2>PredictionCount</h2>" in html
    assert text.count(HOSTILE) >= 3
    assert HOSTILE not in html
    assert "What the code tells of itself" not in PAGES["deployment"](shelves)


def test_an_empty_workspace_tells_the_next_command(empty_shelves):
    assert "holter models register" in report.index_page(empty_shelves, now())
    assert "holter monitors add" in report.alerts_page(empty_shelves, now())
    assert "No entries yet" in report.ledger_page(empty_shelves, now())


def test_a_deployment_leads_with_the_verdict_and_shows_every_picture_with_its_table(shelves):
    html = PAGES["deployment"](shelves)
    text = Page(html).text
    assert text.index("Degrading.") < text.index("ROC AUC, realised")
    for heading in (
        "Drift by feature",
        "carrier",
        "Most drifted features",
        "Requests and latency",
        "Alerts",
        "Monitors",
    ):
        assert f"<h2>{heading}</h2>" in html
    assert html.count('<div class="wide"><svg') == html.count('<div class="narrow"><svg') == 5
    assert html.count("The numbers as a table") == 5
    assert "3 of 9" in text


def test_a_page_survives_lost_records_and_a_lost_baseline(own_shelves):
    import shutil

    shutil.rmtree(own_shelves.root / "baselines")
    assert "<h2>carrier</h2>" not in report.deployment_page(own_shelves, DEPLOYMENT, now())
    shutil.rmtree(own_shelves.root / "records")
    assert "Drift by feature" in report.deployment_page(own_shelves, DEPLOYMENT, now())


def test_versions_show_lineage_what_serves_and_why_a_candidate_was_refused(shelves):
    text = Page(PAGES["versions"](shelves)).text
    assert text.index("Version 2") < text.index("Version 1 serving")
    assert "parent 1" in text
    assert "the candidate is not better with 95 % confidence" in text
    assert "champion 0.6532" in text


def test_a_change_of_version_under_way_is_shown(own_shelves):
    own_shelves.registry.want(DEPLOYMENT, version=2, actor="t", reason="better")
    assert "wanted" in Page(report.versions_page(own_shelves, DEPLOYMENT, now())).text
    assert "changing to version 2" in Page(report.deployment_page(own_shelves, DEPLOYMENT, now())).text


def test_a_monitor_shows_rules_and_measurements_newest_first(shelves):
    text = Page(PAGES["monitor"](shelves)).text
    assert "looks every day at the last day" in text
    assert "below 0.650" in text
    assert "email, retrain" in text
    assert "The newest 300 of" in text
    assert text.rindex("30 May 2013") > text.index("Measurements")


def test_a_monitor_without_anything_tells_the_next_command(shelves):
    text = Page(PAGES["table monitor"](shelves)).text
    assert "the table scores/*.parquet" in text
    assert "holter monitors run scores-weekly" in text
    assert "never raises an alert" in text


def test_an_alert_shows_its_history_who_was_told_and_what_was_done(shelves):
    html = PAGES["alert"](shelves)
    text = Page(html).text
    assert "email to team@example.com: waiting" in text
    assert "retrain refused" in text
    assert text.index("pending 7 May 2013 00:00") < text.index("firing 8 May 2013 00:00")
    assert f'value="token-for-acknowledge:{ALERT}"' in html


def test_without_a_token_or_once_resolved_there_is_no_button(own_shelves):
    assert "<form" not in report.alert_page(own_shelves, ALERT, now())
    resolve(own_shelves)
    assert "<form" not in report.alert_page(own_shelves, ALERT, now(), str)


def test_the_page_of_an_alert_hides_what_its_addresses_keep_secret(own_shelves):
    alert = next(each for each in own_shelves.facts.alerts() if each.is_open)
    with own_shelves.facts.begin() as transaction:
        transaction.enqueue(Message("k1", "webhook", "https://hooks.example/T0/key", alert.id, "e"))
        transaction.enqueue(Message("k2", "alertmanager", "http://me:pa55@am.example:9093", alert.id, "e"))
    page = report.alert_page(own_shelves, alert.id, now())
    assert "https://hooks.example/***" in page
    assert "http://am.example:9093/***" in page
    assert "T0/key" not in page
    assert "pa55" not in page


def test_an_alert_of_a_deleted_monitor_still_has_a_page(own_shelves):
    own_shelves.registry.delete_monitor(MONITOR)
    assert "auc-low" in Page(report.alert_page(own_shelves, ALERT, now())).text


def test_the_ledger_is_verified_and_a_changed_entry_is_found(own_shelves):
    import sqlite3

    assert "chain verified" in report.ledger_page(own_shelves, now())
    with sqlite3.connect(own_shelves.root / "holter.db") as connection:
        for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute("update ledger set reason = 'forged' where seq = 2")
    connection.close()
    page = Page(report.ledger_page(own_shelves, now())).text
    assert "chain broken" in page
    assert "broken at entry 2" in page


def test_the_ledger_can_be_about_one_thing_and_pages_back(own_shelves):
    with own_shelves.facts.begin() as transaction:
        for place in range(120):
            transaction.record(Entry("t", f"act-{place}", "many"), now())
    page = Page(report.ledger_page(own_shelves, now(), subject="many"))
    assert "act-119" in page.text
    assert "act-3 " not in page.text
    (older,) = [link for link in page.links if "before=" in link]
    before = int(re.search(r"before=(\d+)", older)[1])
    assert "act-3 " in Page(report.ledger_page(own_shelves, now(), subject="many", before=before)).text
    about = Page(report.ledger_page(own_shelves, now(), subject=DEPLOYMENT)).text
    assert "deployment.create" in about
    assert "retrain.wanted" in about
    assert "churn" not in about


@pytest.mark.parametrize("page", [report.deployment_page, report.monitor_page, report.alert_page, report.versions_page])
def test_a_name_that_nobody_has_is_not_found(shelves, page):
    with pytest.raises(NotFound):
        page(shelves, "nobody", now())


def test_the_sheet_has_every_colour_of_the_theme_in_light_and_dark():
    from holter.charts import THEME

    light, dark = report.style().split("@media (prefers-color-scheme: dark)", 1)
    for name, token in THEME.items():
        assert f"--holter-{name}: {token.light};" in light
        assert f"--holter-{name}: {token.dark};" in dark
    assert "http" not in report.style()
    assert len(report.style_version()) == 12


def test_a_monitored_table_shows_its_most_drifted_column_against_the_monitor_s_baseline(own_shelves, tmp_path):
    scores = rows(300, span(3).start, shifted=True)
    pq.write_table(scores, tmp_path / "scores.parquet")
    pq.write_table(rows(300, START, shifted=False), tmp_path / "baseline.parquet")
    target = TableTarget(str(tmp_path / "scores.parquet"), "_event_time", SCHEMA)
    entry = MonitorEntry("scores", target, ("data_drift",), (), DAY, DAY, baseline=tmp_path / "baseline.parquet")
    own_shelves.registry.add_monitor(entry)
    with own_shelves.facts.begin() as transaction:
        found = [drift(3, "carrier"), drift(3, "hour")]
        transaction.publish(Publication("scores", span(3), "data_drift", 0, "f"), found)
    html = report.monitor_page(own_shelves, "scores", now())
    assert "Bars: 4 Apr 2013 (UTC)." in html
    assert "the baseline" in html
    (tmp_path / "scores.parquet").unlink()
    assert "Drift by feature" in report.monitor_page(own_shelves, "scores", now())


def test_a_deployment_shows_whether_its_service_keeps_up(own_shelves):
    shelf = own_shelves.registry.deployment(DEPLOYMENT).shelf

    def look(**numbers):
        with own_shelves.facts.begin() as transaction:
            for name, value in numbers.items():
                transaction.add_series(shelf, SeriesKind.SERVICE, name, now(), Series.of(value))
        return Page(report.deployment_page(own_shelves, DEPLOYMENT, now())).text

    assert "Journal lag" not in Page(report.deployment_page(own_shelves, DEPLOYMENT, now())).text
    calm = look(journal_lag_s=1.5, journal_bytes=3 << 20, journal_filled=0.1)
    assert "Journal lag" in calm
    assert "journal 3.0 MiB" in calm
    assert "Busy" not in calm
    idle = look(workers=1.0, workers_missing=0.0, waiting=0.0)
    assert "Busy, 1 worker" in idle
    assert "idle" in idle
    late = look(journal_lag_s=90.0, journal_bytes=0.0, busy=0.25, workers=2.0, workers_missing=1.0, waiting=7.0)
    for part in ("90.0", "Busy, 2 workers", "25 %", "7 in line · 1 missing"):
        assert part in late
    assert "Custom service" not in late, "what the tree measures of itself is none of the user's metrics"


def test_a_version_beside_the_champion_is_shown_with_what_is_known_of_it(own_shelves):
    def page():
        return Page(report.deployment_page(own_shelves, DEPLOYMENT, now()))

    assert "Beside the champion" not in page().text
    other = next(
        each.version
        for each in own_shelves.registry.versions(own_shelves.registry.deployment(DEPLOYMENT).model)
        if each.version != own_shelves.registry.deployment(DEPLOYMENT).wanted.version
    )
    own_shelves.registry.want_shadow(DEPLOYMENT, other, actor="test", reason="try")
    asked = page().text
    assert f"Version {other} scores what is captured (shadow)" in asked
    assert f"holter deployments challenger {DEPLOYMENT}" in asked
    own_shelves.registry.add_monitor(MonitorEntry("beside", DEPLOYMENT, ("challenger",), (), DAY, DAY))
    who = f"version {other} (shadow)"
    for day, sure in ((1, 0.5), (2, 0.97)):
        words = f"better with {100 * sure:g} %: log loss 0.39 against 0.41, 420 labelled rows"
        found = [
            Measurement("challenger", "better", sure, 420, feature=who, window=span(day), reason=words),
            Measurement(
                "challenger", "agreement", 0.9, 500, feature=who, window=span(day), interval=Interval(0.87, 0.93)
            ),
        ]
        with own_shelves.facts.begin() as transaction:
            transaction.publish(Publication("beside", span(day), "challenger", 0, str(day)), found)
    shown = page().text
    assert "better with 97 %: log loss 0.39 against 0.41, 420 labelled rows" in shown
    assert "better with 50 %" not in shown
    assert "87 % to 93 %" in shown
