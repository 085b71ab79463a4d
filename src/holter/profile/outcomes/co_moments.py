"""Means of several numbers of a row, and how they vary together, merged stably."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from holter.profile.outcomes.reading import Floats


@dataclass(frozen=True, eq=False)
class CoMoments:
    r"""How many rows, the mean of each number of a row, and the sums of products of their distances from it.

    Whatever is a smooth function f of these means has a standard error by the delta method,
    :math:`\sqrt{\nabla f^T C \nabla f / n}` with :math:`C` the covariance: that is why the products are kept.

    Merging is associative and commutative but for the rounding of a double. Source: Chan, Golub, LeVeque, Updating
    formulae and a pairwise algorithm for computing sample variances, 1979, equations 2.1, for pairs of numbers.

    Parameters
    ----------
    names
        What the numbers are, each once.
    n
        Rows.
    means
        One number a name.
    products
        Square, in the order of the names: :math:`\sum (x_i - \bar x_i)(x_j - \bar x_j)`.

    Examples
    --------
    >>> both = CoMoments.of({"x": np.array([1.0, 2.0])}) + CoMoments.of({"x": np.array([6.0])})
    >>> both.n, both.mean("x"), both.products.tolist()
    (3, 3.0, [[14.0]])
    """

    names: tuple[str, ...]
    n: int = 0
    means: Floats = field(default_factory=lambda: np.zeros(0))
    products: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    @classmethod
    def of(cls, columns: dict[str, Floats]) -> "CoMoments":
        """Return the moments of columns of equal length, none of them NaN; infinite squares stay infinite."""
        names, rows = tuple(columns), np.stack(list(columns.values()))
        if not rows.shape[1]:
            return cls(names, 0, np.zeros(len(names)), np.zeros((len(names),) * 2))
        with np.errstate(over="ignore", invalid="ignore"):
            means = rows.mean(axis=1)
            apart = rows - means[:, None]
            # not a matrix product: its threads wait for each other on a busy machine
            return cls(names, rows.shape[1], means, np.einsum("in,jn->ij", apart, apart))

    def mean(self, name: str) -> float:
        """Return the mean of one of the numbers."""
        return float(self.means[self.names.index(name)])

    def covariance(self, one: str, other: str) -> float:
        """Return how two of the numbers vary together, over n."""
        return float(self.products[self.names.index(one), self.names.index(other)]) / self.n

    def spread(self, slopes: dict[str, float]) -> float:
        """Return the standard error of a function of the means with these slopes; 0 with fewer than two rows.

        Examples
        --------
        >>> round(CoMoments.of({"x": np.array([1.0, 2.0, 3.0])}).spread({"x": 1.0}), 4)
        0.5774
        """
        if self.n < 2:
            return 0.0
        slope = np.array([slopes.get(name, 0.0) for name in self.names])
        used = slope != 0  # a number that is not asked about may be infinite
        products = self.products[np.ix_(used, used)]
        # rounding may make it a little less than 0; what is too large to be squared stays NaN
        square = np.maximum(slope[used] @ products @ slope[used], 0.0)
        return float(np.sqrt(square / (self.n - 1) / self.n))

    def __add__(self, other: "CoMoments") -> "CoMoments":
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        apart = other.means - self.means
        with np.errstate(over="ignore", invalid="ignore"):
            between = np.outer(apart, apart) * (self.n / n * other.n)
        means = self.means * (self.n / n) + other.means * (other.n / n)
        return CoMoments(self.names, n, means, self.products + other.products + between)

    def transformed(self, names: Sequence[str], matrix: Floats, offset: Floats) -> "CoMoments":
        """Return the moments of ``matrix @ row + offset``: what the rows themselves would have given."""
        return CoMoments(tuple(names), self.n, matrix @ self.means + offset, matrix @ self.products @ matrix.T)
