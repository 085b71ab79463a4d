"""Hosting a ``score.py`` with capture on: workers that answer, and a supervisor that makes so what the registry wants.

Nothing is imported here: a scoring worker must not pay for the tables. Others take :mod:`holter.serving.supervisor`,
:mod:`holter.serving.score`, :mod:`holter.serving.keys` and :mod:`holter.serving.logs`.
"""
