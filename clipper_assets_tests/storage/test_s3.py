from typing import Any

import pytest
from botocore.exceptions import ClientError

from clipper_assets.runtime.errors import StorageError
from clipper_assets.storage.s3 import S3Storage
from clipper_assets_tests.storage.objects import KEY, object_keys


def test_objects_with_invalid_keys_or_other_prefixes_are_not_listed(s3_storage: S3Storage) -> None:
    for name in ("folder/", "a//b.mp4", "../up.mp4", "back\\slash.mp4"):
        s3_storage.client.put_object(Bucket=s3_storage.bucket, Key=s3_storage.prefix + name, Body=b"x")
    s3_storage.client.put_object(Bucket=s3_storage.bucket, Key="team/podcasts-of-others/x.mp4", Body=b"x")
    s3_storage.put_bytes(KEY, b"x")
    assert object_keys(s3_storage) == [KEY]


def test_a_listing_of_several_pages_is_complete(s3_storage: S3Storage) -> None:
    def limit_page_to_two(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2

    s3_storage.client.meta.events.register("provide-client-params.s3.ListObjectsV2", limit_page_to_two)
    for number in range(5):
        s3_storage.put_bytes(f"{number}.mp4", b"")
    assert object_keys(s3_storage) == [f"{number}.mp4" for number in range(5)]


def test_listing_a_missing_bucket_raises(s3_storage: S3Storage) -> None:
    s3_storage.client.delete_bucket(Bucket=s3_storage.bucket)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        object_keys(s3_storage)


def _forbidden(**_: Any) -> None:
    raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "any")


def test_a_denied_request_is_not_taken_for_a_missing_object(s3_storage: S3Storage) -> None:

    s3_storage.client.meta.events.register("before-sign.s3.HeadObject", _forbidden)
    with pytest.raises(ClientError, match="403"):
        s3_storage.exists(KEY)
    s3_storage.client.meta.events.register("before-sign.s3.PutObject", _forbidden)
    with pytest.raises(ClientError, match="403"):
        s3_storage.create(KEY, b"x")


def test_the_fingerprint_of_a_missing_object_raises_a_storage_error(s3_storage: S3Storage) -> None:
    with pytest.raises(StorageError, match="does not exist"):
        s3_storage.fingerprint(KEY)


def test_presigned_urls_use_signature_version_4_and_expire(s3_storage: S3Storage) -> None:
    url = s3_storage.media_source(KEY)
    assert "X-Amz-Signature=" in url
    assert "X-Amz-Expires=3600" in url
    assert "a-secret-access-key" not in url
