from __future__ import annotations

import contextlib
import json
import re

from ..address import check_url
from ..limits import (
    ANSWER_BYTES_MAX,
    CONNECT_SECONDS_MAX,
    READ_SECONDS_MAX,
    REFUSED_RETRY_SECONDS,
    REQUEST_SECONDS_MAX,
    RETRY_SECONDS_MAX,
)
from ..program import VERSION
from ..text import Text
from ..tokens import token_in
from .certificates import Certificates
from .proxy import Proxy
from .trouble import BatchRefused, Trouble


class Endpoint:
    """The server's `POST /v1/events`, over one connection that is kept open."""

    def __init__(self, url, token=None, token_file=None, *, allow_http=False, certificates=None):
        self.parts = check_url(url, allow_http)
        self.url = Text.without_userinfo(url.rstrip("/"))
        self.token = token
        self.token_file = token_file
        self.certificates = certificates or Certificates()
        self.proxy = Proxy.to(self.parts)
        self.connection = None

    def post(self, lines):
        """
        Sends the lines and returns the server's answer once they are on its disk: (accepted, duplicates,
        rejected). Raises Trouble if that is not sure, BatchRefused if trying again cannot help.
        """
        import gzip

        body = gzip.compress(b"\n".join(lines) + b"\n", 1)
        try:
            status, headers, content = self.request(body)
        except (OSError, ValueError) as error:  # ValueError: a token or an answer that is no HTTP
            self.close()
            through = f" through the proxy {self.proxy.host}:{self.proxy.port}" if self.proxy else ""
            raise Trouble(f"{self.url}{through}: {error or type(error).__name__}") from error
        document = self.document(headers, content)
        if status == 200 or (status == 400 and "rejected" in document):
            return self.acknowledged(document, len(lines))
        why = f"{self.url} answered {status} {document.get('detail') or document.get('title') or ''}".rstrip()
        if status == 413:
            raise BatchRefused(document.get("code", "batch_too_large"), why)
        # Only our server's own words cost a batch its place. A proxy in between that answers 400 knows
        # nothing about events, and neither does what listens on a wrong port.
        if status == 400 and "code" in document and document["code"] != "body_incomplete":
            raise BatchRefused(document["code"], why)
        if status in (429, 503):
            raise Trouble(why, self.retry_after(headers))
        if status >= 500:
            raise Trouble(why, is_general=False)
        # 401, 403, redirects, which could take the token elsewhere, and whatever somebody has to set right.
        raise Trouble(why, REFUSED_RETRY_SECONDS, is_refusal=status in (401, 403))

    def request(self, body):
        """Makes one request. A connection that the server has closed meanwhile is replaced once, quietly."""
        import http.client

        for is_last in (False, True):
            is_kept = self.connection is not None
            try:
                with self.time_limit():
                    return self.exchange(body)
            except (http.client.HTTPException, ConnectionError) as error:
                self.close()
                if is_last or not is_kept:
                    raise OSError(f"no answer: {error or type(error).__name__}") from error
        raise OSError("no answer")

    def exchange(self, body):
        if self.connection is None:
            self.connection = self.connect()
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        headers["User-Agent"] = f"playtrail-shipper/{VERSION}"
        token = self.read_token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        target = self.parts.path.rstrip("/") + "/v1/events"
        if self.proxy and self.parts.scheme == "http":
            target = f"http://{self.parts.netloc.rpartition('@')[2]}{target}"
            headers.update(self.proxy.headers)
        self.connection.request("POST", target, body, headers)
        response = self.connection.getresponse()
        content = response.read(ANSWER_BYTES_MAX + 1)
        if len(content) > ANSWER_BYTES_MAX or response.will_close:
            self.close()
        return response.status, response.headers, content

    def connect(self):
        import http.client

        host, port, limit = self.parts.hostname, self.parts.port, CONNECT_SECONDS_MAX
        peer = (self.proxy.host, self.proxy.port) if self.proxy else (host, port)
        if self.parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                *peer, timeout=limit, context=self.certificates.context()
            )
            if self.proxy:
                connection.set_tunnel(host, port, self.proxy.headers)
        else:
            connection = http.client.HTTPConnection(*peer, timeout=limit)
        connection.connect()
        connection.sock.settimeout(READ_SECONDS_MAX)
        return connection

    @staticmethod
    @contextlib.contextmanager
    def time_limit():
        """Ends a request that takes too long as a whole. Timeouts of sockets begin anew with each byte."""
        import signal

        def expire(_signal, _frame):
            raise TimeoutError(f"no answer within {REQUEST_SECONDS_MAX} seconds")

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, REQUEST_SECONDS_MAX)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def read_token(self):
        """Returns the token; from a file anew each time, since tokens are exchanged while shippers wait."""
        token = self.token
        if not token and self.token_file:
            token = token_in(self.token_file)
        # http.client would quote it in its complaint.
        if token and not re.fullmatch("[!-~]+", token):
            raise ValueError("the token has characters that cannot be sent")
        return token

    @staticmethod
    def document(headers, content):
        kind = (headers.get_content_type() or "").lower()
        if kind not in ("application/json", "application/problem+json"):
            return {}
        try:
            document = json.loads(content)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def acknowledged(self, document, count):
        """Returns what the answer acknowledges; it has to account for every line, or it acknowledges none."""
        accepted, duplicates = document.get("accepted", 0), document.get("duplicates", 0)
        rejected = document.get("rejected")
        numbers = [accepted, duplicates]
        if isinstance(rejected, list) and all(isinstance(entry, dict) for entry in rejected):
            numbers += [entry.get("line") for entry in rejected]
            is_whole = all(isinstance(number, int) for number in numbers)
            lines = set(numbers[2:])
            if (
                is_whole
                and all(1 <= line <= count for line in lines)
                and accepted + duplicates + len(lines) == count
            ):
                return accepted, duplicates, rejected
        raise Trouble(f"{self.url} does not answer as a Playtrail server does", REFUSED_RETRY_SECONDS)

    @staticmethod
    def retry_after(headers):
        value = headers.get("Retry-After", "")
        return min(float(value), RETRY_SECONDS_MAX) if value.isdigit() else 0.0

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
