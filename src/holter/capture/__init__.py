"""From a scored request to a row in the record table: journal, parsing, compaction, labels.

Nothing is imported here: a scoring worker takes :mod:`holter.capture.frame` and :mod:`holter.capture.journal` and must
not pay for the tables.
"""
