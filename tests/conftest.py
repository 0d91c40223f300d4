"""What every test shares."""

from hypothesis import settings

# A first example pays for imports, and machines differ: how long an example takes is no law of ours.
settings.register_profile("lockgate", deadline=None, print_blob=True)
settings.load_profile("lockgate")
