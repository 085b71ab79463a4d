"""What can go wrong at a known window. Each change says what it does to rows and labels."""

from dataclasses import dataclass

import numpy as np

from detection.population import CATEGORIES, FACTORS, FEATURES, NUMERIC, Population

RAMP = 30
"""Windows until a gradual change is whole."""
BURST = 5
"""Windows that a burst lasts."""


@dataclass(frozen=True)
class Change:
    """A change of so much; two features move, two widen, unless it says otherwise."""

    about: str
    shift: float = 0.0
    log_scale: float = 0.0
    shape: bool = False
    moved: float = 0.0
    """Share that moves from the commonest category to the others, in two columns."""
    unseen: float = 0.0
    """Share of rows that get a category the baseline never had, in one column."""
    uncorrelated: bool = False
    missing: float = 0.0
    concept: str = ""
    """``slope``: the label depends on one feature the other way; ``interaction``: on a product it did not."""
    ramp: bool = False
    burst: bool = False
    late: int = 0
    """Windows until labels arrive."""

    @property
    def labels(self) -> bool:
        """Tell whether it can be seen only with labels."""
        return bool(self.concept)

    def weight(self, since: int) -> float:
        """Return how much of it is there, so many windows after it began."""
        if since < 0 or (self.burst and since >= BURST):
            return 0.0
        return min(1.0, (since + 1) / RAMP) if self.ramp else 1.0


CHANGES = {
    "small": Change("two features +.10 sd, two x1.15", 0.10, np.log(1.15)),
    "medium": Change("two features +.30 sd, two x1.40", 0.30, np.log(1.40)),
    "shape": Change("two features get two humps, mean and variance kept", shape=True),
    "category_mix": Change("4 % leave the commonest category, in two columns", moved=0.04),
    "new_category": Change("2 % of one column are of a new category", unseen=0.02),
    "correlation": Change("one feature stops following the others", uncorrelated=True),
    "missing_burst": Change("10 % of one column miss, for 5 windows", missing=0.10, burst=True),
    "gradual": Change("medium, reached in 30 windows", 0.30, np.log(1.40), ramp=True),
    "concept": Change("the label depends on one feature the other way", concept="slope"),
    "concept_late": Change("the same, and labels come 7 windows late", concept="slope", late=7),
    "interaction": Change("the label depends on a product it did not depend on", concept="interaction"),
}


@dataclass(frozen=True)
class Victims:
    """Which features a change takes, drawn once for each stream."""

    moved: np.ndarray
    widened: np.ndarray
    columns: np.ndarray
    pair: np.ndarray

    @classmethod
    def drawn(cls, rng: np.random.Generator, population: Population) -> "Victims":
        """Draw them; the pair is of the features the label hangs on most."""
        four = rng.choice(NUMERIC, 4, replace=False)
        pair = np.argsort(-np.abs(population.slopes))[:2]
        return cls(four[:2], four[2:], rng.choice(len(CATEGORIES), 2, replace=False), pair)


def changed(change: Change, weight: float, victims: Victims, noise: np.ndarray, population: Population) -> np.ndarray:
    """Return the latent rows with so much of the change."""
    z = population.latent(noise)
    if not weight:
        return z
    z[:, victims.moved] += weight * change.shift
    z[:, victims.widened] *= np.exp(weight * change.log_scale)
    if change.shape:
        z[:, victims.moved] = humps(z[:, victims.moved])
    if change.uncorrelated:
        one = int(victims.moved[0])
        z[:, one] = noise[:, FACTORS + one]
    return z


def humps(z: np.ndarray) -> np.ndarray:
    """Push values from the middle to +-.8 and keep order, mean 0 and variance 1."""
    grid = np.linspace(-6, 6, 1201)
    density = np.exp(-((grid - 0.8) ** 2) / 0.72) + np.exp(-((grid + 0.8) ** 2) / 0.72)
    share = np.cumsum(density) / density.sum()
    normal = np.cumsum(np.exp(-(grid**2) / 2))
    return np.interp(np.interp(z, grid, normal / normal[-1]), share, grid)


def chance_of_label(
    change: Change, weight: float, victims: Victims, z: np.ndarray, population: Population
) -> tuple[np.ndarray, np.ndarray]:
    """Return the model's score (the truth before the change) and the true chance of a positive label."""
    linear = np.clip(z, -3, 3) @ population.slopes[: z.shape[1]] - 0.7
    true = linear.copy()
    first, second = victims.pair
    if weight and change.concept == "slope":
        true -= 2 * weight * population.slopes[first] * np.clip(z[:, first], -3, 3)
    if weight and change.concept == "interaction":
        true += weight * 0.9 * np.clip(z[:, first], -3, 3) * np.clip(z[:, second], -3, 3)
    return 1 / (1 + np.exp(-linear)), 1 / (1 + np.exp(-true))


__all__ = ["CHANGES", "FEATURES", "Change", "Victims", "chance_of_label", "changed", "humps"]
