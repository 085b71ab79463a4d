"""Commands: the nouns and verbs of the workspace, for a shell and for a pipeline.

Exit codes: 0 fine, 1 failed (one sentence on standard error), 2 used wrongly, 3 a rule is broken. Only click is loaded
until a command runs.
"""

from holter.cli.root import main

__all__ = ["main"]
