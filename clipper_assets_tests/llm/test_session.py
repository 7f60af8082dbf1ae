import pytest

from clipper_assets.llm.session import cost_usd


def test_an_unknown_model_has_no_price() -> None:
    assert cost_usd("llama3.1", 1000, 1000) is None
    assert cost_usd("gpt-4.1", 1_000_000, 1_000_000) == pytest.approx(10.0)
