"""The far end of the world under test: HTTP on several ports, an echo over UDP. Run in a namespace of its own."""

import http.server
import socket
import sys
import threading

#: Where the far end lives: addresses kept for documentation, outside every real network.
ADRESSE = "203.0.113.80"
PASSERELLE = "203.0.113.1"
BOITE = "203.0.113.2"
PORTS_HTTP = (80, 443, 853, 8080)
PORT_ECHO = 9999


class Page(http.server.BaseHTTPRequestHandler):
    """`GET /123` answers 123 octets; `POST` swallows what it is sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as many octets as the path says, eleven without a number."""
        nombre = self.path.strip("/")
        corps = b"x" * int(nombre) if nombre.isdigit() else b"le vrai net"
        self._repondre(corps)

    def do_POST(self) -> None:
        """Swallow the body."""
        reste = int(self.headers.get("Content-Length", 0))
        while reste > 0:
            reste -= len(self.rfile.read(min(reste, 65536))) or reste
        self._repondre(b"recu")

    def _repondre(self, corps: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(corps)))
        self.end_headers()
        self.wfile.write(corps)

    def log_message(self, *args: object) -> None:
        """Say nothing: a test reads what it got, not what was logged."""


class Serveur(http.server.ThreadingHTTPServer):
    """A client cut by the firewall is no news."""

    daemon_threads = True

    def handle_error(self, *args: object) -> None:
        """Say nothing."""


def repeter() -> None:
    """Send every datagram back."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as prise:
        prise.bind((ADRESSE, PORT_ECHO))
        while True:
            recu, qui = prise.recvfrom(2048)
            prise.sendto(recu, qui)


def main() -> None:
    """Serve until killed; say when ready."""
    serveurs = [Serveur((ADRESSE, port), Page) for port in PORTS_HTTP]
    for serveur in serveurs:
        threading.Thread(target=serveur.serve_forever, daemon=True).start()
    sys.stdout.write("pret\n")
    sys.stdout.flush()
    repeter()


if __name__ == "__main__":
    main()
