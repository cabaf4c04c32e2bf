"""boto3: S3 asks to slow down, DynamoDB runs out of throughput, other errors are not retried."""

import rebackoff
from botocore.exceptions import ClientError
from local.aws import ThrottlingAws

THROTTLED = {"SlowDown", "RequestLimitExceeded", "ProvisionedThroughputExceededException"}


def code(error):
    return error.response["Error"]["Code"]


def tell(details):
    print(f"  {code(details['exception'])}: waiting {details['wait']:.2f}s")


patient = rebackoff.on_exception(
    rebackoff.expo(factor=0.05),
    ClientError,
    giveup=lambda error: code(error) not in THROTTLED,
    max_tries=5,
    on_backoff=tell,
)


@patient
def upload(s3, bucket, key, data):
    s3.put_object(Bucket=bucket, Key=key, Body=data)


@patient
def write(dynamodb, table, item):
    dynamodb.Table(table).put_item(Item=item)


def main():
    with ThrottlingAws() as aws:
        s3, dynamodb = aws.client("s3"), aws.resource("dynamodb")
        s3.create_bucket(Bucket="reports")
        dynamodb.create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

        aws.slow_down(2)
        upload(s3, "reports", "today.txt", b"42")
        print("uploaded:", s3.get_object(Bucket="reports", Key="today.txt")["Body"].read())

        aws.exceed_throughput(2)
        write(dynamodb, "orders", {"id": "1", "state": "paid"})
        print("written:", dynamodb.Table("orders").get_item(Key={"id": "1"})["Item"])

        try:
            upload(s3, "no-such-bucket", "today.txt", b"42")
        except ClientError as error:
            print("not retried:", code(error))


if __name__ == "__main__":
    main()
