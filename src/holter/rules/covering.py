"""Which segments somebody asks about."""

from typing import Final

ANY: Final = "*"
"""Each segment, of whatever column."""
_AND: Final = " & "


def covers(asked: str | None, segment: str | None) -> bool:
    """Tell whether a segment is among those asked about.

    Parameters
    ----------
    asked
        None: all rows together, and no segment. A label: that segment. ``*``: every segment. ``country=*``: every one
        of that column, also as a part of a combination (``country=DE & device=*``).
    segment
        The label of a segment; None for all rows.

    Examples
    --------
    >>> covers("country=*", "country=DE"), covers("country=*", "country=DE & device=ios"), covers(None, "country=DE")
    (True, False, False)
    """
    if asked is None or segment is None or asked == segment:
        return asked == segment
    if asked == ANY:
        return True
    wanted, parts = asked.split(_AND), segment.split(_AND)
    return len(wanted) == len(parts) and all(map(_fits, wanted, parts))


def _fits(wanted: str, part: str) -> bool:
    return wanted == part or (wanted.endswith("=*") and part.startswith(wanted[:-1]))
