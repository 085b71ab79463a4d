"""``python -m holter``: the same commands as the ``holter`` script, for processes that are started by this one."""

from holter.cli import main

if __name__ == "__main__":
    main()
