"""What Sphinx is taught for this site: links, pages made of the repository, and the docstrings of the house."""
