"""What is stored of episodes: Dagster's records, tables of the lake, manifests and edits."""
