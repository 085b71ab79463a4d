"""Rankings: near the top or not."""

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadSetting
from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Schema, Verdict


def searches(queries, skill, seed=0, size=8):
    rng = np.random.default_rng(seed)
    label = (rng.random(queries * size) < 0.25).astype(float)
    score = skill * label + rng.normal(size=queries * size)
    query = np.repeat([f"q{place}" for place in range(queries)], size)
    return pa.table({"_query": query.tolist(), "_score": score, "_label": label})


def measured(rows, baseline=None, **options):
    signal = named("ranking", options)
    windows = (Window(None, Schema(()), rows=each) for each in (rows, rows if baseline is None else baseline))
    return {each.metric: each for each in decide(list(signal.measure(*windows)), Calibration.iid())}


def test_a_model_that_lost_its_order_is_found():
    found = measured(searches(600, 0.2), searches(900, 2.0, 1), k=3)
    assert {each.verdict for each in found.values()} == {Verdict.ALARM}
    better = measured(searches(600, 2.0), searches(900, 0.2, 1), k=3)
    assert {each.verdict for each in better.values()} == {Verdict.OK}


@pytest.mark.parametrize("metric", ["ndcg", "map", "mrr", "hit_rate"])
def test_intervals_hold_the_truth(metric):
    truth = measured(searches(60_000, 1.0, 99), k=3)[metric].value
    found = [measured(searches(80, 1.0, seed), k=3)[metric].interval for seed in range(100)]
    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.87


def test_rows_of_equal_score_may_stand_in_any_order():
    rows = pa.table({"_query": [1, 1, 1] * 40, "_score": [0.5] * 120, "_label": [1.0, 0.0, 0.0] * 40})
    queries = pa.array(np.repeat(np.arange(40), 3))
    rows = rows.set_column(0, "_query", queries)
    back = rows.take(np.arange(120)[::-1])
    assert {name: each.value for name, each in measured(rows, k=1).items()} == {
        name: each.value for name, each in measured(back, k=1).items()
    }
    assert measured(rows, k=1)["hit_rate"].value == 0
    assert measured(rows, k=1)["ndcg"].value == pytest.approx(1 / 3)


def test_what_is_missing_is_said():
    whole = searches(50, 1.0)
    assert "no column 'session'" in measured(whole, query="session")["ndcg"].reason
    assert measured(searches(3, 1.0))["mrr"].verdict is Verdict.INSUFFICIENT
    none = whole.set_column(2, "_label", pa.array([0.0] * len(whole)))
    assert measured(none)["map"].reason == "no query has a relevant row"
    below = whole.set_column(2, "_label", pa.array([-1.0] * len(whole)))
    assert "holds -1" in measured(below)["map"].reason
    text = whole.set_column(2, "_label", pa.array(["good"] * len(whole)))
    assert "cannot be read" in measured(text)["map"].reason
    with pytest.raises(BadSetting, match="k"):
        named("ranking", {"k": 0})


def test_predictions_rank_where_there_are_no_scores_and_unlabelled_rows_say_nothing():
    whole = searches(60, 1.0)
    said = whole.rename_columns(["_query", "_prediction", "_label"])
    assert measured(said)["ndcg"].value == measured(whole)["ndcg"].value
    more = pa.concat_tables(
        [whole, pa.table({"_query": ["q0"], "_score": [99.0], "_label": pa.array([None], "double")})]
    )
    assert measured(more)["mrr"].value == measured(whole)["mrr"].value
