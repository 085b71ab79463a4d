"""Imported for its effect alone: Azure's package names are found from now on. Workers preload it; see ``install``."""

from holter.compat.finder import install

install()
