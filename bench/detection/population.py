"""What rows look like when nothing happens: 14 numeric and 6 categorical features, correlated by a Gaussian copula.

Every row is a latent normal vector; each feature is its own shape of one component. What changes (a day, an hour, a
drift) moves the latent vector, so that "+.10 sd" means the same for a count as for a normal.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

NUMERIC = 14
CATEGORIES = (3, 5, 8, 16, 40, 100)
"""Categories of each categorical feature; shares follow Zipf's law."""
FEATURES = NUMERIC + len(CATEGORIES)
NUMBERS = tuple(f"number_{i}" for i in range(NUMERIC))
NAMES = (*NUMBERS, *(f"category_{i}" for i in range(len(CATEGORIES))))
FACTORS = 3
LOADING = (0.45, 0.75)
"""Each feature follows one of three factors; two of one factor correlate by .2 to .56."""


def _counts(z: np.ndarray) -> np.ndarray:
    """Return whole numbers, about 40 different ones: negative-binomial-like."""
    return np.floor(3.0 * np.exp(0.6 * z))


def _mixture(z: np.ndarray) -> np.ndarray:
    """Return two humps at -1.5 and 1.5, by the inverse of their distribution."""
    grid = np.linspace(-5, 5, 2001)
    share = 0.65 * ndtr((grid + 1.5) / 0.6) + 0.35 * ndtr((grid - 1.5) / 0.8)
    return np.interp(ndtr(z), share, grid)


_VALUES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "normal": lambda z: 50.0 + 12.0 * z,
    "lognormal": lambda z: np.exp(0.8 * z),
    "mixture": _mixture,
    "counts": _counts,
    "zero_inflated": lambda z: np.where(z < 0.25, 0.0, np.exp(z)),  # about 60 % zeros
    "heavy_tail": lambda z: np.sign(z) * np.expm1(np.abs(z) ** 1.5),
    "bounded": ndtr,
}


def shaped(shape: str, z: np.ndarray) -> np.ndarray:
    """Return the values of one feature for latent normals: every shape is a rising function of them."""
    return _VALUES[shape](z)


@dataclass(frozen=True)
class Population:
    """One drawn population: factor of each feature and its loading, Zipf exponents, what the label depends on."""

    factor: np.ndarray
    loading: np.ndarray
    shares: tuple[np.ndarray, ...]
    slopes: np.ndarray
    missing: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> "Population":
        """Draw a population; two numeric features and one categorical miss a little."""
        shares = []
        for count in CATEGORIES:
            weights = (1.0 + np.arange(count)) ** -rng.uniform(0.8, 1.3)
            shares.append(rng.permutation(weights / weights.sum()))
        missing = np.zeros(FEATURES)
        missing[rng.choice(NUMERIC, 2, replace=False)] = 0.03
        missing[NUMERIC + rng.integers(len(CATEGORIES))] = 0.01
        slopes = np.where(np.arange(FEATURES) < NUMERIC, rng.normal(0, 0.5, FEATURES), 0.0)
        loading = rng.uniform(*LOADING, FEATURES)
        return cls(rng.integers(0, FACTORS, FEATURES), loading, tuple(shares), slopes, missing)

    def latent(self, noise: np.ndarray) -> np.ndarray:
        """Turn independent normals (rows x (factors + features)) into correlated ones (rows x features)."""
        common = noise[:, self.factor]
        return self.loading * common + np.sqrt(1.0 - self.loading**2) * noise[:, FACTORS:]


def shape_of(feature: int) -> str:
    """Return the shape of a numeric feature: the same one in every population."""
    return tuple(_VALUES)[feature % len(_VALUES)]
