"""How good rankings are: one number a query, for many queries at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class Rankings:
    """One number for each query that has a relevant row; ``queries`` counts all of them.

    ``ndcg``, ``average_precision`` and ``hit`` look at the first k rows, ``reciprocal_rank`` at all.
    """

    queries: int
    ndcg: Floats
    average_precision: Floats
    reciprocal_rank: Floats
    hit: Floats


def rankings(query: npt.ArrayLike, score: npt.ArrayLike, relevance: npt.ArrayLike, k: int = 10) -> Rankings:
    r"""Tell how near to the top the relevant rows of each query are.

    .. math:: NDCG = \frac{\sum_{i \le k} g_i / \log_2(i + 1)}{\max}, \qquad
              AP = \frac{1}{\min(R, k)} \sum_{i \le k} [g_i > 0] \frac{R_i}{i}, \qquad
              RR = \frac{1}{\min \{i : g_i > 0\}}

    with :math:`g_i` the relevance of the row at rank i, R the relevant rows of the query and :math:`R_i` those among
    the first i.

    Parameters
    ----------
    query
        Whole numbers: rows of one number are one ranking.
    score
        The higher, the nearer to the top. Rows of equal score share their places in NDCG (each has the mean relevance
        of them, as in scikit-learn); elsewhere the relevant one stands last among them, so that a model that says the
        same of all rows earns nothing.
    relevance
        How good a row was: 0 not at all; never below 0.
    k
        How far a reader looks, at least 1.

    Notes
    -----
    Source: Jarvelin and Kekalainen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20 (2002), 422;
    McSherry and Najork, Computing information retrieval performance measures efficiently in the presence of tied
    scores, ECIR 2008, for ties; Voorhees, The TREC-8 question answering track report (1999), for the reciprocal rank.

    Examples
    --------
    >>> found = rankings([1, 1, 1, 2, 2], [0.9, 0.5, 0.1, 0.9, 0.1], [0, 1, 0, 1, 0], k=2)
    >>> found.reciprocal_rank.tolist(), found.hit.tolist(), found.ndcg.round(3).tolist()
    ([0.5, 1.0], [1.0, 1.0], [0.631, 1.0])
    """
    _, group = np.unique(np.asarray(query), return_inverse=True)
    scores, gains = np.asarray(score, np.float64), np.asarray(relevance, np.float64)
    many = int(group.max(initial=-1)) + 1
    relevant = np.bincount(group, weights=gains > 0, minlength=many)
    asked = relevant > 0
    order, ideal = np.lexsort((gains, -scores, group)), np.lexsort((-gains, group))
    rank = _ranks(group[order])
    discount = np.where(rank <= k, 1 / np.log2(rank + 1), 0.0)
    shared = _shared(group[order], scores[order], gains[order])
    reached, best = (
        np.bincount(group[by], weights=gain * discount, minlength=many)
        for by, gain in ((order, shared), (ideal, gains[ideal]))
    )
    found = gains[order] > 0
    precise = np.where(found & (rank <= k), _running(group[order], found) / rank, 0.0)
    average = np.bincount(group[order], weights=precise, minlength=many)
    first = np.full(many, np.inf)
    np.minimum.at(first, group[order][found], rank[found])
    return Rankings(
        many,
        reached[asked] / best[asked],
        average[asked] / np.minimum(relevant[asked], k),
        1 / first[asked],
        (first[asked] <= k).astype(np.float64),
    )


def _ranks(group: npt.NDArray[np.intp]) -> Floats:
    """Return the place of each row among those of its group, from 1; groups stand together."""
    begins = np.flatnonzero(np.concatenate((np.ones(min(1, len(group)), bool), group[1:] != group[:-1])))
    sizes = np.diff(np.append(begins, len(group)))
    return (np.arange(len(group)) - np.repeat(begins, sizes) + 1).astype(np.float64)


def _shared(group: npt.NDArray[np.intp], score: Floats, gain: Floats) -> Floats:
    """Return the mean gain of the rows of equal group and score, which stand together."""
    new = np.concatenate((np.ones(min(1, len(group)), bool), (group[1:] != group[:-1]) | (score[1:] != score[:-1])))
    tie = np.cumsum(new) - 1
    return np.asarray((np.bincount(tie, weights=gain) / np.maximum(np.bincount(tie), 1))[tie], np.float64)


def _running(group: npt.NDArray[np.intp], found: npt.NDArray[np.bool_]) -> Floats:
    """Return how many of a group were found up to each row."""
    through = np.cumsum(found).astype(np.float64)
    begins = np.flatnonzero(np.concatenate((np.ones(min(1, len(group)), bool), group[1:] != group[:-1])))
    sizes = np.diff(np.append(begins, len(group)))
    before = (through - found)[begins] if len(begins) else np.zeros(0)
    return np.asarray(through - np.repeat(before, sizes), np.float64)
