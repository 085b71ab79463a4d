"""Which segments are found, how often chance finds one, and what the two parts of a change add up to."""

import math

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals.causes import Causes
from holter.signals.decomposition import decomposition
from holter.signals.discovery import FOUND, loss_segments, share_segments
from holter.signals.row_cells import Celled, Side, celled
from holter.signals.row_losses import ABSOLUTE, BRIER, ERROR, row_losses
from holter.signals.segments import Segments
from holter.types import Feature, Kind, Schema, Task, Verdict

NUMBERS = [Feature(f"x{place}", Kind.NUMERIC, "double") for place in range(6)]
FEATURES = (*NUMBERS, Feature("c", Kind.CATEGORICAL, "string"), Feature("d", Kind.CATEGORICAL, "string"))
SCHEMA = Schema(FEATURES, Task.BINARY)


def rows(n, seed, *, broken=None, shares=(0.4, 0.3, 0.2, 0.1)):
    """Return rows of a fair model, but for those that ``broken`` picks: there labels are turned round."""
    rng = np.random.default_rng(seed)
    table = {f"x{place}": rng.normal(size=n) for place in range(6)}
    table |= {"c": rng.choice(["a", "b", "e", "f"], n, p=shares), "d": rng.choice(["ios", "web", "tv"], n)}
    score = 1 / (1 + np.exp(-table["x0"]))
    label = rng.random(n) < score
    if broken is not None:
        label = np.where(broken(table), ~label, label)
    return pa.table({**table, "_score": score, "_label": label * 1.0})


BASELINE = rows(10_000, 0)


def window(table, task=Task.BINARY):
    return Window(None, Schema(FEATURES, task), rows=table)


def both(now, before=BASELINE):
    losses = tuple(row_losses(each, Task.BINARY).values for each in (now, before))
    return celled(now, before, FEATURES, losses)


def measured(now, metric, before=BASELINE):
    found = decide(list(Segments().measure(window(now), window(before))), Calibration.iid())
    return [each for each in found if each.metric == metric]


def test_one_category_that_broke_is_found_and_no_other():
    found = measured(rows(2000, 1, broken=lambda t: t["c"] == "b"), "loss")
    assert found[0].segment == "c=b"
    assert found[0].verdict is Verdict.ALARM
    assert found[0].value > found[0].threshold
    assert [each.segment for each in found if each.verdict is Verdict.ALARM] == ["c=b"]


def test_a_combination_is_found_where_neither_column_alone_says_it():
    found = measured(rows(3000, 1, broken=lambda t: (t["c"] == "b") & (t["d"] == "web")), "loss")
    assert found[0].segment == "c=b & d=web"
    assert found[0].evidence.p_value < 1e-6


def test_a_range_of_a_number_is_found():
    found = measured(rows(3000, 1, broken=lambda t: t["x3"] > 1.0), "loss")
    assert found[0].segment.startswith("x3=0.8")
    assert found[0].segment.endswith("..")


def test_two_segments_are_both_found_the_stronger_first():
    found = measured(rows(6000, 1, broken=lambda t: (t["c"] == "b") | (t["d"] == "tv")), "loss")
    assert {each.segment for each in found if each.verdict is Verdict.ALARM} >= {"c=b", "d=tv"}
    assert len(found) <= FOUND


def test_what_grows_everywhere_alike_is_no_segment():
    found = measured(rows(3000, 1, broken=lambda t: np.random.default_rng(9).random(len(t["c"])) < 0.3), "loss")
    assert [each for each in found if each.verdict is Verdict.ALARM] == []


def test_chance_finds_nothing_more_often_than_it_says():
    losses, shares = [], []
    for seed in range(60):
        sides = both(rows(600, 1000 + seed))
        losses.append(loss_segments(sides)[0].p_value)
        shares.append(share_segments(sides)[0].p_value)
    for p_values in (losses, shares):
        assert np.mean(np.array(p_values) <= 0.1) <= 0.1 + 3 * math.sqrt(0.09 / 60)
        assert min(p_values) > 1e-4


def test_the_segment_that_grew_is_found_with_its_share_before_and_now():
    found = measured(rows(3000, 2, shares=(0.3, 0.3, 0.2, 0.2)), "share")
    assert found[0].segment == "c=f"
    assert found[0].value == pytest.approx(0.2, abs=0.03)
    assert found[0].evidence.baseline == pytest.approx(0.1, abs=0.02)
    assert found[0].interval.low < found[0].value < found[0].interval.high


def test_what_the_first_segment_explains_is_not_told_again():
    def grown(n, seed, share):
        rng = np.random.default_rng(seed)
        many = rng.random(n) < share
        table = {name: rng.normal(size=n) for name in ("x0", "x1")}
        table |= {"c": np.where(many, "f", "a"), "d": np.where(many, "tv", "web")}
        return pa.table({**table, "_score": np.full(n, 0.5), "_label": np.zeros(n)})

    found = [each.label for each in share_segments(both(grown(4000, 1, 0.4), grown(4000, 2, 0.1)))]
    assert found == ["c=f"]


def test_what_is_found_does_not_depend_on_the_order_of_rows():
    now = rows(1500, 1, broken=lambda t: t["c"] == "b")
    shuffled = now.take(np.random.default_rng(1).permutation(len(now)))
    assert loss_segments(both(now)) == loss_segments(both(shuffled))


