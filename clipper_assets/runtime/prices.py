"""What computing costs in dollars, by the prices in the settings."""

from clipper_assets.settings import Settings

USD_PER_MILLION_TOKENS = {
    "gpt-4o-mini": (0.15, 0.60),
    "gpt-4o": (2.50, 10.00),
    "gpt-4.1-nano": (0.10, 0.40),
    "gpt-4.1-mini": (0.40, 1.60),
    "gpt-4.1": (2.00, 8.00),
}
"""Input and output price per model: openai.com/api/pricing, as listed in 2025."""
HOUR_S = 3600.0
MILLION = 1e6


def token_prices(settings: Settings) -> tuple[float, float]:
    """Dollars for a million tokens, input and output: those of the settings, or of the model's list price, or 0."""
    listed_in, listed_out = USD_PER_MILLION_TOKENS.get(settings.openai_model, (0.0, 0.0))
    own_in, own_out = settings.usd_per_million_input_tokens, settings.usd_per_million_output_tokens
    return listed_in if own_in is None else own_in, listed_out if own_out is None else own_out


def usd_of(
    settings: Settings, *, cpu_seconds: float, gpu_seconds: float, input_tokens: int, output_tokens: int
) -> float:
    """The dollars for what a step used."""
    input_usd, output_usd = token_prices(settings)
    seconds_usd = cpu_seconds * settings.usd_per_cpu_hour + gpu_seconds * settings.usd_per_gpu_hour
    return seconds_usd / HOUR_S + (input_tokens * input_usd + output_tokens * output_usd) / MILLION
