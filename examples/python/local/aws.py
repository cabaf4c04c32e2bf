"""AWS on the loopback (moto's server), behind a gate that throttles as often as it is told to.

The gate answers with the very XML and JSON that S3 and DynamoDB send, over HTTP, so boto3
raises the errors that it raises in production.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

_SLOW_DOWN = b"""<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""

_NO_THROUGHPUT = json.dumps(
    {
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput was exceeded.",
    }
).encode()


class ThrottlingAws:
    """S3 and DynamoDB on a free loopback port, alive inside its `with` block."""

    def __enter__(self) -> ThrottlingAws:
        self._slow_downs = 0
        self._throughput_errors = 0
        application = self._gate(DomainDispatcherApplication(create_backend_app))
        self._http = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Quiet)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def slow_down(self, times: int) -> None:
        """The next uploads to S3, so many of them, are answered with 503 SlowDown."""
        self._slow_downs = times

    def exceed_throughput(self, times: int) -> None:
        """The next writes to DynamoDB, so many of them, exceed the provisioned throughput."""
        self._throughput_errors = times

    def client(self, service: str) -> Any:
        """A boto3 client of this server, whose own retries are off."""
        return self._session().client(service, **self._options())

    def resource(self, service: str) -> Any:
        """A boto3 resource of this server, whose own retries are off."""
        return self._session().resource(service, **self._options())

    def _session(self) -> boto3.Session:
        return boto3.Session("testing", "testing", region_name="us-east-1")

    def _options(self) -> dict[str, Any]:
        return {
            "endpoint_url": f"http://127.0.0.1:{self._http.server_port}",
            "config": Config(
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        }

    def _gate(self, application: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            dynamodb_action = environ.get("HTTP_X_AMZ_TARGET", "").partition(".")[2]
            if dynamodb_action == "PutItem" and self._throughput_errors > 0:
                self._throughput_errors -= 1
                start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
                return [_NO_THROUGHPUT]
            object_upload = (
                environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].count("/") > 1
            )
            if object_upload and self._slow_downs > 0:
                self._slow_downs -= 1
                start_response("503 Slow Down", [("Content-Type", "application/xml")])
                return [_SLOW_DOWN]
            return application(environ, start_response)

        return answer


class _Quiet(MotoRequestHandler):
    def log_request(self, *_: object) -> None:
        """The program tells what happens, the server does not."""
