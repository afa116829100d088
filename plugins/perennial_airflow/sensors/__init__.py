"""Waiting without holding a worker: a sensor looks, leaves, and is called again."""
