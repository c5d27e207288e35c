"""Weights whose averages are the target's, the nearest to the weights that the rows have already."""
