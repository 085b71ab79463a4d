"""What is left of a table when only its statistics matter.

``Profile.of(table)`` reads a stream once; ``a + b`` is the profile of both tables; ``to_bytes`` and ``from_bytes``
carry a format version. Counts are exact. Quantiles are exact while the data is small, and afterwards come with the
error they may have. A :class:`Window` is what a signal is shown: a stretch of time with its profile, and with its rows
where the signal asked for them. Pure: Arrow in, values out.
"""

from holter.profile.bucket import Buckets, Segment
from holter.profile.bucketing import BucketReading, buckets
from holter.profile.categorical import CategoricalColumn
from holter.profile.column import Column
from holter.profile.joint import Joint, PairTable
from holter.profile.kinds import kind_of, type_name
from holter.profile.lengths import Lengths
from holter.profile.names import distinct_names
from holter.profile.numeric import NumericColumn
from holter.profile.opaque import OpaqueColumn
from holter.profile.profile import Profile
from holter.profile.ranks import RankSummary
from holter.profile.sample import Sample
from holter.profile.text import TextColumn
from holter.profile.vector import VectorColumn
from holter.profile.window import Window

__all__ = [
    "BucketReading",
    "Buckets",
    "CategoricalColumn",
    "Column",
    "Joint",
    "Lengths",
    "NumericColumn",
    "OpaqueColumn",
    "PairTable",
    "Profile",
    "RankSummary",
    "Sample",
    "Segment",
    "TextColumn",
    "VectorColumn",
    "Window",
    "buckets",
    "distinct_names",
    "kind_of",
    "type_name",
]
