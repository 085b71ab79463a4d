"""What a finding says, and how much it matters."""

from collections.abc import Mapping
from typing import Final

from holter.rules.material import MATERIAL, Worse
from holter.rules.rule import Level
from holter.rules.titles import title
from holter.types import ContrastKey, Family

_SHARE, _SD, _CORRELATION, _COHEN = "share", "sd", "correlation", "w"
_UNITS: Final = {Family.NUMERIC: _SD, Family.PAIR: _CORRELATION, Family.LABEL: "", Family.METRIC: ""}
LEAST: Final[Mapping[str, float]] = {
    # A tenth of the baseline's standard deviation: Azure ML's normalised Wasserstein line.
    _SD: 0.1,
    # The line of data_quality.null_rate.
    _SHARE: 0.02,
    # Cohen, Statistical Power Analysis (1988): 0.1 is a small effect, for correlations and for w.
    _CORRELATION: 0.1,
    _COHEN: 0.1,
    # Residuals are in shares (of two classes) or in standard deviations (of a number); as performance.calibration_bias.
    "": 0.03,
}
"""From which size a difference matters, by unit."""
_DOING: Final = {
    "location": ("rose", "fell"),
    "scale": ("spread out", "narrowed"),
    "skew": ("leans more to high values", "leans more to low values"),
    "tails": ("has heavier tails", "has lighter tails"),
}


def unit_of(key: ContrastKey) -> str:
    """Return the unit of a contrast's effect."""
    if key.name == "mix":
        return _COHEN
    return _SHARE if key.share else _UNITS.get(key.family, _SD)


def level_of(key: ContrastKey, effect: float, baseline: float, *, material: bool) -> Level:
    """Return what a real difference is worth.

    Parameters
    ----------
    key
        Which contrast.
    effect
        Its size.
    baseline
        What was expected of the mean.
    material
        Whether a difference must be material to be a warning; without, every real one is.
    """
    if _harms(key, effect, baseline):
        return Level.PAGE
    enough = not material or abs(effect) >= _least(key, baseline)
    return Level.WARNING if enough else Level.INFORMATION


def _least(key: ContrastKey, baseline: float) -> float:
    found = MATERIAL.get(key.name) if key.family is Family.METRIC else None
    if found is None:
        return LEAST[unit_of(key)]
    return found.effect * abs(baseline) if found.relative else found.effect


def _harms(key: ContrastKey, effect: float, baseline: float) -> bool:
    if key.family is Family.LABEL:
        return key.name == "loss" and effect >= _least(key, baseline)
    found = MATERIAL.get(key.name)
    if key.family is not Family.METRIC or found is None or not key.name.startswith(("performance.", "estimated_")):
        return False
    worse = effect > 0 if found.worse is Worse.HIGHER else effect < 0 if found.worse is Worse.LOWER else True
    return worse and abs(effect) >= _least(key, baseline)


def worded(key: ContrastKey, effect: float, scale: int, p: float, threshold: float) -> str:
    """Say what changed, since when and on what grounds.

    Examples
    --------
    >>> worded(ContrastKey(Family.NUMERIC, "age", "location"), 0.21, 4, 2e-9, 1e-6)
    'age rose (by 0.21 sd, over the last 4 windows; p = 2e-09, alarmed from 1e-06)'
    """
    where = f" where {key.segment}" if key.segment else ""
    when = "in this window" if scale == 1 else f"over the last {scale} windows"
    return f"{_what(key, effect)}{where} ({_size(key, effect)}, {when}; p = {p:.2g}, alarmed from {threshold:.2g})"


def _what(key: ContrastKey, effect: float) -> str:
    up = effect > 0
    if key.family is Family.NUMERIC:
        return f"{key.feature} {_DOING[key.name][not up]}"
    if key.family is Family.PAIR:
        return f"{key.feature} and {key.other} go together {'more' if up else 'less'} than before"
    if key.name == "mix":
        return f"the mix of {key.feature} changed"
    if key.family is Family.METRIC:
        of = f" of {key.feature}" if key.feature else ""
        return f"{title(key.name)}{of} {'rose' if up else 'fell'}"
    if key.family is Family.LABEL:
        return _answered(key, up)
    name = {"surprisal": "rare categories", "unseen": "unseen categories", "rare": "rare categories"}.get(key.name)
    what = (
        f"{name} of {key.feature}" if name else f"the {key.name} of {key.feature}".replace("missing", "missing share")
    )
    return f"{what} {'rose' if up else 'fell'}"


def _answered(key: ContrastKey, up: bool) -> str:
    if key.name == "loss":
        return f"the model's loss {'rose' if up else 'fell'}"
    if key.feature is None:
        return f"labels are {'higher' if up else 'lower'} than the model answers"
    about = f"{key.feature} and {key.other}" if key.other else key.feature
    of = f" ({key.name.removeprefix('residual of ')})" if key.name.startswith("residual of ") else ""
    return f"the model errs by {about}{of} as it did not before"


def _size(key: ContrastKey, effect: float) -> str:
    unit = unit_of(key)
    size = abs(effect)
    if unit == _SHARE:
        return f"by {100 * size:.2g} points"
    return f"by {size:.2g} {unit}".rstrip() if unit != _COHEN else f"w = {size:.2g}"
