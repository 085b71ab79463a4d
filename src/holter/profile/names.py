"""Names for the columns of a table in which a name stands twice."""

from collections.abc import Sequence


def distinct_names(names: Sequence[str]) -> list[str]:
    """Call the second ``x`` ``x.2``, the third ``x.3``; a name that stands once is never taken from its column.

    Examples
    --------
    >>> distinct_names(["x", "x", "x.2"])
    ['x', 'x.3', 'x.2']
    """
    taken, seen, result = set(names), set[str](), []
    for name in names:
        count, candidate = 1, name
        while candidate in seen or (count > 1 and candidate in taken):
            count += 1
            candidate = f"{name}.{count}"
        seen.add(candidate)
        result.append(candidate)
    return result
