"""How the shipper reaches the server: TLS, proxies, and what it refuses to send."""

from __future__ import annotations

import base64
import os
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import shippers, wait_until
from server import problem
from test_delivery import RUN_IDS, WAIT, ids, spool
from test_spool import warnings_of

# A name that no resolver knows: what is sent there goes through the proxy or nowhere.
ELSEWHERE = "playtrail.invalid"
SITE = "- hosts: alpha\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority of our own, with certificates for a server and for a sender."""
    if not shutil.which("openssl"):
        pytest.skip("certificates are made with openssl")
    folder = tmp_path_factory.mktemp("certificates")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in "ca", "other-ca":
        openssl(
            folder, "req", "-x509", *key, "-subj", f"/CN={name}", "-days", "2", "-keyout", f"{name}.key",
            "-out", f"{name}.pem", "-addext", "keyUsage=critical,keyCertSign,cRLSign"
        )  # fmt: skip
    for name, names in (
        ("server", f"DNS:{ELSEWHERE},IP:127.0.0.1"),
        ("sender", "DNS:sender"),
        ("wrong", "DNS:x"),
    ):
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
        openssl(folder, "req", *key, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl(
            folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2",
            "-CAcreateserial", "-extfile", f"{name}.ext", "-out", f"{name}.pem"
        )  # fmt: skip
    openssl(folder, "ec", "-in", "sender.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key")
    return folder


@pytest.fixture
def secure(controller, certificates):
    """A controller whose server speaks TLS, and wants a certificate of senders if `client_ca` is given."""

    def start(certificate="server", client_ca=None, version=None):
        controller.server.stop()
        controller.server.start(
            certificates / f"{certificate}.pem",
            certificates / f"{certificate}.key",
            client_ca=client_ca and certificates / f"{client_ca}.pem",
            version=version,
        )
        spool(controller, RUN_IDS[0])
        return controller.server.url.replace("http:", "https:")

    return start


def refused(controller, *arguments, **env):
    done = controller.ship(*arguments, **env)
    assert (done.returncode, controller.server.requests) == (1, [])
    return done.stdout


def test_a_server_is_trusted_by_the_given_authority_alone(controller, secure, certificates):
    url = secure()
    assert "certificate verify failed" in refused(controller, "--url", url)
    assert "certificate verify failed" in refused(
        controller, "--url", url, "--ca-file", certificates / "other-ca.pem"
    )
    assert controller.ship("--url", url, PLAYTRAIL_CA_FILE=str(certificates / "ca.pem")).returncode == 0
    assert list(controller.server.events) == ids(RUN_IDS[0], 3)


def test_a_trusted_certificate_of_another_name_is_refused(controller, secure, certificates):
    url = secure("wrong")
    said = refused(controller, "--url", url, "--ca-file", certificates / "ca.pem")
    assert "IP address mismatch" in said


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_a_server_that_speaks_only_old_tls_is_refused(controller, secure, certificates):
    url = secure(version=ssl.TLSVersion.TLSv1_1)
    said = refused(controller, "--url", url, "--ca-file", certificates / "ca.pem")
    assert "alert" in said or "protocol" in said.lower()


def test_a_server_that_asks_for_a_certificate_gets_it(controller, secure, certificates):
    url = secure(client_ca="ca")
    trusted = ["--url", url, "--ca-file", certificates / "ca.pem"]
    refused(controller, *trusted)
    cert, key = certificates / "sender.pem", certificates / "sender.key"
    assert controller.ship(*trusted, "--client-cert", cert, "--client-key", key).returncode == 0
    assert list(controller.server.events) == ids(RUN_IDS[0], 3)


def test_a_run_uses_the_certificates_that_its_options_name(controller, secure, certificates, recorded):
    url = secure(client_ca="ca")
    controller.write("site.yml", SITE)
    recorded(
        controller,
        "site.yml",
        PLAYTRAIL_URL=url,
        PLAYTRAIL_CA_FILE=str(certificates / "ca.pem"),
        PLAYTRAIL_CLIENT_CERT=str(certificates / "sender.pem"),
        PLAYTRAIL_CLIENT_KEY=str(certificates / "sender.key"),
    )
    assert len(controller.server.events) == 9


MISTAKES = {
    "an authority that is not there": ("ca_file: expected PEM in", ["--ca-file", "absent.pem"]),
    "an authority that is no certificate": ("ca_file: expected PEM in", ["--ca-file", "server.ext"]),
    "a certificate that is not there": ("client_cert: expected PEM in", ["--client-cert", "absent.pem"]),
    "a key with a passphrase": (
        "client_key: expected a key without a passphrase",
        ["--client-cert", "sender.pem", "--client-key", "locked.key"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_certificates_is_named_and_everything_stays(
    controller, secure, certificates, mistake
):
    said, arguments = MISTAKES[mistake]
    given = [argument if argument.startswith("--") else certificates / argument for argument in arguments]
    assert said in refused(controller, "--url", secure(), *given)


def test_a_key_without_its_certificate_is_a_mistake(controller, certificates):
    spool(controller, RUN_IDS[0])
    done = controller.ship("--client-key", certificates / "sender.key")
    assert done.returncode == 2
    assert "client_key: expected client_cert beside it, got none" in done.stderr


class Proxy(socketserver.ThreadingTCPServer):
    """A real, small proxy: CONNECT, and requests with an absolute address. Every name is this machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, password=None):
        super().__init__(("127.0.0.1", 0), ProxyHandler)
        self.expected = password and f"Basic {base64.b64encode(password.encode()).decode()}"
        self.targets = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request, client_address):
        pass


class ProxyHandler(socketserver.StreamRequestHandler):
    rbufsize = 0  # What follows the head stays in the socket.

    def handle(self):
        method, target, _version = self.rfile.readline().decode().split()
        head = list(iter(self.rfile.readline, b"\r\n"))
        self.server.targets.append((method, target))
        expected = self.server.expected
        if expected and f"Proxy-Authorization: {expected}\r\n".encode() not in head:
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        authority = target if method == "CONNECT" else target.split("/")[2]
        with socket.create_connection(("127.0.0.1", int(authority.rpartition(":")[2]))) as server:
            if method == "CONNECT":
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = "/" + target.split("/", 3)[3]
                head = [line for line in head if not line.lower().startswith(b"proxy-")]
                server.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(head) + b"\r\n")
            self.pump(server)

    def pump(self, server):
        while True:
            for ready in select.select([self.connection, server], [], [])[0]:
                read = ready.recv(65536)
                if not read:
                    return
                (server if ready is self.connection else self.connection).sendall(read)


@pytest.fixture
def proxies():
    started = []

    def start(password=None):
        started.append(Proxy(password))
        return started[-1]

    yield start
    for proxy in started:
        proxy.shutdown()
        proxy.server_close()


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_https_goes_through_the_proxy_by_connect(controller, secure, certificates, proxies, variable):
    port = secure().rpartition(":")[2]
    proxy = proxies("us er:p@ss")
    url, ca = f"https://{ELSEWHERE}:{port}", certificates / "ca.pem"
    address = f"127.0.0.1:{proxy.server_address[1]}"

    without = controller.ship("--url", url, "--ca-file", ca, **{variable: f"http://{address}"})
    assert "407" in without.stdout
    assert f"through the proxy {address}" in without.stdout
    done = controller.ship("--url", url, "--ca-file", ca, **{variable: f"http://us%20er:p%40ss@{address}"})
    assert done.returncode == 0, done.stdout
    assert set(proxy.targets) == {("CONNECT", f"{ELSEWHERE}:{port}")}
    assert list(controller.server.events) == ids(RUN_IDS[0], 3)
    headers = controller.server.requests[0][0]
    assert "Proxy-Authorization" not in headers, "it is for the proxy alone"


def test_http_goes_through_the_proxy_with_the_whole_address(controller, proxies):
    spool(controller, RUN_IDS[0], events=600)
    proxy = proxies("user:password")
    url = f"http://{ELSEWHERE}:{controller.server.port}/trail/"
    address = f"http://user:password@127.0.0.1:{proxy.server_address[1]}"
    done = controller.ship("--url", url, "--allow-http", HTTP_PROXY=address)
    assert done.returncode == 0, done.stdout
    assert set(proxy.targets) == {("POST", f"{url}v1/events")}
    headers = controller.server.requests[0][0]
    assert headers["Host"] == f"{ELSEWHERE}:{controller.server.port}"
    assert len(controller.server.events) == 600


def test_no_proxy_and_loopback_go_without_it(controller, proxies):
    spool(controller, RUN_IDS[0])
    proxy = proxies()
    env = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}"}
    assert controller.ship(**env).returncode == 0, "this machine"
    spool(controller, RUN_IDS[0])
    url = f"http://{ELSEWHERE}:{controller.server.port}"
    env["NO_PROXY"] = ".invalid"
    assert controller.ship("--url", url, "--allow-http", **env).returncode == 1, "no such name"
    assert proxy.targets == []


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "https://user:secret@proxy:443", "http://"])
def test_a_proxy_of_another_kind_is_a_mistake_and_its_password_is_not_shown(controller, proxy):
    done = controller.ship("--url", f"https://{ELSEWHERE}", HTTPS_PROXY=proxy)
    assert done.returncode == 2
    assert "proxy: expected an address such as http://proxy:3128" in done.stderr
    assert "secret" not in done.stderr


def test_a_proxy_that_is_down_is_named(controller):
    spool(controller, RUN_IDS[0])
    done = controller.ship("--url", f"https://{ELSEWHERE}", HTTPS_PROXY="127.0.0.1:1")
    assert done.returncode == 1
    assert "through the proxy 127.0.0.1:1: " in done.stdout


REMOTE = "http://192.0.2.1:8470"


def test_plain_http_to_another_machine_is_refused_by_hand(controller):
    path = spool(controller, RUN_IDS[0])
    done = controller.ship("--url", REMOTE)
    assert done.returncode == 2
    assert "nothing is sent: expected https, since 192.0.2.1 is another machine, got http" in done.stderr
    assert path.exists()


def test_plain_http_to_another_machine_costs_a_run_one_warning_and_the_record_stays(controller):
    controller.write("site.yml", SITE)
    process = controller.play("site.yml", PLAYTRAIL_URL=REMOTE)
    assert process.returncode == 0
    assert len(warnings_of(process)) == 1
    assert "another machine" in " ".join(process.stderr.decode().split())
    assert len(controller.spooled()) == 6
    assert shippers(controller.spool) == []


def test_plain_http_to_another_machine_is_sent_if_it_is_allowed(controller, proxies, recorded):
    controller.write("site.yml", SITE)
    proxy = proxies()
    process = recorded(
        controller,
        "site.yml",
        PLAYTRAIL_URL=f"http://{ELSEWHERE}:{controller.server.port}",
        PLAYTRAIL_ALLOW_HTTP="yes",
        http_proxy=f"http://127.0.0.1:{proxy.server_address[1]}",
    ).process
    assert warnings_of(process) == []
    assert len(controller.server.events) == 6


@pytest.mark.parametrize("host", ["localhost", "127.8.9.10", "[::1]", "a.localhost"])
def test_this_machine_is_reached_by_plain_http(playtrail, host):
    playtrail.check_url(f"http://{host}:8470")


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "0.0.0.0", "[::]", "2130706433"])
def test_what_only_looks_like_this_machine_is_another(playtrail, host):
    with pytest.raises(ValueError, match="another machine"):
        playtrail.check_url(f"http://{host}:8470")
    playtrail.check_url(f"http://{host}:8470", allow_http=True)


def test_a_token_and_the_secrets_of_the_run_are_in_no_command_line_and_no_environment(controller):
    controller.write("wait.yml", WAIT)
    process = controller.start("wait.yml", PLAYTRAIL_TOKEN="TOKEN-1", DATABASE_PASSWORD="PASSWORD-2")
    try:
        wait_until(lambda: controller.server.requests, "the first request")
        (pid,) = shippers(controller.spool)
        seen = {name: Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")}
        niceness = os.getpriority(os.PRIO_PROCESS, pid)
    finally:
        (controller.folder / "go").touch()
        process.communicate(timeout=60)
    assert b"TOKEN-1" not in seen["cmdline"]
    assert b"playtrail.py\0--ship\0" in seen["cmdline"], "so that people know what it is"
    assert b"PASSWORD-2" not in seen["environ"]
    assert controller.server.requests[0][0]["Authorization"] == "Bearer TOKEN-1"
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 10, "the playbook goes first"


RUN_STARTED = b'{"event":{"id":"%s:0","sequence":0,"action":"run.started"},"run":{"id":"%s"}}\n'


@pytest.fixture
def strict(controller, playtrail):
    """Starts the shipper as a strict run does; returns what it hears."""
    controller.spool.mkdir(mode=0o700)
    writer = playtrail.Spool(str(controller.spool), RUN_IDS[9])
    writer.append(RUN_STARTED.replace(b"%s", RUN_IDS[9].encode()))
    started = []

    def start(seconds=60, **options):
        options = {"url": controller.server.url, "strict": "server", **options}
        started.append(playtrail.ShipperProcess(str(controller.spool), RUN_IDS[9], options))
        has_started = started[-1].wait_until_started(seconds)
        return SimpleNamespace(has_started=has_started, trouble=started[-1].trouble, writer=writer)

    yield start
    writer.close()
    for process in started:
        process.close()


def test_a_strict_run_hears_that_the_server_has_its_first_event_before_all_else(controller, strict):
    spool(controller, RUN_IDS[0], events=1200)
    assert strict().has_started
    assert next(iter(controller.server.events)) == f"{RUN_IDS[9]}:0"
    wait_until(lambda: len(controller.server.events) == 1201, "the rest")


REFUSALS = {
    "answered 503": {"status": 503, "code": "journal_full"},
    "answered 401": {"status": 401, "code": "token_missing"},
    "refused the first event": {
        "status": 400, "code": "batch_refused", "rejected": [{"line": 1, "code": "event_invalid"}]
    },
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSALS)
def test_a_strict_run_hears_why_not_when_the_server(controller, strict, why):
    controller.server.misbehave = problem(**REFUSALS[why])
    heard = strict()
    assert not heard.has_started
    assert f"{controller.server.url} {why}" in heard.trouble


def test_a_strict_run_hears_at_once_that_nobody_is_there(controller, strict):
    controller.server.stop()
    heard = strict()
    assert not heard.has_started
    assert "Connection refused" in heard.trouble


def test_a_strict_run_waits_no_longer_than_it_wants(controller, strict):
    go_on = threading.Event()
    controller.server.misbehave = lambda request, lines: go_on.wait(60) and False
    heard = strict(seconds=0.3)
    go_on.set()
    assert not heard.has_started
    assert heard.trouble == "no answer within 0.3 seconds"


def test_a_strict_run_hears_of_options_that_a_shipper_cannot_use(strict):
    heard = strict(client_key="/nowhere")
    assert not heard.has_started
    assert heard.trouble == "client_key: expected client_cert beside it, got none"
