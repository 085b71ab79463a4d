"""Where the data does not determine an answer, there is none."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holter import stats
from holter.stats.chi_squared import chi_squared_terms
from holter.stats.g_test import g_test_terms
from holter.stats.hellinger import hellinger_terms
from holter.stats.jensen_shannon import jensen_shannon_terms
from holter.stats.population_stability import population_stability_terms
from holter.stats.total_variation import total_variation_terms

NAN = float("nan")
SHAPES = [stats.jensen_shannon, stats.total_variation, stats.hellinger, stats.l_infinity, stats.cramers_v]
DISTANCES = [*SHAPES, stats.population_stability_index]
TESTS = [stats.chi_squared, stats.g_test]
TERMS = [
    jensen_shannon_terms,
    hellinger_terms,
    total_variation_terms,
    population_stability_terms,
    partial(chi_squared_terms, n=40.0, m=70.0),
    partial(g_test_terms, n=40.0, m=70.0),
]


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


@pytest.mark.parametrize("distance", SHAPES)
def test_a_distance_is_1_when_nothing_is_in_common(distance):
    assert distance([3, 0], [0, 9]) == pytest.approx(1)


def test_psi_of_an_empty_category_is_finite():
    assert stats.population_stability_index([1, 0], [1, 1]) == pytest.approx(0.5 * np.log(2) + 0.4999 * np.log(5000))


def test_psi_grows_with_what_is_missing():
    small, large = (stats.population_stability_index([100, 0], [100 - n, n]) for n in (1, 10))
    assert 0 < small < large


def axis(a, wa, b, wb):
    both = stats.steps(a, wa, b, wb)
    assert both is not None
    return both


def test_comparing_values_needs_rows_on_both_sides():
    assert stats.steps([], [], [1.0], [1]) is None
    assert stats.steps([1.0], [1], [], []) is None
    assert stats.steps([1.0], [0], [1.0], [1]) is None


@pytest.mark.parametrize("sides", [([1, 2], [5, 5], [2, 1], [1, 1]), ([7], [10], [7], [3])])
def test_equal_samples_do_not_differ(sides):
    both = axis(*sides)
    assert stats.kolmogorov_smirnov(both) == (0.0, 1.0)
    assert stats.wasserstein(both) == stats.energy_distance(both) == stats.normalized_wasserstein(both, 1.0) == 0.0


def test_weights_stand_for_rows():
    rows = axis([1, 1, 1, 2], [1] * 4, [1, 2, 2, 2], [1] * 4)
    assert stats.kolmogorov_smirnov(axis([1, 2], [3, 1], [1, 2], [1, 3])) == pytest.approx(
        stats.kolmogorov_smirnov(rows)
    )


def test_the_error_of_a_summary_makes_a_difference_less_sure_and_not_smaller():
    both = axis([1, 2], [300, 100], [1, 2], [200, 200])
    statistic, p = stats.kolmogorov_smirnov(both)
    careful = stats.kolmogorov_smirnov(both, error=0.1)
    assert careful[0] == statistic == 0.25
    assert careful[1] > p
    assert stats.kolmogorov_smirnov(both, error=0.5)[1] == 1.0


@pytest.mark.parametrize("measure", [stats.wasserstein, stats.energy_distance])
def test_a_distance_beyond_a_double_is_no_number(measure):
    assert measure(axis([-1.7e308], [1], [1.7e308], [1])) is None


def test_a_distance_just_within_a_double():
    assert stats.wasserstein(axis([0.0], [1], [1e308], [1])) == 1e308


def test_a_constant_baseline_has_a_scale_all_the_same():
    both = axis([5.0], [10], [3.0], [10])
    assert stats.normalized_wasserstein(both, 0.0) == 2000.0
    assert stats.normalized_wasserstein(both, 0.5) == 4.0
    assert stats.normalized_wasserstein(axis([-1.7e308], [1], [1.7e308], [1]), 1.0) is None


def test_whole_numbers_beyond_2_to_the_53_are_told_apart():
    assert stats.kolmogorov_smirnov(axis(np.array([2**60]), [1], np.array([2**60 + 1]), [1]))[0] == 1.0


def test_a_far_move_of_few_rows_counts_more_for_wasserstein_than_for_energy():
    few = axis([0, 100], [99, 1], [0], [100])
    half = axis([0, 2], [50, 50], [0], [100])
    assert [stats.wasserstein(each) for each in (few, half)] == pytest.approx([1.0, 1.0])
    assert stats.energy_distance(few) < stats.energy_distance(half)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize(("a", "b"), [([0, 0], [1, 1]), ([5], [7]), ([5, 0], [7, 0]), ([1, 1], [1, 1]), ([], [])])
def test_a_test_of_homogeneity_needs_two_cells_with_rows(test, a, b):
    assert test(a, b) is None


@pytest.mark.parametrize("test", TESTS)
def test_a_statistic_of_equal_shares_is_0(test):
    assert test([50, 50], [100, 100]) == (0.0, 1.0, 1)


@pytest.mark.parametrize("test", [*TESTS, stats.cramers_v])
def test_a_test_does_not_depend_on_the_order_of_categories(test):
    a, b = np.array([30, 2, 40, 1, 9]), np.array([20, 4, 41, 3, 0])
    order = np.array([3, 0, 4, 2, 1])
    assert test(a, b) == pytest.approx(test(a[order], b[order]))


@pytest.mark.parametrize("test", TESTS)
def test_counts_in_doubt_make_a_difference_less_sure(test):
    surely, doubtful = test([50, 50], [80, 20]), test([50, 50], [80, 20], error=10.0)
    assert surely[0] == doubtful[0]
    assert surely[1] < doubtful[1] < 1
    assert test([50, 50], [80, 20], error=100.0)[1] == 1.0


@pytest.mark.parametrize("terms", TERMS)
def test_nothing_in_doubt_is_the_sum_itself(terms):
    p, q = np.array([0.1, 0.9, 0.0]), np.array([0.3, 0.5, 0.2])
    assert stats.reach(terms, (p, p), (q, q)) == pytest.approx((terms(p, q).sum(),) * 2)


@pytest.mark.parametrize("terms", TERMS)
def test_what_may_be_equal_may_not_differ_at_all(terms):
    p, q, off = np.array([0.4, 0.6]), np.array([0.5, 0.5]), 0.06
    low, high = stats.reach(terms, (p - off, p + off), (q - off, q + off))
    assert low == 0
    assert high > terms(p, q).sum()


@pytest.mark.parametrize("terms", TERMS)
def test_a_pooled_cell_may_hold_anything(terms):
    p, q = np.array([0.5, 0.5]), np.array([0.5, 0.5])
    assert stats.reach(terms, (p, p), (q, q)) == (0.0, 0.0)
    pooled = stats.reach(terms, (p, p), (q, q), pooled=True)
    split = terms(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.0, 0.5])).sum()
    assert pooled == (0.0, pytest.approx(split))


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.2))
def test_the_truth_lies_within_the_reach(seed, off):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.full(6, 0.5), 2)
    (low_p, high_p), (low_q, high_q) = ((np.maximum(x - off, 0), np.minimum(x + off, 1)) for x in (p, q))
    inside = [rng.uniform(low, high) for low, high in ((low_p, high_p), (low_q, high_q))]
    for terms in TERMS:
        low, high = stats.reach(terms, (low_p, high_p), (low_q, high_q))
        assert low - 1e-12 <= terms(*inside).sum() <= high + 1e-12


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
        if name == "Steps":  # what `steps` returns
            continue
        text = getattr(stats, name).__doc__
        assert "Source:" in text, name
        assert ">>>" in text, name
        assert ".. math::" in text, name
