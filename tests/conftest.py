"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ["tests.support.servers", "tests.support.s3"]

# A first call may load a library, and machines differ: an example's time says nothing here. The examples
# are the same in every run, so that a change fails for what it did; others are sought by
# `--hypothesis-profile=explore`.
settings.register_profile("perennial", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("perennial")
