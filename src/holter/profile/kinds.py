"""How a column is summarised, told from its Arrow type."""

import pyarrow as pa
import pyarrow.compute as pc

from holter.types import Kind


def plain_type(dtype: pa.DataType) -> pa.DataType:
    """Return the type of the values themselves: dictionaries, run ends and extensions are ways of storing them."""
    if pa.types.is_dictionary(dtype) or pa.types.is_run_end_encoded(dtype):
        return plain_type(dtype.value_type)
    if isinstance(dtype, pa.BaseExtensionType):
        return plain_type(dtype.storage_type)
    # Arrow has few kernels for views
    return pa.large_string() if pa.types.is_string_view(dtype) else dtype


def plain_values(array: pa.Array) -> pa.Array:
    """Return the values themselves, one for each row, in the type of :func:`plain_type`; uncopied if they are that.

    Raises
    ------
    pyarrow.ArrowException
        If Arrow cannot unfold the way they are stored.
    """
    if pa.types.is_run_end_encoded(array.type):
        return plain_values(pc.run_end_decode(array))
    plain = plain_type(array.type)
    if isinstance(array, pa.ExtensionArray):
        return plain_values(array.storage)
    return array if array.type == plain else pc.cast(array, plain)


def is_text(dtype: pa.DataType) -> bool:
    """Tell whether values of a plain type are text."""
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype))


def is_number(dtype: pa.DataType) -> bool:
    """Tell whether values of the type are numbers; durations are, booleans are not."""
    types = pa.types
    return bool(
        types.is_integer(dtype) or types.is_floating(dtype) or types.is_decimal(dtype) or types.is_duration(dtype)
    )


def is_list(dtype: pa.DataType) -> bool:
    """Tell whether values of a plain type are lists of any layout; a map is none."""
    types = pa.types
    tests = (
        types.is_list,
        types.is_large_list,
        types.is_fixed_size_list,
        types.is_list_view,
        types.is_large_list_view,
    )
    return any(test(dtype) for test in tests)


def kind_of(dtype: pa.DataType) -> Kind:
    """Tell how a column of this type is summarised when nobody declared it.

    Numbers and durations are numeric; text and booleans categorical, dictionaries like their values, but those of whole
    numbers are categorical: whoever encodes them as categories says so. Dates, times and timestamps are times; lists
    are vectors; structs, maps, unions, binary and null are other. Text that turns out to be prose or identifiers is
    recognised by its values (:func:`holter.profile.text.recognised`), not here.

    Examples
    --------
    >>> kind_of(pa.dictionary(pa.int32(), pa.string()))
    <Kind.CATEGORICAL: 'categorical'>
    """
    plain = plain_type(dtype)
    if pa.types.is_dictionary(dtype) and pa.types.is_integer(plain):
        return Kind.CATEGORICAL
    if is_number(plain):
        return Kind.NUMERIC
    if is_text(plain) or pa.types.is_boolean(plain):
        return Kind.CATEGORICAL
    if is_list(plain):
        return Kind.VECTOR
    return Kind.TIME if pa.types.is_temporal(plain) else Kind.OTHER


def type_name(dtype: pa.DataType) -> str:
    """Return the Arrow type as text, the same for every way of storing the same values.

    Examples
    --------
    >>> type_name(pa.dictionary(pa.int32(), pa.large_string()))
    'string'
    """
    plain = plain_type(dtype)
    return "string" if is_text(plain) else str(plain)
