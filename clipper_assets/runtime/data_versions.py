"""The data version that Dagster assumes for what was materialized without one; it has no public name."""

from dagster._core.definitions.data_version import DEFAULT_DATA_VERSION

__all__ = ["DEFAULT_DATA_VERSION"]
