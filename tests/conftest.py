"""Settings of every test that draws its examples: the time of one depends on the machine, so it has no deadline."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
