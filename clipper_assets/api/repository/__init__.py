"""Reads what is stored about episodes: Dagster's records, tables of the lake, manifests and edits."""
