"""Takes over the model server of the pickers' tests."""

from clipper_assets_tests.highlights.conftest import model_server

__all__ = ["model_server"]
