"""Cells keep the order of numbers, and are no wider than they say."""

import numpy as np
import pytest

from holter.profile.cells import CELLS, lay_cells, widths


def laid(values):
    return [cells for _, cells in lay_cells(np.unique(values))]


def coded(cells, values):
    codes = np.empty(len(values), np.int64)
    with np.errstate(over="ignore", invalid="ignore"):
        cells.codes(values, codes, np.empty(len(values)))
    return codes


RANDOM = np.random.default_rng(0)
SAMPLES = {
    "normal": RANDOM.normal(size=20_000),
    "lognormal": RANDOM.lognormal(sigma=2, size=20_000),
    "negative pareto": -RANDOM.pareto(1, 20_000),
    "gamma": RANDOM.gamma(0.1, size=20_000),
    "far": 1e12 + RANDOM.normal(size=20_000),
    "tiny": RANDOM.normal(size=20_000) * 1e-290,
    "huge": RANDOM.normal(size=20_000) * 1e290,
    "two": np.array([0.0, 1.0]),
    "around zero": np.arange(-500.0, 501.0),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_order_is_kept_and_no_cell_is_wider_than_it_says(name):
    values = np.sort(SAMPLES[name])
    probes = np.sort(np.concatenate((values, np.nextafter(values, np.inf), values * 1.001, values * 3, -values)))
    choices = laid(values)
    assert choices
    for cells in choices:
        codes = coded(cells, probes)
        inside = (codes >= 0) & (codes < CELLS)
        assert np.count_nonzero(inside) > len(values)
        within, held = codes[inside], probes[inside]
        assert np.all(np.diff(within) >= 0)
        first = np.flatnonzero(np.append(True, within[1:] != within[:-1]))
        ends = held[np.append(first[1:], len(held)) - 1]
        assert np.all(ends - held[first] <= widths(cells)[within[first]])


@pytest.mark.parametrize("name", SAMPLES)
def test_what_cells_were_laid_for_lies_inside_and_is_spread_out(name):
    values = SAMPLES[name]
    codes = coded(laid(values)[0], values)
    assert codes.min() >= 0
    assert codes.max() < CELLS
    assert np.bincount(codes).max() <= max(len(values) * 2e-3, 1)


def test_numbers_far_outside_get_no_cell():
    for values in SAMPLES.values():
        for cells in laid(values):
            codes = coded(cells, np.array([1.7e308, -1.7e308]))
            assert np.all((codes < 0) | (codes >= CELLS))


def test_both_zeros_lie_in_the_same_cell():
    for values in SAMPLES.values():
        for cells in laid(values):
            assert len(set(coded(cells, np.array([0.0, -0.0])).tolist())) == 1


@pytest.mark.parametrize(
    "values",
    [[], [0.1], [5e-324, 1e-323], [-1.7e308, 1.7e308], [0.0, 5e-324, 1e300]],
    ids=["none", "one", "subnormal", "range overflows", "no number in between"],
)
def test_where_no_cells_can_be_laid_there_are_none_or_they_hold(values):
    ordered = np.array(values)
    for _, cells in lay_cells(ordered):
        codes = coded(cells, ordered)
        assert np.all(np.diff(codes[(codes >= 0) & (codes < CELLS)]) >= 0)


def test_a_spike_at_both_ends_has_no_good_cells():
    assert not laid(RANDOM.beta(0.2, 0.2, 30_000))


def test_kinds_that_were_too_coarse_are_skipped_but_for_the_dealt_ones():
    values = np.unique(SAMPLES["normal"])
    assert next(kind for kind, _ in lay_cells(values)) == 0
    assert {kind for kind, _ in lay_cells(values, 1)} == {1, 2, 3} | {kind for kind, _ in lay_cells(values, 4)}
    assert min(kind for kind, _ in lay_cells(values, 4)) == 2
