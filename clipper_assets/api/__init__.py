"""The authenticated HTTP API for frontends: a thin layer; all work happens in Dagster runs."""
