"""Distances, tests, intervals and scores: numbers in, numbers out.

One idea a file, with its formula and its source. Where the data does not determine an answer (no rows, one class, one
category) the answer is ``None``, never NaN and never an exception. No ``scipy.stats``: importing it costs more than
comparing two tables.
"""

from holter.stats.brier import brier, brier_losses
from holter.stats.calibration_error import calibration_error
from holter.stats.chi_squared import chi_squared
from holter.stats.hellinger import hellinger
from holter.stats.intervals import mean_with_error, normal_interval, wilson
from holter.stats.jensen_shannon import jensen_shannon
from holter.stats.kolmogorov_smirnov import kolmogorov_smirnov
from holter.stats.log_loss import log_loss, log_losses
from holter.stats.multiple_tests import bonferroni, holm
from holter.stats.population_stability import population_stability_index
from holter.stats.roc_auc import paired_roc_auc, roc_auc
from holter.stats.total_variation import total_variation
from holter.stats.wasserstein import wasserstein

__all__ = [
    "bonferroni",
    "brier",
    "brier_losses",
    "calibration_error",
    "chi_squared",
    "hellinger",
    "holm",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "log_loss",
    "log_losses",
    "mean_with_error",
    "normal_interval",
    "paired_roc_auc",
    "population_stability_index",
    "roc_auc",
    "total_variation",
    "wasserstein",
    "wilson",
]
