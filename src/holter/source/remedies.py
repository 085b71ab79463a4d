"""What a reader's complaint about a file means for the person who reads it."""

import re
from collections.abc import Callable
from typing import Final

_SAYINGS: Final[tuple[tuple[Callable[[Exception, str], bool], str], ...]] = (
    (lambda _, said: said == "UTF-16", "it is UTF-16 text. Convert it: iconv -f utf-16 -t utf-8."),
    (
        lambda error, said: isinstance(error, UnicodeDecodeError) or "UTF8" in said,
        "it is not UTF-8 text. Convert it: iconv -f latin1 -t utf-8.",
    ),
    (
        lambda error, _: isinstance(error, FileNotFoundError),
        "there is no such file any more. Read it again when its writer is done.",
    ),
    (lambda error, _: isinstance(error, PermissionError), "this user may not read it. Change its permissions."),
    (lambda _, said: "Empty CSV" in said, "it is empty. Write at least a line with the names of its columns."),
    (
        lambda _, said: "straddl" in said,
        "a line of it is longer than 1 GiB. A quote that is opened and never closed does that; close it.",
    ),
    (
        lambda _, said: "CSV conversion error" in said,
        "{said}. The column holds several types; clean it, or write Parquet.",
    ),
    (
        lambda _, said: "CSV parse error" in said,
        "{said}. Every line needs as many fields as the first line has names.",
    ),
    (
        lambda _, said: "not in range" in said,
        "{said}. Another file has the column as floats, which cannot hold this; write one type.",
    ),
)
"""What errors look like, in the order in which they are looked for, and what to tell about them."""
_OTHERWISE: Final = "{said}. The file is damaged or was not written to its end; write it again."


def first_line(error: Exception) -> str:
    r"""Return what an error says without the trace and the plan that some libraries print below it.

    Examples
    --------
    >>> first_line(ValueError("no such column\n  at query.rs:3"))
    'no such column'
    """
    return str(error).strip().split("\n", 1)[0].rstrip(".") or type(error).__name__


def remedy(error: Exception) -> str:
    """Say what is wrong with a file and what to do, in one line.

    Examples
    --------
    >>> remedy(PermissionError(13, "Permission denied"))
    'this user may not read it. Change its permissions.'
    """
    said = re.sub(r"^.*Is this a '\w+' file\?: ", "", first_line(error))
    text = next((text for applies, text in _SAYINGS if applies(error, said)), _OTHERWISE)
    return text.format(said=said)
