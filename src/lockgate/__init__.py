"""Lockgate: a system for the controlled trade of AI accelerators."""
