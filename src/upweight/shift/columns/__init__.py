"""The rows of two samples as one table, and the terms of their columns that weights shall match."""
