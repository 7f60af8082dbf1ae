"""The SQS queue that S3 puts its notifications into."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from clipper_assets.runtime.errors import StorageError

BATCH = 10
"""Most messages that SQS receives or deletes in one call."""
HIDDEN_S = 60
"""A message that was received comes back this long after the next tick is due, and then its run exists."""
MAX_HIDDEN_S = 12 * 3600
"""SQS's limit."""
WAIT_S = 1
"""SQS asks all of its servers for messages only if it may wait."""
BOUNDED = Config(connect_timeout=5.0, read_timeout=10.0, retries={"total_max_attempts": 2, "mode": "standard"})


class Message(NamedTuple):
    """A received message; `receipt` deletes it."""

    receipt: str
    body: str


class UploadQueue:
    """The queue at `url`; what is received and not deleted comes back a minute after the next tick.

    Endpoint and credentials come from boto3's environment variables. Every method raises StorageError, with one
    sentence, if the queue cannot be used.
    """

    def __init__(self, url: str, interval_s: int):
        self.url = url
        self._hidden_s = min(interval_s + HIDDEN_S, MAX_HIDDEN_S)
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = boto3.client("sqs", config=BOUNDED)
        return self._client

    def receive(self) -> list[Message]:
        """Up to BATCH messages; none if the queue stays empty for WAIT_S."""
        with self._in_one_sentence():
            answer = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=BATCH,
                WaitTimeSeconds=WAIT_S,
                VisibilityTimeout=self._hidden_s,
            )
        return [Message(each["ReceiptHandle"], each["Body"]) for each in answer.get("Messages", [])]

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete messages. One that SQS does not delete comes back."""
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            entries = [{"Id": str(number), "ReceiptHandle": each.receipt} for number, each in enumerate(batch)]
            with self._in_one_sentence():
                self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)

    @contextmanager
    def _in_one_sentence(self) -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, ValueError) as error:  # ValueError: not a URL
            raise StorageError(
                f"the queue {self.url} of CLIPPER_UPLOAD_QUEUE cannot be used ({error}); check its URL, the network "
                "and that this service may receive and delete its messages"
            ) from None
