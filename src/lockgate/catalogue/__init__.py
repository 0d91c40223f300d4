"""The facts: reads `data/` into frozen, checked objects."""
