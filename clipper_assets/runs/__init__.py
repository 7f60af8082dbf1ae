"""Runs as their event logs tell them: states, steps, progress, errors."""
