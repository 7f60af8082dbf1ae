"""The language model that steps may ask, behind the OpenAI protocol."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from clipper_assets.llm.session import ModelUnavailableError, Session, Usage, cost_usd
from clipper_assets.settings import Settings


class LanguageModel(dg.ConfigurableResource[None]):
    """Any server that supports OpenAI chat completions.

    A `base_url` of None is OpenAI's server. `context_tokens` limits the transcript in one request. The key is read from
    the environment for each session and is not part of the configuration, which the UI shows.
    """

    model: str = "gpt-4o-mini"
    base_url: str | None = None
    timeout_s: float = 60.0
    max_retries: int = 3
    context_tokens: int = 100_000

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session with its own client. Raises ModelUnavailableError if there is no usable key."""
        from openai import OpenAI

        from clipper_assets.llm.bounded import BoundedClient

        secret = Settings().openai_api_key
        key = secret.get_secret_value().strip() if secret else ""
        if not key:
            raise ModelUnavailableError("OPENAI_API_KEY is not set; set it for better picks and translated captions")
        if not key.isascii():
            raise ModelUnavailableError("OPENAI_API_KEY contains a character that is not ASCII; copy the key again")
        with OpenAI(
            api_key=key,
            base_url=self.base_url,
            timeout=self.timeout_s,
            max_retries=self.max_retries,
            http_client=BoundedClient(self.timeout_s),
        ) as client:
            yield Session(client, self.model, Usage(cost_usd=cost_usd(self.model, 0, 0)))
