"""Other people's names for what Holter does, as thin adapters.

``holter.compat.azureml`` has the names of the Azure ML SDK v1, ``holter.compat.applicationinsights`` those of the
Application Insights client. Change the import lines, or call :func:`install` and change nothing at all.
"""

from holter.compat.finder import install

__all__ = ["install"]
