"""Where the data does not determine an answer, there is none."""

import numpy as np
import pytest

from holter import stats

NAN = float("nan")
DISTANCES = [stats.jensen_shannon, stats.population_stability_index, stats.total_variation, stats.hellinger]


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_distance_needs_rows_on_both_sides(distance):
    assert distance([0, 0], [1, 1]) is None
    assert distance([1, 1], [0, 0]) is None
    assert distance([], []) is None


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_distance_is_0_for_equal_shares_and_symmetric(distance):
    assert distance([1, 2, 3], [100, 200, 300]) == pytest.approx(0, abs=1e-7)
    assert distance([1, 2, 3], [3, 2, 1]) == pytest.approx(distance([3, 2, 1], [1, 2, 3]))
    assert distance([5], [7]) == 0


@pytest.mark.parametrize("distance", [stats.jensen_shannon, stats.total_variation, stats.hellinger])
def test_a_distance_is_1_when_nothing_is_in_common(distance):
    assert distance([3, 0], [0, 9]) == pytest.approx(1)


def test_psi_of_an_empty_category_is_finite():
    assert stats.population_stability_index([1, 0], [1, 1]) == pytest.approx(0.5 * np.log(2) + 0.4999 * np.log(5000))


def test_psi_grows_with_what_is_missing():
    small, large = (stats.population_stability_index([100, 0], [100 - n, n]) for n in (1, 10))
    assert 0 < small < large


@pytest.mark.parametrize("compare", [stats.kolmogorov_smirnov, stats.wasserstein])
def test_comparing_values_needs_rows_on_both_sides(compare):
    assert compare([], [], [1.0], [1]) is None
    assert compare([1.0], [1], [], []) is None
    assert compare([1.0], [0], [1.0], [1]) is None


def test_equal_samples_do_not_differ():
    assert stats.kolmogorov_smirnov([1, 2], [5, 5], [2, 1], [1, 1]) == (0.0, 1.0)
    assert stats.wasserstein([1, 2], [5, 5], [2, 1], [1, 1]) == 0.0
    assert stats.kolmogorov_smirnov([7], [10], [7], [3]) == (0.0, 1.0)


def test_weights_stand_for_rows():
    rows = stats.kolmogorov_smirnov([1, 1, 1, 2], [1] * 4, [1, 2, 2, 2], [1] * 4)
    assert stats.kolmogorov_smirnov([1, 2], [3, 1], [1, 2], [1, 3]) == pytest.approx(rows)


def test_the_error_of_a_summary_makes_a_difference_less_sure_and_not_smaller():
    sides = ([1, 2], [300, 100], [1, 2], [200, 200])
    statistic, p = stats.kolmogorov_smirnov(*sides)
    careful = stats.kolmogorov_smirnov(*sides, error=0.1)
    assert careful[0] == statistic == 0.25
    assert careful[1] > p
    assert stats.kolmogorov_smirnov(*sides, error=0.5)[1] == 1.0


def test_a_distance_beyond_a_double_is_no_number():
    assert stats.wasserstein([-1.7e308], [1], [1.7e308], [1]) is None
    assert stats.wasserstein([0.0], [1], [1e308], [1]) == 1e308


def test_whole_numbers_beyond_2_to_the_53_are_told_apart():
    assert stats.kolmogorov_smirnov(np.array([2**60]), [1], np.array([2**60 + 1]), [1])[0] == 1.0


@pytest.mark.parametrize(("a", "b"), [([0, 0], [1, 1]), ([5], [7]), ([5, 0], [7, 0]), ([1, 1], [1, 1]), ([], [])])
def test_chi_squared_needs_two_cells_with_rows(a, b):
    assert stats.chi_squared(a, b) is None


def test_chi_squared_of_equal_shares_is_0():
    assert stats.chi_squared([50, 50], [100, 100]) == (0.0, 1.0, 1)


def test_chi_squared_does_not_depend_on_the_order_of_categories():
    a, b = np.array([30, 2, 40, 1, 9]), np.array([20, 4, 41, 3, 0])
    order = np.array([3, 0, 4, 2, 1])
    assert stats.chi_squared(a, b) == pytest.approx(stats.chi_squared(a[order], b[order]))


def test_wilson_needs_rows_and_is_exact_at_the_ends():
    assert stats.wilson(0, 0) is None
    assert (stats.wilson(0, 5).low, stats.wilson(5, 5).high) == (0.0, 1.0)
    assert stats.wilson(0, 5).high > 0.3


@pytest.mark.parametrize("values", [[], [1.0], [1.0, NAN]])
def test_a_mean_of_fewer_than_two_values_has_no_error(values):
    assert stats.mean_with_error(values) is None


def test_a_constant_has_no_error():
    assert stats.mean_with_error([2.0, 2.0, NAN]) == (2.0, 0.0)


@pytest.mark.parametrize("labels", [[], [1, 1, 1], [0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, NAN], [0, 0, NAN]])
def test_the_area_needs_two_rows_of_either_class(labels):
    scores = [0.1, 0.2, 0.3][: len(labels)]
    assert stats.roc_auc(scores, labels) is None
    assert stats.paired_roc_auc(scores, scores, labels) is None


def test_equal_scores_tell_nothing_apart():
    assert stats.roc_auc([0.5] * 4, [0, 1, 0, 1]) == (0.5, 0.0)


def test_perfect_separation_has_no_error_as_documented():
    assert stats.roc_auc([1, 2, 3, 4], [0, 0, 1, 1]) == (1.0, 0.0)


def test_equal_models_do_not_differ():
    scores = [0.1, 0.7, 0.4, 0.4]
    assert stats.paired_roc_auc(scores, scores, [0, 1, 1, 0]) == (0.0, 0.0)


def test_pairing_leaves_out_what_either_model_did_not_score():
    found = stats.paired_roc_auc([0.1, 0.9, 0.3, 0.8, NAN], [0.2, 0.8, 0.3, 0.1, 1.0], [0, 1, 0, 1, 0])
    assert found == pytest.approx(stats.paired_roc_auc([0.1, 0.9, 0.3, 0.8], [0.2, 0.8, 0.3, 0.1], [0, 1, 0, 1]))


@pytest.mark.parametrize("loss", [stats.log_loss, stats.brier, stats.calibration_error])
def test_a_loss_needs_a_row(loss):
    assert loss([], []) is None
    assert loss([0.5], [NAN]) is None
    assert loss([NAN, 0.5], [1, 1]) == pytest.approx(loss([0.5], [1]))


def test_a_sure_and_wrong_answer_costs_much_and_not_everything():
    assert stats.log_loss([0.0], [1]) == pytest.approx(36.04, abs=0.01)
    assert stats.log_loss([1.0], [1]) == pytest.approx(0, abs=1e-12)


def test_rows_of_equal_score_share_a_bin():
    assert stats.calibration_error([0.3] * 10, [1, 1, 1] + [0] * 7) == pytest.approx(0)
    assert stats.calibration_error([1.0], [1]) == 0.0


@pytest.mark.parametrize("adjust", [stats.bonferroni, stats.holm])
def test_no_tests_need_no_adjustment(adjust):
    assert adjust([]).tolist() == []
    assert adjust([0.2]).tolist() == [0.2]
    assert adjust([0.9, 0.9]).tolist() == [1.0, 1.0]


def test_every_function_is_documented_with_its_source_and_an_example():
    for name in stats.__all__:
        text = getattr(stats, name).__doc__
        assert "Source:" in text, name
        assert ">>>" in text, name
        assert ".. math::" in text, name
