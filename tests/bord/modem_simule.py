"""A GSM modem of a few words, behind a local socket whose name is abstract: ModemManager takes it for a serial port."""

import socket
import sys

#: Question → answer; what ends in `?` and is not here is not known, everything else is done.
REPONSES = {
    "AT+GCAP": "+GCAP: +CGSM,+DS,+ES",
    "AT+CGMI": "Pirogue",
    "AT+CGMM": "Essai",
    "AT+CGSN": "353273090023411",
    "AT+CPIN?": "+CPIN: READY",
    "AT+CIMI": "616031234567890",
    "AT+CFUN?": "+CFUN: 1",
    "AT+COPS?": '+COPS: 0,0,"MTN Benin",2',
    "AT+CREG=?": "+CREG: (0-2)",
    "AT+CGREG=?": "+CGREG: (0-2)",
    "AT+CREG?": '+CREG: 2,1,"0065","0000A1B2",2',
    "AT+CGREG?": '+CGREG: 2,1,"0065","0000A1B2",2',
    "AT+CCLK?": '+CCLK: "25/03/04,08:00:00+04"',
    "AT+CSCS=?": '+CSCS: ("UCS2","IRA","GSM")',
    "AT+CIND=?": '+CIND: ("signal",(0-5)),("service",(0-1))',
    "AT+CIND?": "+CIND: 4,1",
}


def repondre(question: str) -> bytes:
    """Answer one line."""
    if question in REPONSES:
        return f"\r\n{REPONSES[question]}\r\n\r\nOK\r\n".encode()
    return b"\r\nERROR\r\n" if question.endswith("?") else b"\r\nOK\r\n"


def parler(lien: socket.socket) -> None:
    """Answer whoever opened the port, until it is closed."""
    reste = b""
    while lu := lien.recv(4096):
        *lignes, reste = (reste + lu).split(b"\r")
        for ligne in filter(None, (une.strip() for une in lignes)):
            lien.sendall(repondre(ligne.decode()))


def main() -> None:
    """Be a modem at the port of this name."""
    with socket.socket(socket.AF_UNIX) as port:
        port.bind("\0" + sys.argv[1])
        port.listen()
        sys.stdout.write("pret\n")
        sys.stdout.flush()
        while True:
            with port.accept()[0] as lien:
                parler(lien)


if __name__ == "__main__":
    main()
