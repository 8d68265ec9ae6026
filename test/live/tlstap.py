"""Certificates for tests, and a tap whose clients speak TLS.

    lab = Lab()                                  # a CA in a folder of its own
    cert, key = lab.server("localhost", "127.0.0.1")
    with TlsTap(broker.port, lab.context()) as tap:
        ... clients connect to tap.port with --cafile lab.ca ...
        tap.shaken[0]["version"]                 # how they shook hands

All is made while a test runs, by openssl(1): nothing here expires.
"""

import pathlib
import select
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading

from harness import TIMEOUT_S, BrokerCase
from tap import Tap, shut

EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl(*command):
    done = subprocess.run(["openssl", *map(str, command)],
                          capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {command}:\n{done.stderr}"
    return done.stdout


class Lab:
    """A CA, and what it signs; `ca` is its certificate."""

    def __init__(self, name="lab"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mogi-lab-"))
        self.folder.chmod(0o755)  # mosquitto reads it as another user
        self.ca = self.folder / "ca.crt"
        self.count = 0
        openssl("req", "-x509", *EC, "-days", 30, "-subj", f"/CN={name} CA",
                "-keyout", self.folder / "ca.key", "-out", self.ca)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def issue(self, name, *extensions, days=20):
        """Sign a certificate; return its file and its key's."""
        self.count += 1
        base = self.folder / f"{self.count}-{name or 'none'}"
        cert, key, request, lines = (
            base.with_suffix(end) for end in (".crt", ".key", ".csr", ".ext"))
        lines.write_text("\n".join(extensions) + "\n")
        openssl("req", *EC, "-subj", f"/CN={name}", "-keyout", key,
                "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                self.folder / "ca.key", "-CAcreateserial", "-days", days,
                "-extfile", lines, "-out", cert)
        key.chmod(0o644)
        return cert, key

    def server(self, *hosts, name="server", days=20):
        kinds = [("IP:" if host[0].isdigit() or ":" in host else "DNS:") + host
                 for host in hosts]
        return self.issue(name, "subjectAltName=" + ",".join(kinds), days=days)

    def client(self, name, days=20):
        return self.issue(name, "extendedKeyUsage=clientAuth", days=days)

    def context(self, pair=None, client_ca=None):
        """A server's side of TLS; with `client_ca` it wants certificates."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(pair or self.server("localhost",
                                                      "127.0.0.1")))
        if client_ca:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


class LabCase(BrokerCase):
    """A plain broker, and a CA."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lab = Lab()

    @classmethod
    def tearDownClass(cls):
        cls.lab.close()
        super().tearDownClass()


class TlsTap(Tap):
    """A tap that speaks TLS with clients, and plain MQTT with the broker."""

    def __init__(self, broker_port, context):
        super().__init__(broker_port)
        self.context = context
        self.context.sni_callback = self.on_name
        self.shaken = []  # a dict for each client
        self.failed = []  # an exception for each that did not get so far
        self.names = {}

    def on_name(self, client, name, _):
        self.names[client] = name

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with self.changed:
                self.pumps += 1
            threading.Thread(target=self.serve, args=(client,),
                             daemon=True).start()

    def serve(self, plain):
        client = plain
        try:
            plain.settimeout(TIMEOUT_S)
            client = self.context.wrap_socket(plain, server_side=True)
            self.sockets.append(client)
            self.relay(client)
        except (OSError, ValueError) as error:  # TLS; cut meanwhile
            self.failed.append(error)
        shut(client)
        with self.changed:
            self.pumps -= 1
            self.changed.notify_all()

    def relay(self, client):
        peer = client.getpeercert() or {}
        names = [dict(part).get("commonName")
                 for part in peer.get("subject", ())]
        with self.changed:
            self.shaken.append({
                "version": client.version(), "reused": client.session_reused,
                "alpn": client.selected_alpn_protocol(),
                "cipher": client.cipher()[0],
                "name": self.names.get(client),
                "peer": names[0] if names else None})
            self.changed.notify_all()
        broker = socket.create_connection(("127.0.0.1", self.broker_port))
        self.sockets.append(broker)
        version = [4]
        buffers = {client: bytearray(), broker: bytearray()}
        while True:
            if not client.pending():
                ready = select.select([client, broker], [], [])[0]
            else:
                ready = [client]
            for source in ready:
                target = broker if source is client else client
                seen = (self.to_broker if source is client
                        else self.to_client)
                data = source.recv(1 << 16)
                if not data:
                    shut(broker)
                    return
                buffers[source] += data
                self.note(buffers[source], seen, version)
                target.sendall(data)

    def wait_shaken(self, count):
        with self.changed:
            came = self.changed.wait_for(
                lambda: len(self.shaken) >= count, TIMEOUT_S)
        assert came, f"not {count} handshakes: {self.shaken} {self.failed}"

    def cut(self):
        """As if the network had gone: all connections end."""
        for end in self.sockets:
            shut(end)
        self.sockets.clear()
