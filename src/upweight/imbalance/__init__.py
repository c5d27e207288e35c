"""Few of one kind: weights, resamplers, ensembles, and the honest comparison."""
