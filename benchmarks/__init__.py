"""Benchmarks (`make bench`): cost of a clip, compared with the previous service and the floor. Not installed."""
