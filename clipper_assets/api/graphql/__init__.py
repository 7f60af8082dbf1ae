"""Dagster's GraphQL behind the API: documents of bounded cost, what each role may send, and the code server."""
