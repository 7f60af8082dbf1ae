"""Reads S3's notifications from the bodies of SQS messages, as S3, SNS and EventBridge write them.

Formats: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (keys are
form-url-encoded), https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (keys are plain) and
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html.
"""

from typing import Annotated, NamedTuple
from urllib.parse import unquote_plus

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter

MAX_RECORDS = 1000
"""S3 puts one record into a message; others may put more."""
CREATED = ("ObjectCreated:", "Object Created")
REMOVED = ("ObjectRemoved:", "Object Deleted", "LifecycleExpiration:")

Name = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
"""A key has at most 1,024 bytes in UTF-8, each of which may be encoded as three characters."""


class Event(NamedTuple):
    """What happened to one object; `created` and `removed` are both False for anything else, such as a new tag."""

    bucket: str
    key: str
    created: bool
    removed: bool


class _Bucket(BaseModel):
    name: Name


class _Object(BaseModel):
    key: Name


class _Entity(BaseModel):
    bucket: _Bucket
    object: _Object


class _Record(BaseModel):
    eventName: Name  # noqa: N815  # S3's spelling
    s3: _Entity


class _Notification(BaseModel):
    Records: list[_Record] = Field(max_length=MAX_RECORDS)


class _EventBridge(BaseModel):
    detail_type: Name = Field(alias="detail-type")
    detail: _Entity


class _Sns(BaseModel):
    Message: str


class _Test(BaseModel):
    """What S3 sends to a queue when its notifications are switched on."""

    Event: Annotated[str, StringConstraints(pattern="^s3:TestEvent$")]


_BODY: TypeAdapter[_Notification | _EventBridge | _Test | _Sns] = TypeAdapter(
    Annotated[_Notification | _EventBridge | _Test | _Sns, Field(union_mode="left_to_right")]
)


def events_in(body: str) -> list[Event]:
    """The events of one message. Raises ValueError if it is not a notification of S3."""
    parsed = _BODY.validate_json(body)
    if isinstance(parsed, _Sns):
        parsed = _BODY.validate_json(parsed.Message)
    match parsed:
        case _Notification():
            return [
                _event(each.eventName, each.s3, unquote_plus(each.s3.object.key, errors="strict"))
                for each in parsed.Records
            ]
        case _EventBridge():
            return [_event(parsed.detail_type, parsed.detail, parsed.detail.object.key)]
        case _Test():
            return []
        case _Sns():
            raise ValueError("a message of SNS inside a message of SNS")


def _event(name: str, entity: _Entity, key: str) -> Event:
    kind = name.removeprefix("s3:")  # MinIO and Ceph keep the prefix that S3 uses in its configuration
    return Event(entity.bucket.name, key, kind.startswith(CREATED), kind.startswith(REMOVED))
