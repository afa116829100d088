"""One operator a step: build the settings, run the step, hand on its small result."""
