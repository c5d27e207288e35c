"""How much more often the target has a row than the source: a function fitted on the rows of both."""
