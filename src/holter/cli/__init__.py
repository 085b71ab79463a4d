"""Commands: the nouns and verbs of the workspace, for a shell and for a pipeline.

Exit codes: 0 fine; 1 failed, with one sentence on standard error: also when a file is not there or cannot be read; 2
used wrongly: the command line cannot be understood, whatever the disk holds; 3 a rule is broken. Only click is loaded
until a command runs.
"""

from holter.cli.root import main

__all__ = ["main"]
