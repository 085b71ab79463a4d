"""Is a column suddenly told in another unit?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile import NumericColumn
from holter.profile.wording import plain_number

LEAST: Final = 300
"""Values on either side below which a shape is not known well enough to recognise it."""
_LEVELS: Final = np.arange(1, 40) / 40
"""Quantiles that are compared: every fortieth, so that neither a far value nor its rounding decides."""
_NEAR: Final = 3
"""Levels on either side over which the density at a quantile is told from the baseline."""
_FEWEST: Final = 6
"""Different quantiles a column must have: what has two values fits every straight line."""
_APART: Final = 0.5
"""Mean distance between both sides, in mean deviations of the wider one, below which nothing calls for a unit."""
_CHANCE: Final = 2.5
"""Mean distance in standard errors that chance may leave: about one is expected."""
_NEEDED: Final = 5.0
"""How many times better the unit must explain the window than no change does."""
_ROUNDING: Final = 0.002
"""Part of a value by which it may be off beside: numbers are written rounded."""
_GRID: Final = 0.01
"""The same as a part of the distance between neighbouring quantiles."""
_BLURRED: Final = 0.15
"""Mean error in shares of rows from which everything would fit."""
_SURE: Final = 0.45
"""How exactly a factor must be known to be named: it is told from its neighbours in the list."""
_SURER: Final = 0.15
"""The same for factors with near neighbours (10, 12 and 24)."""
_CLOSE: Final = 0.045
"""The same for factors below ten: any growth is near to one of those."""

Floats = npt.NDArray[np.float64]
Change = Callable[[Floats], Floats]


@dataclass(frozen=True)
class Conversion:
    """One way of telling the same in another unit.

    ``falling`` turns the order of values; ``sure`` is how exactly it must be known, as a share (infinite for a change
    of shape, which is known by itself).
    """

    name: str
    of: Change
    falling: bool = False
    sure: float = _SURE


def _factor(by: float, words: str, sure: float = _SURE) -> tuple[Conversion, Conversion]:
    number = f"{by:,.10g}"
    return (
        Conversion(f"x {number} ({words})", lambda values: values * by, sure=sure),
        Conversion(f"/ {number} ({words}, backwards)", lambda values: values / by, sure=sure),
    )


CONVERSIONS: Final[tuple[Conversion, ...]] = (
    *_factor(1000, "seconds to milliseconds, kilo to plain"),
    *_factor(1e6, "seconds to microseconds, mega to plain"),
    *_factor(1e9, "seconds to nanoseconds, giga to plain"),
    *_factor(100, "shares to percent, metres to centimetres"),
    *_factor(10, "centimetres to millimetres", _SURER),
    *_factor(12, "years to months, feet to inches", _SURER),
    *_factor(24, "days to hours", _SURER),
    *_factor(60, "minutes to seconds, hours to minutes"),
    *_factor(3600, "hours to seconds"),
    *_factor(86_400, "days to seconds"),
    *_factor(2.54, "inches to centimetres", _CLOSE),
    *_factor(1.609344, "miles to kilometres", _CLOSE),
    *_factor(1 / 0.3048, "metres to feet", _CLOSE),
    *_factor(1 / 0.45359237, "kilograms to pounds", _CLOSE),
    Conversion("x 1.8 + 32 (Celsius to Fahrenheit)", lambda values: values * 1.8 + 32, sure=_CLOSE),
    Conversion("- 32, / 1.8 (Fahrenheit to Celsius)", lambda values: (values - 32) / 1.8, sure=_CLOSE),
    Conversion("+ 273.15 (Celsius to kelvin)", lambda values: values + 273.15),
    Conversion("- 273.15 (kelvin to Celsius)", lambda values: values - 273.15),
    Conversion("x -1 (the sign is turned)", lambda values: -values, falling=True, sure=math.inf),
    Conversion("the natural logarithm", np.log, sure=math.inf),
    Conversion("the logarithm of 1 + x", np.log1p, sure=math.inf),
    Conversion("the decimal logarithm", np.log10, sure=math.inf),
    Conversion("the exponential (a logarithm is undone)", np.exp, sure=math.inf),
    Conversion("the exponential less 1 (a logarithm is undone)", np.expm1, sure=math.inf),
)
"""Factors of the International System, of the international yard and pound (1959), and of what software does."""


def unit_change(now: NumericColumn, before: NumericColumn) -> str | None:
    r"""Say which change of unit explains a window; None where none does, or none is needed.

    Quantiles of the window, :math:`q_p`, are held beside those of the baseline after a conversion, :math:`T(b_p)`, at
    39 levels. Each distance is measured in its standard error, :math:`\sqrt{p (1 - p) (1/n + 1/m)} / f`, the density f
    told by the neighbouring quantiles, of that side where it is larger (Mosteller, On some useful inefficient
    statistics, 1946). A conversion is named when the mean distance is no more than chance leaves, five times less than
    without any, and without any both sides are half a mean deviation apart. The factor must also be known well, one
    below ten to 4.5 %: ordinary growth comes near one of those easily. Two that explain the window alike are both
    named; more than two are none.

    Parameters
    ----------
    now, before
        Both summaries, of plain numbers: times and durations have their unit in their type.

    Examples
    --------
    >>> import pyarrow as pa
    >>> metres = [0.5 + n * n / 9000 for n in range(400)]
    >>> before = NumericColumn.of(pa.array(metres))
    >>> unit_change(NumericColumn.of(pa.array([1000 * each for each in metres])), before)
    'x 1,000 (seconds to milliseconds, kilo to plain): median 4.9 to 4,900'
    """
    if min(now.finite, before.finite) < LEAST or now.unit or before.unit:
        return None
    target, base = _quantiles(now), _quantiles(before)
    noise = math.sqrt(1 / now.finite + 1 / before.finite)
    with np.errstate(all="ignore"):
        width = max(_width(target), _width(base))
        apart = float(np.mean(np.abs(target - base))) / width if width > 0 else 0.0
        if len(set(base.tolist())) < _FEWEST or not _APART <= apart < math.inf:
            return None
        left = _left(target, base, noise)
    if not left:
        return None
    names = [name for name, distance in left.items() if distance <= min(left.values()) + _CHANCE / 2]
    middle = len(_LEVELS) // 2
    change = f"median {plain_number(base[middle])} to {plain_number(target[middle])}"
    return f"{' or '.join(names)}: {change}" if len(names) <= 2 else None


def _quantiles(column: NumericColumn) -> Floats:
    through = np.cumsum(column.ranks.weights)
    places = np.searchsorted(through, _LEVELS * through[-1])
    values: Floats = column.ranks.values[places].astype(np.float64)
    return values


def _width(values: Floats) -> float:
    return float(np.mean(np.abs(values - values[len(values) // 2])))


def _left(target: Floats, base: Floats, noise: float) -> Mapping[str, float]:
    """Return the conversions that explain the window, and the mean distance each leaves."""
    own = _errors(target, noise)[0]
    nothing = float(np.mean(np.abs(target - base) / np.minimum(_errors(base, noise)[0], own)))
    found = {}
    for each in CONVERSIONS:
        converted = each.of(base)[:: -1 if each.falling else 1]
        errors, blur = _errors(converted, noise)
        errors = np.minimum(errors, own)  # beside a wide law anything narrow would seem near
        if not blur <= _BLURRED:  # also where something is not finite
            continue
        distance = float(np.mean(np.abs(target - converted) / errors))
        # a factor that is wrong by this much would leave as much as chance
        sure = _CHANCE / float(np.mean(np.abs(converted) / errors))
        known = sure <= each.sure
        if known and distance <= _CHANCE and distance * _NEEDED <= nothing:
            found[each.name] = distance
    return found


def _errors(values: Floats, noise: float) -> tuple[Floats, float]:
    """Return the standard error of each quantile and what rounding adds, and the mean of it in shares of rows."""
    places = np.arange(len(values))
    low, high = np.maximum(places - _NEAR, 0), np.minimum(places + _NEAR, len(values) - 1)
    between = values[high] - values[low]
    spread = between / (_LEVELS[high] - _LEVELS[low])
    errors: Floats = noise * np.sqrt(_LEVELS * (1 - _LEVELS)) * spread + _ROUNDING * np.abs(values) + _GRID * between
    told = spread > 0  # where one value fills the neighbourhood, it stands for itself
    blur = float(np.mean(errors[told] / spread[told])) if np.isfinite(errors).all() and told.any() else math.nan
    return np.maximum(errors, np.finfo(np.float64).tiny), blur
