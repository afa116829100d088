"""Verdicts that need other partitions: one check a file, each a pure function of what was found there."""
