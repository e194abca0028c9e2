"""A small real server that speaks as Playtrail's does, and can be told to misbehave."""

from __future__ import annotations

import gzip
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """
    Stores events by id, as the real one does. `misbehave(server, request, lines)` is called for each request
    first; it answers itself and returns True, or returns False to let the request be answered as usual.
    """

    def __init__(self):
        self.port = 0
        self.events = {}
        self.conflicts = []
        self.requests = []
        self.misbehave = lambda request, lines: False
        self.refuse = lambda event: None
        self.lock = threading.Lock()
        self.http = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stored(self):
        """
        Returns the events, run by run and in order: shippers of several runs may overtake each other. What a
        shipper said itself, in a count of its own, comes last.
        """
        events = [json.loads(line) for line in list(self.events.values())]
        return sorted(
            events, key=lambda event: (event["run"]["id"], is_remark(event), event["event"]["sequence"])
        )

    def start(self, certificate=None, key=None, client_ca=None, version=None):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                outer.receive(self)

            def log_message(self, *args):
                pass

        self.http = QuietServer(("127.0.0.1", self.port), Handler)
        self.port = self.http.server_address[1]
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate, key)
            if client_ca:
                tls.verify_mode = ssl.CERT_REQUIRED
                tls.load_verify_locations(client_ca)
            if version:
                tls.set_ciphers("ALL:@SECLEVEL=0")  # or OpenSSL itself would refuse
                tls.minimum_version = tls.maximum_version = version
            # The handshake is done with the first byte read, in the thread of the connection.
            self.http.socket = tls.wrap_socket(
                self.http.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        if self.http is not None:
            self.http.shutdown()
            self.http.server_close()
            self.http = None

    def receive(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"]))
        if self.http is None:
            request.close_connection = True  # Stopped; a connection that was kept open must not outlive that.
            return
        body = gzip.decompress(body)
        with self.lock:
            self.requests.append((dict(request.headers), body))
        lines = body.split(b"\n")[:-1]
        if not self.misbehave(request, lines):
            self.answer(request, 200, self.store(lines))

    def store(self, lines):
        accepted, duplicates, rejected = 0, 0, []
        with self.lock:
            for number, line in enumerate(lines, 1):
                event = json.loads(line)
                reason = self.refuse(event)
                key = event["event"]["id"]
                if reason:
                    rejected.append(
                        {"line": number, "code": "event_invalid", "message": reason, "pointer": ""}
                    )
                elif key not in self.events:
                    self.events[key] = line
                    accepted += 1
                else:
                    duplicates += 1
                    if self.events[key] != line:
                        self.conflicts.append(key)
        return {"accepted": accepted, "duplicates": duplicates, "rejected": rejected}

    @staticmethod
    def answer(request, status, document, kind="application/json", **headers):
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)


def is_remark(event):
    """True for an event of the shipper's own."""
    return event["event"].get("provider") == "shipper"


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # A connection that was dropped, by them or by us; the tests look at what arrived.


def problem(status, code, **members):
    """Returns a misbehaviour: always this problem."""

    def misbehave(request, _lines):
        document = {"type": "about:blank", "status": status, "code": code, "title": code, **members}
        Server.answer(request, status, document, "application/problem+json")
        return True

    return misbehave


def times(number, misbehave):
    """Returns a misbehaviour that ends after so many requests."""
    left = [number]

    def limited(request, lines):
        left[0] -= 1
        return left[0] >= 0 and misbehave(request, lines)

    return limited
