"""Under which name a feature rests: Delta tables do not tell ``Age`` from ``age``, models do."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

_MARK: Final = "~"
_BYTES: Final = 4
_EXACT: Final = "~exact"


def stored_names(names: Iterable[str], taken: Iterable[str]) -> Mapping[str, str]:
    """Return the name in the table for each feature: its own, or a marked one where only the case differs.

    Parameters
    ----------
    names
        Features, in the order in which they claim a name.
    taken
        Names that are in the table, or will be; those of features stay as they are.

    Examples
    --------
    >>> stored_names(["age", "Age"], [])
    {'age': 'age', 'Age': 'Age~087ac584'}
    """
    there = set(taken)
    lowered = {name.lower() for name in there}
    found: dict[str, str] = {}
    for name in names:
        own = next((each for each in (name, _marked(name)) if each in there), None)
        found[name] = own or (_marked(name) if name.lower() in lowered else name)
        lowered.add(found[name].lower())
    return found


def feature_name(stored: str) -> str:
    """Return the feature that rests under a name.

    Examples
    --------
    >>> feature_name("Age~087ac584"), feature_name("a~b")
    ('Age', 'a~b')
    """
    name = stored.rpartition(_MARK)[0]
    return name if name and _marked(name) == stored else stored


def _marked(name: str) -> str:
    return f"{name}{_MARK}{hashlib.blake2b(name.encode(), digest_size=_BYTES).hexdigest()}"


def exact_name(stored: str) -> str:
    """Return under which name the whole numbers of a column rest that float64 cannot hold.

    Examples
    --------
    >>> exact_name("account"), is_exact(exact_name("account")), is_exact("account")
    ('account~exact~75d7e023', True, False)
    """
    return _marked(f"{stored}{_EXACT}")


def is_exact(stored: str) -> bool:
    """Tell whether a column holds the whole numbers of another."""
    name = stored.rpartition(_MARK)[0]
    return name.endswith(_EXACT) and _marked(name) == stored
