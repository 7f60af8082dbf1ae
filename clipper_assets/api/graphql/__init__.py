"""Dagster's GraphQL API with limits on document cost, checks by role, and supervision of the code server."""
