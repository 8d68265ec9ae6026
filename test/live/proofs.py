"""What clients prove who they are with: keys and tokens, SCRAM, web servers.

Keys are made by openssl when a test runs, so that none is kept.
"""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import packets

METHOD, DATA = "authentication_method", "authentication_data"


def openssl(*arguments, input=None):
    return subprocess.run(["openssl", *arguments], input=input, check=True,
                          capture_output=True).stdout


def b64(data):
    """base64url without padding, as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """A key that signs tokens by `algorithm`, in `folder`."""

    KINDS = {
        "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "EdDSA": ["-algorithm", "ED25519"],
    }

    def __init__(self, folder, algorithm, name="key", kid=None):
        self.algorithm = algorithm
        self.kid = kid
        self.private = pathlib.Path(folder) / f"{name}-{algorithm}.private"
        self.public = self.private.with_suffix(".public")
        if algorithm == "HS256":
            self.secret = base64.b64encode(os.urandom(36))
            self.public.write_bytes(self.secret + b"\n")
            return
        self.private.write_bytes(openssl("genpkey", *self.KINDS[algorithm]))
        self.public.write_bytes(
            openssl("pkey", "-in", str(self.private), "-pubout"))

    def jwk(self):
        """The public half as a JSON Web Key."""
        if self.algorithm == "HS256":
            return {"kty": "oct", "kid": self.kid, "k": b64(self.secret)}
        der = openssl("pkey", "-in", str(self.private), "-pubout",
                      "-outform", "DER")
        if self.algorithm == "EdDSA":
            return {"kty": "OKP", "crv": "Ed25519", "kid": self.kid,
                    "x": b64(der[-32:])}
        if self.algorithm == "ES256":
            return {"kty": "EC", "crv": "P-256", "kid": self.kid,
                    "x": b64(der[-64:-32]), "y": b64(der[-32:])}
        text = openssl("rsa", "-in", str(self.private), "-noout", "-modulus")
        modulus = bytes.fromhex(text.decode().strip().partition("=")[2])
        return {"kty": "RSA", "kid": self.kid, "n": b64(modulus), "e": "AQAB"}

    def sign(self, text):
        if self.algorithm == "HS256":
            return hmac.digest(self.secret, text, "sha256")
        if self.algorithm == "EdDSA":
            with tempfile.NamedTemporaryFile() as message:
                message.write(text)
                message.flush()
                return openssl("pkeyutl", "-sign", "-rawin", "-inkey",
                               str(self.private), "-in", message.name)
        signed = openssl("dgst", "-sha256", "-sign", str(self.private),
                         input=text)
        if self.algorithm == "RS256":
            return signed
        # ES256: r and s, out of DER.  RFC 7518, 3.4
        size = signed[3]
        r, s = signed[4:4 + size], signed[6 + size:]
        return b"".join(int.from_bytes(n, "big").to_bytes(32, "big")
                        for n in (r, s))

    def token(self, user="anna", seconds=600, header=None, **claims):
        """A token for `user` that is good for `seconds` (None: for ever)."""
        head = {"alg": self.algorithm, "typ": "JWT"}
        if self.kid is not None:
            head["kid"] = self.kid
        head.update(header or {})
        if user is not None:
            claims.setdefault("sub", user)
        if seconds is not None:
            claims.setdefault("exp", int(time.time()) + seconds)
        parts = [b64(json.dumps(part).encode()) for part in (head, claims)]
        signature = self.sign(".".join(parts).encode())
        return ".".join(parts + [b64(signature)])


def auth(reason, method, data=None):
    """An AUTH packet.  MQTT 5.0, 3.15"""
    props = [(METHOD, method)]
    if data is not None:
        props.append((DATA, data))
    return packets.frame(packets.AUTH, 0,
                         bytes([reason]) + packets.properties(5, props))


class Scram:
    """The client's half of one conversation.  RFC 5802"""

    def __init__(self, name, user, password, nonce=None):
        self.name = name
        self.hash = "sha256" if name == "SCRAM-SHA-256" else "sha512"
        self.password = password.encode()
        self.nonce = nonce or base64.b64encode(os.urandom(12)).decode()
        escaped = user.replace("=", "=3D").replace(",", "=2C")
        self.bare = f"n={escaped},r={self.nonce}"

    def first(self):
        return "n,," + self.bare

    def last(self, challenge):
        challenge = challenge.decode()
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        assert fields["r"].startswith(self.nonce), challenge
        assert len(fields["r"]) > len(self.nonce) + 15, challenge
        salted = hashlib.pbkdf2_hmac(
            self.hash, self.password, base64.b64decode(fields["s"]),
            int(fields["i"]))
        client_key = hmac.digest(salted, b"Client Key", self.hash)
        stored = hashlib.new(self.hash, client_key).digest()
        unproven = f"c=biws,r={fields['r']}"
        said = ",".join((self.bare, challenge, unproven)).encode()
        signature = hmac.digest(stored, said, self.hash)
        proof = bytes(a ^ b for a, b in zip(client_key, signature))
        server_key = hmac.digest(salted, b"Server Key", self.hash)
        self.wanted = "v=" + base64.b64encode(
            hmac.digest(server_key, said, self.hash)).decode()
        return f"{unproven},p={base64.b64encode(proof).decode()}"

    def check(self, data):
        """The broker has proven itself too."""
        assert data.decode() == self.wanted, (data, self.wanted)


def scram_line(user, password, name="SCRAM-SHA-256", iterations=4096):
    """A line of a scram_file."""
    kind = "sha256" if name == "SCRAM-SHA-256" else "sha512"
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac(kind, password.encode(), salt, iterations)
    keys = [hashlib.new(kind, hmac.digest(salted, b"Client Key", kind)),
            hmac.new(salted, b"Server Key", kind)]
    stored, server = (base64.b64encode(k.digest()).decode() for k in keys)
    return (f"{user}:{name}${iterations}:{base64.b64encode(salt).decode()}"
            f"${stored}:{server}\n")


class WebServer:
    """A web server that says what `answer(path, headers, body)` returns: a
    status and a body, or a status, a body and headers."""

    def __init__(self, answer, certificate=None):
        self.questions = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size)
                outer.questions.append((self.path, dict(self.headers), body))
                status, text, *more = answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def process_request(self, request, address):
                self.open.add(request)
                super().process_request(request, address)

            def shutdown_request(self, request):
                self.open.discard(request)
                super().shutdown_request(request)

            request_queue_size = 128

            def handle_error(self, *_):
                """A client that went away is no news."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.open = set()
        scheme = "http"
        if certificate:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket,
                                                     server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{scheme}://127.0.0.1:{self.port}/mqtt/auth"
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       kwargs={"poll_interval": 0.02})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.thread:
            self.server.shutdown()
            self.server.server_close()
            self.thread.join()
            for connection in list(self.server.open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.thread = None