def test_few_rows_say_how_many_are_needed_and_no_column_is_said_too():
    (told,) = measured(rows(40, 1), "loss")
    assert (told.verdict, told.n) == (Verdict.INSUFFICIENT, 40)
    bare = rows(500, 1).select(["_score", "_label"])
    (told,) = measured(bare, "loss")
    assert told.verdict is Verdict.UNDEFINED
    assert "no column" in told.reason


def test_without_labels_shares_are_told_all_the_same():
    now = rows(500, 1).drop_columns(["_label"])
    (loss,) = measured(now, "loss")
    assert loss.reason == "window: no row has both an answer and a label"
    assert measured(now, "share")[0].value is not None


def test_losses_of_every_task_add_up_to_what_their_names_say():
    binary = row_losses(pa.table({"_score": [0.5, None], "_label": [1.0, 1.0]}), Task.BINARY)
    assert (binary.kind, binary.values.tolist()[0]) == (BRIER, 0.25)
    decided = row_losses(pa.table({"_prediction": [1.0, 0.0], "_label": [1.0, 1.0]}), Task.BINARY)
    assert (decided.kind, decided.values.tolist()) == (ERROR, [0.0, 1.0])
    numbers = row_losses(pa.table({"_prediction": [1.0, 5.0], "_label": [2.0, None]}), Task.REGRESSION)
    assert (numbers.kind, numbers.values.tolist()[0]) == (ABSOLUTE, 1.0)
    classes = row_losses(pa.table({"_prediction": ["u", "v", None], "_label": ["u", "w", "u"]}), Task.MULTICLASS)
    assert (classes.kind, classes.values.tolist()[:2]) == (ERROR, [0.0, 1.0])
    assert np.isnan(classes.values[2])


@pytest.mark.parametrize(
    ("table", "task", "why"),
    [
        (None, Task.BINARY, "no rows"),
        (pa.table({"_label": [1.0]}), None, "no task"),
        (pa.table({"_score": [0.5]}), Task.BINARY, "no row has both"),
        (pa.table({"_label": ["u"]}), Task.MULTICLASS, "no row has both"),
        (pa.table({"_score": [0.5], "_label": [7.0]}), Task.BINARY, "no row has both"),
        (pa.table({"_score": ["high"], "_label": [1.0]}), Task.BINARY, "cannot be read"),
    ],
)
def test_where_there_is_no_loss_it_says_why(table, task, why):
    assert why in row_losses(table, task)


def test_other_kinds_of_loss_on_both_sides_are_not_compared():
    now = rows(300, 1)
    decided = now.set_column(now.column_names.index("_score"), "_prediction", pa.array(np.ones(300)))
    (told,) = measured(decided, "loss")
    assert told.reason == f"the window gives the {ERROR}, the baseline the {BRIER}"


@pytest.mark.parametrize("seed", range(5))
def test_mix_and_within_add_up_to_the_change_exactly(seed):
    rng = np.random.default_rng(seed)
    sides = [
        Side({"c": rng.integers(0, 7, n) % (6 + place)}, rng.exponential(size=n))
        for place, n in enumerate((rng.integers(2, 400), rng.integers(2, 400)))
    ]
    found = decomposition(Celled(sides[0], sides[1], {"c": [str(each) for each in range(7)]}), "c")
    assert found.mix + found.within == pytest.approx(sides[0].values.mean() - sides[1].values.mean(), abs=1e-12)
    assert found.mix_error >= 0
    assert found.within_error >= 0


def test_a_category_that_only_the_window_has_is_mix():
    sides = Side({"c": np.array([0, 1])}, np.array([1.0, 3.0])), Side({"c": np.array([0, 0])}, np.array([1.0, 1.0]))
    found = decomposition(Celled(*sides, {"c": ["a", "new"]}), "c")
    assert (found.mix, found.within) == (1.0, 0.0)


def test_hard_rows_that_come_more_often_are_mix_and_labels_that_turn_are_within():
    hard = rows(4000, 1, broken=lambda t: t["c"] == "b")
    often = rows(4000, 2, broken=lambda t: t["c"] == "b", shares=(0.1, 0.6, 0.2, 0.1))
    of = {(each.metric, each.feature): each for each in Causes().measure(window(often), window(hard))}
    change = of["loss", None].evidence.effect
    assert change > 0.03
    assert of["mix", "c"].value == pytest.approx(change, abs=0.01)
    assert abs(of["within", "c"].value) < 3 * of["within", "c"].interval.high - 3 * of["within", "c"].value
    assert of["within", "x1"].value == pytest.approx(change, abs=0.01)
    assert of["within", "x1"].evidence.p_value < 1e-6


def test_the_intervals_of_both_parts_hold_what_they_should():
    inside = {"mix": 0, "within": 0}
    for seed in range(80):
        found = Causes().measure(window(rows(800, 5000 + seed)), window(rows(800, 6000 + seed)))
        for each in found:
            if each.feature == "c":
                inside[each.metric] += each.interval.low <= 0 <= each.interval.high
    for count in inside.values():
        assert count >= 0.95 * 80 - 3 * math.sqrt(80 * 0.95 * 0.05)


def test_what_one_half_chooses_the_other_can_measure():
    for seed in range(40):
        now = rows(240, 7000 + seed)
        assert loss_segments(both(now))
        assert share_segments(both(now))
