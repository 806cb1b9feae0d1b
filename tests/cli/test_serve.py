"""gan serve over real HTTP: the bytes of gan sample, refusals, a clean stop."""

import http.client
import json
import signal
import socket

import pytest

from gan_program import DONE, USAGE, fails, gan, start, stop


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    gan("train", "dcgan", "--data", "digits", "--out", folder / "00001-digits", "--set", "gan.base_channels=4",
        "--set", "data.limit=200", "--batch", "50", "--kimg", "0.1", "--threads", "1")
    return folder


@pytest.fixture(scope="module")
def server(runs):
    process = start("serve", runs, "--port", "0", "--json")
    told = json.loads(process.stdout.readline())
    assert told["event"] == "serving" and told["models"] == 1
    yield process, int(told["url"].rstrip("/").rsplit(":", 1)[1])
    if process.poll() is None:
        stop(process, signal.SIGKILL)


def ask(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def raw(port, text):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as link:
        link.sendall(text)
        return int(link.recv(4096).split()[1])


def test_lists_what_is_there(server):
    _, port = server
    assert ask(port, "/healthz") == (200, b'{"status":"ok"}')
    (model,) = json.loads(ask(port, "/api/models")[1])["models"]
    assert (model["id"], model["gan"], model["data"]) == ("00001-digits", "dcgan", "digits")
    page = ask(port, "/")[1].decode()
    assert "00001-digits" in page and "<script" not in page


@pytest.mark.parametrize("extension", ["png", "npz"])
def test_samples_are_those_of_the_program(server, runs, tmp_path, extension):
    _, port = server
    out = tmp_path / f"grid.{extension}"
    gan("sample", runs / "00001-digits", "--seeds", "3-10", "--out", out)
    status, body = ask(port, f"/api/models/00001-digits/samples?seeds=3-10&format={extension}")
    assert status == 200 and body == out.read_bytes()


def test_refusals_are_json_with_a_status(server):
    _, port = server
    samples = "/api/models/00001-digits/samples"
    for path, expected in [("/nothing", 404), ("/api/models/none/samples", 404),
                           ("/api/models/..%2f..%2fetc/samples", 404), (f"{samples}?seeds=0-256", 400),
                           (f"{samples}?seeds=x", 400), (f"{samples}?class=1", 400),
                           (f"{samples}?seeds={'1,' * 1500}1", 414)]:
        status, body = ask(port, path)
        assert status == expected, path
        assert json.loads(body)["error"]["found"]
    assert ask(port, "/api/models", method="POST")[0] == 405


def test_other_names_are_refused(server):
    _, port = server
    assert ask(port, "/healthz", Host="localhost")[0] == 200
    assert ask(port, "/healthz", Host="evil.test")[0] == 403
    assert ask(port, "/api/models", Origin="http://evil.test")[0] == 403
    assert raw(port, b"GET /healthz HTTP/1.1\r\n\r\n") == 400
    assert raw(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n\r\n") == 400


def test_stops_cleanly(server):
    process, port = server
    assert ask(port, "/healthz")[0] == 200
    code, _, err = stop(process, signal.SIGTERM)
    assert (code, err) == (DONE, "")
    with pytest.raises(OSError):
        ask(port, "/healthz")


def test_what_cannot_be_served(runs, tmp_path):
    fails(USAGE, "serve", tmp_path, says=["no run and no model"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fails(USAGE, "serve", runs, "--port", taken.getsockname()[1], says=["cannot listen"])
