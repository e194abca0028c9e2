from __future__ import annotations

import ipaddress
import urllib.parse

from .limits import URL_DEFAULT
from .text import Text

PROXY_ENVIRONMENT = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


def parse_url(url):
    """Returns the parts of the server's address; raises ValueError if it is none."""
    parts = urllib.parse.urlsplit(url)
    # Reading the port checks it.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(f"expected an address such as {URL_DEFAULT}, got {Text.without_userinfo(url)!r}")
    return parts


def check_url(url, allow_http=False):
    """Returns the parts of the server's address; raises ValueError if it is none, or not safe to send to."""
    parts = parse_url(url)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise ValueError(
            f"expected https, since {parts.hostname} is another machine, got http, which anybody on the way "
            "can read; allow_http=true sends all the same"
        )
    return parts


def is_loopback(host):
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
