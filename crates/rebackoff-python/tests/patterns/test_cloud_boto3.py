"""boto3 against a local AWS that throttles: S3 SlowDown, DynamoDB without throughput."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError
from cloud_boto3 import code, upload, write
from local.aws import ThrottlingAws

pytestmark = pytest.mark.usefixtures("no_jitter")


@pytest.fixture(scope="module")
def aws():
    with ThrottlingAws() as running:
        running.client("s3").create_bucket(Bucket="bucket")
        running.resource("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield running


def test_an_upload_outlasts_slow_down(aws, waits):
    s3 = aws.client("s3")
    aws.slow_down(3)
    upload(s3, "bucket", "report.txt", b"42")
    assert waits == [0.05, 0.1, 0.2]
    assert s3.get_object(Bucket="bucket", Key="report.txt")["Body"].read() == b"42"


def test_slow_down_without_end_is_raised_after_max_tries(aws, waits):
    aws.slow_down(5)
    with pytest.raises(ClientError) as raised:
        upload(aws.client("s3"), "bucket", "report.txt", b"42")
    assert code(raised.value) == "SlowDown"
    assert waits == [0.05, 0.1, 0.2, 0.4]


def test_an_upload_to_no_bucket_is_not_retried(aws, waits):
    aws.slow_down(0)
    with pytest.raises(ClientError) as raised:
        upload(aws.client("s3"), "no-such-bucket", "report.txt", b"42")
    assert code(raised.value) == "NoSuchBucket"
    assert waits == []


def test_a_write_outlasts_exceeded_throughput(aws, waits):
    dynamodb = aws.resource("dynamodb")
    aws.exceed_throughput(2)
    write(dynamodb, "orders", {"id": "1", "state": "paid"})
    assert waits == [0.05, 0.1]
    stored = dynamodb.Table("orders").get_item(Key={"id": "1"})["Item"]
    assert stored == {"id": "1", "state": "paid"}


def test_a_write_to_no_table_is_not_retried(aws, waits):
    with pytest.raises(ClientError) as raised:
        write(aws.resource("dynamodb"), "no-such-table", {"id": "1"})
    assert code(raised.value) == "ResourceNotFoundException"
    assert waits == []
