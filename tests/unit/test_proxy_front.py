"""What the proxy refuses before it does anything: unknown keys, and bodies too large, too slow, too deep."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from core.settings import ProxySettings
from tests.proxy_house import House, entries_of, house_of
from tests.stand_in import StandIn, stand_in

SETTINGS = ProxySettings(port=1, body_bytes=50_000, body_s=0.5, idle_s=0.5, connections=200, depth=16)


@pytest.fixture(scope="module")
def provider() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, provider: StandIn) -> Iterator[House]:
    with house_of(tmp_path_factory.mktemp("front"), entries_of(provider), proxy=SETTINGS) as house:
        yield house


def connected(house: House) -> socket.socket:
    address = urlsplit(house.url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20)


def head(house: House, *lines: str, token: str | None = None) -> bytes:
    first = ["POST /v1/chat/completions HTTP/1.1", "Host: x", f"Authorization: Bearer {token or house.token}"]
    return "\r\n".join([*first, "Content-Type: application/json", *lines, "", ""]).encode()


def all_of(connection: socket.socket) -> bytes:
    """What comes until the other side hangs up."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)


def post(house: House, content: bytes) -> httpx.Response:
    with house.client() as client:
        headers = {"content-type": "application/json"}
        return client.post("/chat/completions", content=content, headers=headers)


def test_an_unknown_key_is_turned_away_before_its_body(house: House) -> None:
    """The answer comes although the body never does, and the connection ends with it."""
    with connected(house) as connection:
        connection.sendall(head(house, "Content-Length: 40000", token="ad-abcdefghijkm-nobody"))
        said = all_of(connection)
    assert said.startswith(b"HTTP/1.1 401") and b"invalid_api_key" in said


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer sk-other", "Bearer ad-\xe9-x"])
def test_a_key_that_is_none_is_refused(house: House, header: str) -> None:
    headers = {"authorization": header.encode("latin-1")} if header else {}
    answer = httpx.get(f"{house.url}/models", headers=headers)
    assert answer.status_code == 401 and answer.json()["error"]["code"] == "invalid_api_key"


def test_a_flood_of_one_unknown_key_asks_the_database_once(house: House) -> None:
    asked: list[str] = []
    check = house.proxy.gate._keys.check

    def counted(token: str) -> object:
        asked.append(token)
        return check(token)

    house.proxy.gate._keys.check = counted  # type: ignore[method-assign, assignment]
    try:
        for _ in range(20):
            headers = {"authorization": "Bearer ad-abcdefghijkm-flood"}
            assert httpx.get(f"{house.url}/models", headers=headers).status_code == 401
    finally:
        house.proxy.gate._keys.check = check  # type: ignore[method-assign]
    assert 1 <= len(asked) <= 15, "once for each two seconds that the flood lasts"


def test_a_body_that_is_too_large_is_refused_by_its_length(house: House) -> None:
    with connected(house) as connection:
        connection.sendall(head(house, "Content-Length: 999999999999"))
        assert all_of(connection).startswith(b"HTTP/1.1 413")


def test_a_body_without_a_length_is_refused_when_it_grows(house: House) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(6):
            yield b"x" * 10_000

    with house.client() as client:
        answer = client.post("/chat/completions", content=parts())
    assert answer.status_code == 413 and answer.json()["error"]["code"] == "request_too_large"


def test_a_body_that_does_not_come_is_not_waited_for(house: House) -> None:
    with connected(house) as connection:
        connection.sendall(head(house, "Content-Length: 100") + b'{"model"')
        assert all_of(connection).startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 20_000,
        b'{"a":' * 5_000,
        json.dumps({"model": "gpt", "messages": [[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]}).encode(),
        b'{"model": "gpt", "messages": [{"role": "user", "content": "\\ud800"}]}',
        b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
        b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "temperature": Infinity}',
        b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "seed": ' + b"9" * 6_000 + b"}",
        b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}',
        b'{"model": "gpt", "messages": [{"role": "user", "content": "x"}], "n": "two"}',
        b'{"model": "gpt"',
        b"",
        b"\xff\xfe",
    ],
)
def test_what_nobody_can_use_is_a_plain_400(house: House, content: bytes) -> None:
    answer = post(house, content)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_brackets_in_texts_are_not_nesting(house: House, provider: StandIn) -> None:
    """Nor is a NaN in a text a number."""
    text = '[[[[ {"a": [ NaN \\ " ' * 40
    body = {"model": "gpt", "messages": [{"role": "user", "content": text}]}
    assert post(house, json.dumps(body).encode()).status_code == 200
    assert provider.requests[-1]["messages"][0]["content"] == text


def test_a_head_without_an_end_is_cut_off(house: House) -> None:
    with connected(house) as connection:
        connection.sendall(b"GET /v1/models HTTP/1.1\r\n" + b"X-Long: " + b"a" * 30_000 + b"\r\n" * 1)
        connection.sendall(b"X-More: " + b"b" * 30_000 + b"\r\n\r\n")
        assert all_of(connection).startswith(b"HTTP/1.1 400")


def test_connections_that_say_nothing_are_closed_and_never_too_many(house: House) -> None:
    """However many there are, others are served; and they leave nothing behind."""
    process = psutil.Process()
    before = process.memory_info().rss
    idle = [connected(house) for _ in range(600)]
    try:
        with house.client() as client:
            assert client.get("/models").status_code == 200, "a silent one makes room"
        open_now = len(house.server.server_state.connections)
        assert open_now <= SETTINGS.connections
        assert all(all_of_or_reset(connection) == b"" for connection in idle)
    finally:
        for connection in idle:
            connection.close()
    with house.client() as client:
        assert client.get("/models").status_code == 200
    assert process.memory_info().rss - before < 30_000_000


def all_of_or_reset(connection: socket.socket) -> bytes:
    try:
        return all_of(connection)
    except ConnectionResetError:
        return b""


def test_a_slow_head_is_not_waited_for(house: House) -> None:
    with connected(house) as connection:
        connection.sendall(b"GET /v1/models HT")
        assert all_of_or_reset(connection) == b""


def test_other_addresses_and_methods_say_so(house: House) -> None:
    with house.client() as client:
        missing, wrong = client.get("/none"), client.get("/chat/completions")
    assert (missing.status_code, wrong.status_code) == (404, 405)
    assert missing.json()["error"]["message"] and wrong.headers["allow"] == "POST"


def test_metrics_are_for_this_machine_only(house: House) -> None:
    """What another proxy passes on comes from elsewhere."""
    address = house.url.removesuffix("/v1") + "/metrics"
    assert "answerdesk_requests_total" in httpx.get(address).text
    assert httpx.get(address, headers={"x-forwarded-for": "10.0.0.9"}).status_code == 403
