"""Distances, tests, intervals and scores: numbers in, numbers out.

One idea a file, with its formula and its source. Distances of numbers take two samples on one axis (:func:`steps`, made
once for all of them), distances of categories take counts or shares of the same cells; :func:`reach` says how wrong a
distance of cells may be when the cells are. Where the data does not determine an answer (no rows, one class, one
category) the answer is ``None``, never NaN and never an exception. No ``scipy.stats``: importing it costs more than
comparing two tables.
"""

from holter.stats.agreement import kappa, matthews_correlation
from holter.stats.average_precision import average_precision
from holter.stats.brier import brier, brier_losses
from holter.stats.calibration_error import calibration_curve, calibration_error
from holter.stats.chi_squared import chi_squared
from holter.stats.class_ratios import class_ratios
from holter.stats.cramers_v import cramers_v
from holter.stats.energy_distance import energy_distance
from holter.stats.g_test import g_test
from holter.stats.hellinger import hellinger
from holter.stats.intervals import mean_with_error, normal_interval, poisson, wilson
from holter.stats.jensen_shannon import jensen_shannon
from holter.stats.kolmogorov_smirnov import kolmogorov_smirnov
from holter.stats.l_infinity import l_infinity
from holter.stats.lift import lift
from holter.stats.log_loss import log_loss, log_losses
from holter.stats.matthews import matthews
from holter.stats.multiple_tests import bonferroni, holm
from holter.stats.next_value import next_value
from holter.stats.normalized_wasserstein import normalized_wasserstein
from holter.stats.population_stability import population_stability_index
from holter.stats.rankings import rankings
from holter.stats.reach import reach
from holter.stats.roc_auc import paired_roc_auc, roc_auc, roc_auc_of_counts
from holter.stats.steps import Steps, steps
from holter.stats.total_variation import total_variation
from holter.stats.wasserstein import wasserstein

__all__ = [
    "Steps",
    "average_precision",
    "bonferroni",
    "brier",
    "brier_losses",
    "calibration_curve",
    "calibration_error",
    "chi_squared",
    "class_ratios",
    "cramers_v",
    "energy_distance",
    "g_test",
    "hellinger",
    "holm",
    "jensen_shannon",
    "kappa",
    "kolmogorov_smirnov",
    "l_infinity",
    "lift",
    "log_loss",
    "log_losses",
    "matthews",
    "matthews_correlation",
    "mean_with_error",
    "next_value",
    "normal_interval",
    "normalized_wasserstein",
    "paired_roc_auc",
    "poisson",
    "population_stability_index",
    "rankings",
    "reach",
    "roc_auc",
    "roc_auc_of_counts",
    "steps",
    "total_variation",
    "wasserstein",
    "wilson",
]
