"""What findings say, and what they are worth."""

import pytest

from holter.rules import Level
from holter.rules.wording import level_of, unit_of, worded
from holter.types import ContrastKey, Family


def say(family, feature, name, effect, **more):
    return worded(ContrastKey(family, feature, name, **more), effect, 1, 1e-9, 1e-6).partition(" (")[0]


@pytest.mark.parametrize(
    ("key", "effect", "sentence"),
    [
        ((Family.NUMERIC, "age", "scale"), -0.2, "age narrowed"),
        ((Family.NUMERIC, "age", "tails"), 0.2, "age has heavier tails"),
        ((Family.CATEGORICAL, "land", "missing"), 0.2, "the missing share of land rose"),
        ((Family.CATEGORICAL, "land", "unseen"), 0.2, "unseen categories of land rose"),
        ((Family.CATEGORICAL, "land", "surprisal"), -0.2, "rare categories of land fell"),
        ((Family.CATEGORICAL, "land", "share of DE"), 0.2, "the share of DE of land rose"),
        ((Family.CATEGORICAL, "land", "mix"), 0.2, "the mix of land changed"),
        ((Family.LABEL, None, "loss"), 0.2, "the model's loss rose"),
        ((Family.LABEL, None, "residual"), -0.2, "labels are lower than the model answers"),
        ((Family.LABEL, "age", "residual by rank"), 0.2, "the model errs by age as it did not before"),
        ((Family.METRIC, "age", "performance.roc_auc"), -0.2, "ROC AUC of age fell"),
    ],
)
def test_sentences(key, effect, sentence):
    assert say(*key, effect) == sentence


def test_pairs_categories_and_segments_are_named():
    assert say(Family.PAIR, "a", "together", -0.3, other="b") == "a and b go together less than before"
    assert say(Family.LABEL, "a", "residual by ranks", 0.3, other="b").startswith("the model errs by a and b ")
    whole = worded(ContrastKey(Family.LABEL, "land", "residual of DE", segment="age=..27"), 0.1, 7, 1e-9, 1e-6)
    assert whole.startswith("the model errs by land (DE) as it did not before where age=..27 (by 0.1, over the last 7")


@pytest.mark.parametrize(
    ("key", "effect", "baseline", "level"),
    [
        (ContrastKey(Family.NUMERIC, "x", "location"), 0.05, 0.0, Level.INFORMATION),
        (ContrastKey(Family.NUMERIC, "x", "location"), -0.5, 0.0, Level.WARNING),
        (ContrastKey(Family.CATEGORICAL, "c", "missing", share=True), 0.01, 0.0, Level.INFORMATION),
        (ContrastKey(Family.LABEL, None, "loss"), 0.5, 0.4, Level.PAGE),
        (ContrastKey(Family.LABEL, None, "loss"), -0.5, 0.4, Level.WARNING),
        (ContrastKey(Family.METRIC, None, "performance.roc_auc"), -0.1, 0.7, Level.PAGE),
        (ContrastKey(Family.METRIC, None, "performance.roc_auc"), 0.1, 0.7, Level.WARNING),
        (ContrastKey(Family.METRIC, None, "performance.mae"), 1.0, 100.0, Level.INFORMATION),
        (ContrastKey(Family.METRIC, None, "performance.calibration_bias"), -0.1, 0.0, Level.PAGE),
        (ContrastKey(Family.METRIC, None, "custom.cost"), 0.5, 0.0, Level.WARNING),
    ],
)
def test_levels(key, effect, baseline, level):
    assert level_of(key, effect, baseline, material=True) is level


def test_without_materiality_everything_real_is_a_warning():
    key = ContrastKey(Family.PAIR, "a", "together", "b")
    assert level_of(key, 0.001, 0.0, material=False) is Level.WARNING
    assert unit_of(key) == "correlation"
