"""The optimisations beneath the weights: one dual, one simplex, one ridge of squares."""
