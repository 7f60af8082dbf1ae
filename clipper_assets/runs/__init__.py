"""The state, steps, progress and errors of runs, read from their event logs."""
