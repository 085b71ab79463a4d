"""Pictures as values: measurements and profiles in, plain Vega-Lite dicts out. Pure; nothing here renders.

Every specification has a ``title`` and a ``description`` in words, takes its colours from :data:`THEME` and has time in
UTC. A notebook shows it as it is; ``holter.report`` makes SVG and PNG of it.
"""

from holter.charts.distribution import distribution
from holter.charts.heatmap import drift_heatmap
from holter.charts.performance import performance
from holter.charts.ranked import ranked
from holter.charts.theme import NARROW, THEME, WIDE, Spec, Token, recoloured
from holter.charts.traffic import traffic

__all__ = [
    "NARROW",
    "THEME",
    "WIDE",
    "Spec",
    "Token",
    "distribution",
    "drift_heatmap",
    "performance",
    "ranked",
    "recoloured",
    "traffic",
]
