"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.servers", "tests.support.s3"]

# A first call may load a library, and machines differ: an example's time says nothing here.
settings.register_profile("perennial", deadline=None)
settings.load_profile("perennial")
