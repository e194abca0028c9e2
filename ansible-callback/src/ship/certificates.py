from __future__ import annotations

import contextlib


class Certificates:
    """Whom the shipper trusts, and what it shows of itself. Nothing switches verification off."""

    def __init__(self, ca_file=None, client_cert=None, client_key=None):
        if client_key and not client_cert:
            raise ValueError("client_key: expected client_cert beside it, got none")
        self.ca_file = ca_file
        self.client_cert = client_cert
        self.client_key = client_key

    def context(self):
        """Returns what ssl needs; read for each connection anew, since certificates are exchanged, too."""
        import ssl

        with self.named("ca_file", self.ca_file):
            context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.client_cert:
            with self.named("client_cert", self.client_cert, self.client_key):
                context.load_cert_chain(self.client_cert, self.client_key, self.no_passphrase)
        return context

    @staticmethod
    @contextlib.contextmanager
    def named(option, *paths):
        """Says which file it was: ssl does not."""
        try:
            yield
        except OSError as error:
            files = ", ".join(filter(None, paths))
            raise OSError(f"{option}: expected PEM in {files}, got: {error.strerror or error}") from error

    @staticmethod
    def no_passphrase():
        raise ValueError("client_key: expected a key without a passphrase; there is nobody to ask for it")
