"""Importance weights you can trust: make them, check them, tame them, use them, undo their bias."""
