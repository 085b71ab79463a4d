"""One broken column or metric costs no other."""

from collections.abc import Callable, Sequence

from holter.types import Measurement, Verdict


def contained(
    signal: str, metric: str, answer: Callable[[], Sequence[Measurement]], *, feature: str | None = None
) -> list[Measurement]:
    """Return what ``answer`` gives, or one measurement that says why it failed.

    Signals foresee bad data and give it a verdict of its own. This is for what nobody foresaw.

    Examples
    --------
    >>> contained("custom", "share", lambda: [1 / 0])[0].reason
    'ZeroDivisionError: division by zero'
    """
    try:
        return list(answer())
    except Exception as error:  # noqa: BLE001  (whatever it is, the other columns still want their answer)
        why = f"{type(error).__name__}: {error}"
        return [Measurement.unanswered(signal, metric, Verdict.ERROR, why, feature=feature)]
