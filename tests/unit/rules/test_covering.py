from datetime import UTC, datetime, timedelta

import pytest

from holter.rules import Rule, advance, broken_by
from holter.rules.covering import covers
from holter.rules.folding import FEW, worst_segments
from holter.types import Evidence, Measurement, Span, Verdict

DAY = Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("asked", "segment", "expected"),
    [
        (None, None, True),
        (None, "c=a", False),
        ("*", None, False),
        ("*", "c=a", True),
        ("*", "c=a & d=b", True),
        ("c=*", "c=(other)", True),
        ("c=*", "cc=a", False),
        ("c=*", "c=a & d=b", False),
        ("c=* & d=b", "c=a & d=b", True),
        ("c=* & d=b", "c=a & d=c", False),
        ("c=a", "c=a", True),
        ("c=a", "c=ab", False),
        ("c=x & y", "c=x & y", True),
    ],
)
def test_which_segments_are_asked_about(asked, segment, expected):
    assert covers(asked, segment) is expected


def auc(segment, value, p=None, verdict=Verdict.OK):
    evidence = None if p is None else Evidence(p, "t", 0.1, 0.7)
    return Measurement(
        "performance", "roc_auc", value, 90, segment=segment, evidence=evidence, verdict=verdict, window=DAY
    )


def test_a_rule_on_every_segment_is_broken_by_any_of_them_and_not_by_all_rows():
    rule = Rule("each", "performance.roc_auc", below=0.6, segment="*")
    assert broken_by([rule], auc("c=a", 0.5)) == ("each",)
    assert broken_by([rule], auc(None, 0.5)) == ()
    now = DAY.end + timedelta(hours=1)
    alert, _ = advance(
        rule, None, [auc("c=a", 0.9), auc("c=b", 0.55), auc("c=d", 0.5)], monitor="m", window=DAY, now=now
    )
    assert alert.measurement.segment == "c=d"
    assert "where c=d" in alert.sentence
    assert "where c=b" in alert.sentence


def test_a_rule_of_one_segment_is_silent_about_the_others():
    rule = Rule("one", "performance.roc_auc", below=0.6, segment="c=a")
    assert broken_by([rule], auc("c=b", 0.5)) == ()
    assert Rule.from_dict(rule.to_dict()) == rule


def test_the_worst_segments_come_first_and_each_once():
    found = [auc("c=a", 0.5, 1e-4, Verdict.ALARM), auc("c=b", 0.5, 1e-9, Verdict.ALARM), auc("c=d", 0.9, 0.4)]
    found += [auc("c=b", 0.5, 1e-6, Verdict.ALARM), auc(None, 0.1, 1e-20, Verdict.ALARM)]
    assert [each.segment for each in worst_segments(found)] == ["c=b", "c=a"]
    many = [auc(f"c={i}", 0.5, 1e-5, Verdict.ALARM) for i in range(30)]
    assert len(worst_segments(many)) == FEW


def test_a_segment_that_breaks_a_rule_is_among_the_worst_though_it_is_no_alarm():
    rule = Rule("r", "performance.roc_auc", below=0.6, segment="*")
    assert worst_segments([auc("c=a", 0.5)], [rule])
    assert worst_segments([auc("c=a", 0.5)]) == []
