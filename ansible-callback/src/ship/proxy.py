from __future__ import annotations

import os
import urllib.parse

from ..address import PROXY_ENVIRONMENT, is_loopback
from ..text import Text


class Proxy:
    """The HTTP proxy on the way to the server, if the environment names one."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname or parts.port == 0:
            raise ValueError(
                f"proxy: expected an address such as http://proxy:3128, got {Text.without_userinfo(url)!r}"
            )
        self.host = parts.hostname
        self.port = parts.port or 80
        self.headers = self.authorization(parts)

    @classmethod
    def to(cls, parts):
        """Returns the proxy to a server, or None. What is sent to this machine does not leave it."""
        if is_loopback(parts.hostname) or not any(map(os.environ.get, PROXY_ENVIRONMENT)):
            return None
        import urllib.request

        url = urllib.request.getproxies_environment().get(parts.scheme)
        if not url or urllib.request.proxy_bypass_environment(parts.netloc.rpartition("@")[2]):
            return None
        return cls(url)

    @staticmethod
    def authorization(parts):
        import base64

        if not parts.username:
            return {}
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
