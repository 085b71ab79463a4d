"""Categories, text and lists as bytes."""

import msgspec
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, Lengths, Profile, TextColumn, VectorColumn
from holter.profile.format.categorical import StoredCategorical
from holter.profile.format.lengths import StoredLengths
from holter.profile.format.text import StoredText
from holter.profile.format.vector import StoredVector

POOLED = CategoricalColumn.total(
    [CategoricalColumn.of(pa.array(list("aaabbc")), cap=1), CategoricalColumn.of(pa.array(list("bbb")), cap=1)]
)


def through(stored, kind):
    return msgspec.msgpack.decode(msgspec.msgpack.encode(stored), type=kind).column()


def test_errors_and_what_is_left_of_pooled_values_survive():
    assert POOLED.errors
    assert POOLED.unnamed
    assert through(StoredCategorical.of(POOLED), StoredCategorical) == POOLED


@pytest.mark.parametrize("column", [TextColumn(3, 1), TextColumn.of_categories(POOLED)])
def test_text_survives_known_or_not(column):
    assert through(StoredText.of(column), StoredText) == column


def test_lists_survive():
    column = VectorColumn.of(pa.array([[1.0, 2.0], None, [None], []]))
    assert through(StoredVector.of(column), StoredVector) == column


def test_squares_beyond_64_bits_survive():
    lengths = Lengths(2, 1, 10**15, 10**15 + 1, 10**30 + 1, (0, 1))
    assert (
        msgspec.msgpack.decode(msgspec.msgpack.encode(StoredLengths.of(lengths)), type=StoredLengths).lengths()
        == lengths
    )
    assert StoredLengths.of(None) is None


def test_format_1_knew_one_bound_for_every_count():
    written = msgspec.msgpack.encode(["c", 9, 1, {"a": 4, "b": 1}, 3, 0, "string"])
    column = msgspec.msgpack.decode(written, type=StoredCategorical).column()
    assert (column.most("a"), column.most("b"), column.most("z"), column.error) == (7, 4, 3, 3)
    assert (column.lengths, column.distinct) == (None, None)
    assert Profile.from_bytes((Profile(9, {"x": column})).to_bytes()).columns["x"] == column


@pytest.mark.parametrize(
    "change",
    [
        {"errors": [1]},
        {"errors": [9] * 2},
        {"unnamed": msgspec.structs.replace(StoredCategorical.of(POOLED).unnamed, distinct=b"?")},
    ],
)
def test_a_column_that_makes_no_sense_is_refused(change):
    stored = msgspec.structs.replace(StoredCategorical.of(POOLED), **change)
    with pytest.raises(ValueError):
        stored.column()


def test_lists_of_other_directions_are_refused():
    stored = StoredVector.of(VectorColumn.of(pa.array([[1.0]])))
    with pytest.raises(ValueError, match="7 projections"):
        msgspec.structs.replace(stored, projections=stored.projections[:7]).column()
    with pytest.raises(ValueError):
        msgspec.structs.replace(stored, elements=[1]).column()
