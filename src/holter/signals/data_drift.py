"""Do the inputs look like they did?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from holter.profile import Window
from holter.signals.comparable import Laid
from holter.signals.contained import contained
from holter.signals.distances import DISTANCES
from holter.signals.every_distance import chosen, wanted_distances
from holter.signals.signal import Need
from holter.types import Measurement, Verdict


@dataclass(frozen=True)
class DataDrift:
    r"""Do the inputs look like they did?

    For each feature the distance between its distribution in the target and in the baseline, computed from profiles
    alone: ``jensen_shannon`` :math:`\sqrt{\tfrac12 D(p\|m) + \tfrac12 D(q\|m)}`, base 2, m the mean of both; ``psi``
    :math:`\sum_i (p_i - q_i) \ln(p_i/q_i)`; ``normalized_wasserstein`` :math:`\int |F - G| / s_{baseline}` for numbers.
    Cells, tests and intervals: :func:`holter.signals.distances.distances`.

    Parameters
    ----------
    distances
        Which ones; ``all`` for every one there is (:data:`holter.signals.every_distance.EVERY`). More than the usual
        three cost more, and tell a person more; their evidence is the same test.

    References
    ----------
    Endres and Schindelin, A new metric for probability distributions (2003), IEEE Trans. Inf. Theory 49.
    Siddiqi, Credit Risk Scorecards (2006). Panaretos and Zemel, Statistical aspects of Wasserstein distances (2019).

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.profile import Profile
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("x", Kind.NUMERIC, "int64"),))
    >>> january, february = (
    ...     Window(None, schema, Profile.of(pa.table({"x": list(range(start, start + 100))}))) for start in (0, 50)
    ... )
    >>> [f"{each.metric} {each.value:.2f}" for each in DataDrift().measure(february, january)]
    ['jensen_shannon 0.63', 'psi 4.35', 'normalized_wasserstein 1.72']
    """

    distances: Sequence[str] = DISTANCES

    name: ClassVar[str] = "data_drift"
    needs: ClassVar[Need] = Need.PROFILE

    def __post_init__(self) -> None:
        """Put them in their order. Raises BadSetting for an unknown one."""
        object.__setattr__(self, "distances", chosen(self.distances))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The distances asked for."""
        return tuple(self.distances)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for every feature of either schema, in the order of the baseline's."""
        now, before = target.profile, baseline.profile
        if now is None or before is None:
            side = "target" if now is None else "baseline"
            why = f"the {side} has no profile"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        names = dict.fromkeys((*baseline.schema.names, *target.schema.names))
        return self.told({name: Laid(now.columns.get(name), before.columns.get(name)) for name in names})

    def told(self, columns: Mapping[str, Laid]) -> list[Measurement]:
        """Answer for columns that lie beside each other already, in their order."""
        found = []
        for feature, laid in columns.items():
            answer = partial(wanted_distances, self.name, laid, self.distances, feature=feature)
            found += contained(self.name, self.metrics[0], answer, feature=feature)
        return found
