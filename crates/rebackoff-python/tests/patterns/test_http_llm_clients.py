"""Clients that stand on an HTTP client: openai and anthropic, botocore, gRPC."""

from __future__ import annotations

from concurrent import futures
from contextlib import closing

import anthropic
import botocore.session
import grpc
import http_peers
import httpx2
import openai
import pytest
import rebackoff
from botocore.config import Config
from botocore.exceptions import ClientError
from http_peers import refused_url, run
from rebackoff import http
from rebackoff.clients.httpx2 import RetryTransport

TRIES = 4
QUESTION = {"model": "m", "messages": [{"role": "user", "content": "why?"}]}


@pytest.fixture(scope="module")
def peer():
    with http_peers.serving() as peer:
        yield peer


def ask_openai(url):
    with openai.OpenAI(api_key="x", base_url=url, max_retries=0) as client:
        client.chat.completions.create(**QUESTION)


async def ask_openai_async(url):
    async with openai.AsyncOpenAI(api_key="x", base_url=url, max_retries=0) as client:
        await client.chat.completions.create(**QUESTION)


def ask_anthropic(url):
    with anthropic.Anthropic(api_key="x", base_url=url, max_retries=0) as client:
        client.messages.create(max_tokens=5, **QUESTION)


def list_tables(url):
    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="y",
        endpoint_url=url,
        config=Config(retries={"total_max_attempts": 1}),
    )
    with closing(client):
        client.list_tables()


ASK = [ask_openai, ask_openai_async, ask_anthropic, list_tables]


def tries_of(function, *args):
    tried = []
    decorate = rebackoff.on_exception(
        rebackoff.constant(0),
        http.errors(),
        giveup=http.is_final,
        hint=http.hint,
        max_tries=TRIES,
        jitter=None,
        logger=None,
        on_try=tried.append,
    )
    run(decorate, function, *args)
    return len(tried)


@pytest.mark.parametrize("ask", ASK)
def test_a_question_that_was_never_asked_is_asked_again(ask):
    assert tries_of(ask, refused_url()) == TRIES


@pytest.mark.parametrize("ask", ASK)
def test_a_question_that_was_turned_away_is_asked_again(peer, ask):
    assert tries_of(ask, peer.play(429, 429)) == 3


@pytest.mark.parametrize("ask", ASK)
@pytest.mark.parametrize("fault", ["close", 500, 503, 400])
def test_a_question_that_may_have_been_answered_is_asked_once(peer, ask, fault):
    assert tries_of(ask, peer.play(fault, fault)) == 1


@pytest.mark.parametrize("ask", ASK[:3])
def test_the_server_may_order_a_retry(peer, ask):
    assert tries_of(ask, peer.play((529, {"x-should-retry": "true"}))) == 2
    assert tries_of(ask, peer.play((429, {"x-should-retry": "false"}))) == 1


def test_a_transport_retries_below_the_client(peer):
    transport = RetryTransport(rebackoff.constant(0), max_tries=TRIES, logger=None)
    with openai.OpenAI(
        api_key="x",
        base_url=peer.play(429, 429),
        max_retries=0,
        http_client=httpx2.Client(transport=transport),
    ) as client:
        client.chat.completions.create(**QUESTION)
    assert len(peer.methods) == 3


def test_spent_credit_is_permanent():
    request = httpx2.Request("POST", "http://shop.invalid")
    body = {"error": {"code": "insufficient_quota"}}
    response = httpx2.Response(429, request=request, json=body)
    assert http.is_final(openai.RateLimitError("no credit", response=response, body=body["error"]))
    assert http.is_final(response)


def test_the_dict_of_botocore_is_read():
    def error(code, status=400):
        metadata = {"HTTPStatusCode": status, "HTTPHeaders": {"retry-after": "7"}}
        return ClientError({"Error": {"Code": code}, "ResponseMetadata": metadata}, "PutItem")

    assert http.hint(error("ThrottlingException")) == 7
    assert http.is_transient(error("ThrottlingException"))
    assert http.is_transient(error("SlowDown", 503))
    assert http.is_final(error("ValidationException"))


def test_the_trailing_metadata_of_grpc_is_read():
    def busy(request, context):
        context.set_trailing_metadata((("grpc-retry-pushback-ms", request.decode()),))
        context.abort(grpc.StatusCode.UNAVAILABLE, "busy")

    server = grpc.server(futures.ThreadPoolExecutor(1))
    handlers = {"Method": grpc.unary_unary_rpc_method_handler(busy)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("Service", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.enable_retries", 0)]) as channel:
            call = channel.unary_unary("/Service/Method")
            with pytest.raises(grpc.RpcError) as caught:
                call(b"1500")
            assert http.hint(caught.value) == 1.5
            assert http.is_transient(caught.value, any_method=True)
            assert http.is_final(caught.value)
            with pytest.raises(grpc.RpcError) as caught:
                call(b"-1")
            assert http.hint(caught.value) == float("-inf")
    finally:
        server.stop(None)
