"""Gradient boosting of bounded size, on one thread, the same every time."""

from typing import Any, Final

from holter.signals.labelled import Floats

SEED: Final = 20_240_108


def fitted(matrix: Floats, target: Any, categorical: list[bool], *, classes: bool, **settings: Any) -> Any:
    """Return a model of classes (or of a number), fitted.

    Parameters
    ----------
    matrix, target
        Rows to learn from; NaN in the matrix is missing.
    categorical
        Which of the first columns are codes of categories; the columns after these are numbers.
    classes
        Whether the target is a class.
    settings
        Those of ``sklearn.ensemble.HistGradientBoostingClassifier`` and ``HistGradientBoostingRegressor``.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    model = (HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor)(
        categorical_features=[*categorical, *[False] * (matrix.shape[1] - len(categorical))],
        early_stopping=False,
        random_state=SEED,
        **settings,
    )
    with threadpool_limits(1, "openmp"):  # small work: threads would cost more than they bring, here and elsewhere
        return model.fit(matrix, target)


def predicted(model: Any, matrix: Floats, *, classes: bool) -> Floats:
    """Return the chance of each class of the model, or the number, for each row."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "openmp"):
        found: Floats = model.predict_proba(matrix) if classes else model.predict(matrix)
    return found
