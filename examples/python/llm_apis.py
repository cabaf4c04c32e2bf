"""LLM APIs: wait as the server asks, stop at a spent quota, and let all calls share a budget of retries."""

import openai
import rebackoff
from local.http_server import Answer, MisbehavingServer, ok, status
from rebackoff import http

retries = rebackoff.Budget.share(ratio=0.2)


@rebackoff.on_exception(
    rebackoff.expo(factor=0.05, max_value=60),
    http.errors(),
    giveup=http.is_final,
    hint=http.hint,
    max_tries=6,
    max_time=300,
    budget=retries,
    logger=None,
    on_backoff=lambda details: print(f"  waiting {details['wait']:.2f} s"),
)
def ask(client, question):
    messages = [{"role": "user", "content": question}]
    completion = client.chat.completions.create(model="gpt-5", messages=messages)
    return completion.choices[0].message.content


def client_of(url):
    # the client's own retries are off
    return openai.OpenAI(api_key="secret", base_url=url, max_retries=0, timeout=60)


BUSY = status(429, headers={"retry-after-ms": "100"})
SPENT = Answer(429, {"error": {"code": "insufficient_quota", "message": "no credit"}})
ANSWER = ok({"choices": [{"message": {"content": "forty-two"}}]})


def main():
    with MisbehavingServer() as server:
        url = server.url(BUSY, BUSY, ANSWER)
        with client_of(url) as client:
            print(f"{ask(client, 'why?')}, after {server.requests(url)} requests")

        url = server.url(SPENT)
        with client_of(url) as client:
            try:
                ask(client, "why?")
            except openai.RateLimitError as error:
                print(f"{error.code}, after {server.requests(url)} request")


if __name__ == "__main__":
    main()
