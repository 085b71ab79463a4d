"""Settings of every property test: the time of one example depends on the machine, so it has no deadline."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
