"""The real front server before the real responder and the real portal: liars, slow visitors, a portal that is away."""

import contextlib
import random
import re
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pirogue_portail.captif import sondes
from portail.captif_essai import BASE, Facade, attendre, facade

WINDOWS = ("www.msftconnecttest.com", "/connecttest.txt")
NOUVEAU, ACCUEILLI = "127.0.0.9", "127.0.0.8"


@pytest.fixture(scope="module")
def boite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facade]:
    """The front server, the responder and the portal of one box; the laptop at ACCUEILLI was greeted."""
    with facade(tmp_path_factory.mktemp("facade"), portail=True) as prete:
        prete.accueillir(ACCUEILLI)
        yield prete


@pytest.fixture
def seule(tmp_path: Path) -> Iterator[Facade]:
    """The front server and the responder, while the portal is away."""
    with facade(tmp_path / "boite") as prete:
        yield prete


@pytest.mark.parametrize("methode", sondes.METHODES)
@pytest.mark.parametrize("ecriture", ["{}", "{}:80", "{}.", "{}.:80"])
def test_probes_pass_the_front_server_unchanged(boite: Facade, methode: str, ecriture: str) -> None:
    """Every line of the table, before and after: same status, same bytes as the responder's own."""
    for sonde in random.Random(methode + ecriture).sample(sondes.lire().sondes, 12):
        hote, chemin = (
            ecriture.format(sonde.hote.upper()),
            sonde.chemin.replace("*", "x" if "_" in sonde.chemin else "/x"),
        )
        corps = "a=1" if methode == "POST" else None
        avant = boite.demander(hote, chemin, methode=methode, ip=NOUVEAU, corps=corps)
        apres = boite.demander(hote, chemin, methode=methode, ip=ACCUEILLI, corps=corps)

        assert avant.statut == 302
        assert avant.entetes["Location"] == f"{BASE}bienvenue"
        if sonde.reponse is None:
            assert apres.statut == 302
            continue
        assert apres.statut == int(sonde.reponse.statut[:3])
        assert apres.corps == (b"" if methode == "HEAD" else b"".join(sonde.reponse.corps))
        assert set(sonde.reponse.entetes) <= set(apres.entetes.items())


def test_a_laptop_that_presses_the_button_is_believed_by_its_next_probe(boite: Facade) -> None:
    """The whole way of one laptop: probe, portal, button, probe."""
    ip = "127.0.0.31"
    avant = boite.demander(*WINDOWS, ip=ip)
    page = boite.demander("pirogue.internal", "/bienvenue", ip=ip)
    bouton = boite.demander("pirogue.internal", "/continuer", methode="POST", corps="", ip=ip)
    apres = boite.demander(*WINDOWS, ip=ip)

    assert (avant.statut, avant.entetes["Location"]) == (302, f"{BASE}bienvenue")
    assert page.statut == 200
    assert bouton.statut == 303
    assert (apres.statut, apres.corps) == (200, b"Microsoft Connect Test")


def test_fedora_finds_its_file_and_not_the_portals_static_folder(boite: Facade) -> None:
    """`/static/hotspot.txt` is a probe under Fedora's name, and nothing under ours."""
    fedora = boite.demander("fedoraproject.org", "/static/hotspot.txt", ip=ACCUEILLI)
    chez_nous = boite.demander("pirogue.internal", "/static/hotspot.txt", ip=ACCUEILLI)

    assert (fedora.statut, fedora.corps) == (200, b"OK")
    assert chez_nous.statut == 404


@pytest.mark.parametrize(
    "hote", ["captive.apple.com", "www.google.com", "pirogue.internal.evil.org", "198.51.100.1", "x"]
)
@pytest.mark.parametrize(
    "chemin", ["/formateur/", "/formateur/aujourdhui", "//formateur/", "/%66ormateur/", "/x/../formateur/"]
)
def test_trainers_pages_are_not_reachable_under_a_captured_name(boite: Facade, hote: str, chemin: str) -> None:
    """A page of another site must not be able to speak to the trainers' pages under its own name."""
    for methode in ("GET", "POST"):
        recu = boite.demander(
            hote, chemin, methode=methode, ip=ACCUEILLI, corps="pin=246810" if methode == "POST" else None
        )

        assert b"formateur" not in recu.corps.lower()
        assert "Set-Cookie" not in recu.entetes
        if recu.statut == 302:
            assert recu.entetes["Location"] == f"{BASE}bienvenue"
        else:
            assert (hote, recu.statut) == ("captive.apple.com", 200)


def test_a_laptop_that_lies_about_who_it_is_gains_nothing(boite: Facade) -> None:
    """Forged addresses in every header that a server was ever known to believe."""
    noms = (
        "X-Real-IP",
        "X_Real_IP",
        "X-Forwarded-For",
        "Forwarded",
        "X-Client-IP",
        "True-Client-IP",
        "X-Forwarded-Host",
    )
    mensonges = {nom: f"for={ACCUEILLI}" if nom == "Forwarded" else ACCUEILLI for nom in noms}

    assert boite.demander(*WINDOWS, ip=NOUVEAU, entetes=mensonges).statut == 302
    assert boite.demander(*WINDOWS, ip=ACCUEILLI, entetes=dict.fromkeys(noms, NOUVEAU)).statut == 200
    assert boite.demander("x.org", "/captif", ip=NOUVEAU, entetes={"X-Pirogue-Tls": "x.org"}).statut == 302


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a b\x00\r\n\r\n",
        b"GET /generate_204 HTTP/1.0\r\n\r\n",
        b"GET http://captive.apple.com/x HTTP/1.1\r\nHost: pirogue.internal\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: " + b"x" * 3000 + b"\r\n\r\n",
        b"GET /" + b"y" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /generate_204 HTTP/1.1\r\nHost: www.gstatic.com\r\nContent-Length: 99999999\r\n\r\n",
    ],
)
def test_odd_first_lines_lead_to_the_portal_too(boite: Facade, octets: bytes) -> None:
    """No name, two names, an impossible name, a name too long: a page, never an error of the server."""
    with socket.create_connection(("127.0.0.1", boite.port), timeout=15) as lien:
        lien.sendall(octets)
        recu = lien.recv(4096)

    assert recu.startswith(b"HTTP/1.1 302 ")
    assert f"Location: {BASE}bienvenue".encode() in recu


def test_while_the_portal_is_away_people_see_a_page_that_comes_back_by_itself(seule: Facade) -> None:
    """In French, not kept, asked again after three seconds; probes go on."""
    page = seule.demander("pirogue.internal", "/")

    assert page.statut == 503
    assert page.entetes["Retry-After"] == "3"
    assert page.entetes["Cache-Control"] == "no-store"
    assert "Cette page revient toute seule" in page.corps.decode()
    assert b'http-equiv="refresh"' in page.corps
    assert seule.demander(*WINDOWS).statut == 302


def test_while_the_responder_is_away_every_name_leads_to_the_portal(seule: Facade) -> None:
    """The one answer that is never wrong."""
    seule.processus["captif"].terminate()
    seule.processus["captif"].wait(20)
    recu = seule.demander(*WINDOWS)

    assert recu.statut == 302
    assert recu.entetes["Location"] == f"{BASE}bienvenue"
    assert recu.entetes["Cache-Control"] == "no-store"


def test_two_hundred_visitors_who_dribble_do_not_slow_a_laptop(boite: Facade) -> None:
    """Half-said requests are held by the front server alone; Afi's probe is answered between two of their letters."""
    lents = [socket.create_connection(("127.0.0.1", boite.port)) for _ in range(200)]
    with contextlib.ExitStack() as pile:
        for lent in lents:
            pile.enter_context(lent)
            lent.sendall(b"GET / HTTP/1.1\r\nHost: captive.apple.com\r\nX-Lent: ")
        statuts = []
        for _ in range(20):
            for lent in lents:
                lent.sendall(b"x")
            debut = time.monotonic()
            statuts.append(boite.demander(*WINDOWS, ip=ACCUEILLI).statut)
            assert time.monotonic() - debut < 2, "a class of thirty must be served in less than this"

    assert statuts == [200] * 20


def test_who_never_ends_a_request_is_shown_out(boite: Facade) -> None:
    """A connection that says nothing whole within ten seconds is taken back."""
    with socket.create_connection(("127.0.0.1", boite.port), timeout=30) as lent:
        lent.sendall(b"GET / HTTP/1.1\r\nHost: x.org\r\nX-Lent: ")
        try:
            fin = lent.recv(4096)
        except ConnectionResetError:
            fin = b""

    assert fin == b""


def pss_ko(processus: subprocess.Popen[bytes]) -> int:
    """Return the memory of a process and its children, kB, shared pages counted once."""
    racine = psutil.Process(processus.pid)
    tous = [racine, *racine.children(recursive=True)]
    return sum(int(un.memory_full_info().pss) for un in tous) // 1024


def test_ten_thousand_random_visitors_leave_the_responders_memory_as_it_was(seule: Facade) -> None:
    """Random addresses, names, paths, agents; 40 MB are never passed."""
    hasard = random.Random(5)
    prise = str(seule.dossier / "prises" / "captif.sock")

    def frapper(combien: int) -> None:
        for _ in range(combien):
            ip = ".".join(str(hasard.randrange(256)) for _ in range(4))
            hote = hasard.choice(["captive.apple.com", "www.gstatic.com", f"{hasard.randbytes(8).hex()}.com"])
            chemin = hasard.choice(["/generate_204", "/hotspot-detect.html", f"/{hasard.randbytes(30).hex()}"])
            with socket.socket(socket.AF_UNIX) as lien:
                lien.connect(prise)
                lien.sendall(f"GET {chemin} HTTP/1.0\r\nHost: {hote}\r\nX-Real-IP: {ip}\r\n\r\n".encode())
                assert lien.recv(4096).startswith(b"HTTP/1.0 302 ")

    frapper(2000)
    avant = pss_ko(seule.processus["captif"])
    frapper(10_000)
    apres = pss_ko(seule.processus["captif"])

    assert apres - avant < 1024
    assert apres < 40 * 1024


def test_a_probe_writes_nothing_to_any_disk(seule: Facade, tmp_path: Path) -> None:
    """Every file that the responder and the front server open while they answer: none of them for writing."""
    seule.accueillir("127.0.0.2")
    seule.demander(*WINDOWS)
    pids = [fils.pid for nom in ("captif", "nginx") for fils in psutil.Process(seule.processus[nom].pid).children()]
    trace = tmp_path / "trace"
    traceur = subprocess.Popen(
        ["strace", "-f", "-qq", "-y", "-e", "trace=%file,write,writev,pwrite64,pwritev,fsync,fdatasync,ftruncate",
         "-o", str(trace), *(mot for pid in pids for mot in ("-p", str(pid)))],
    )  # fmt: skip
    try:
        attendre(lambda: all(_est_suivi(pid) for pid in pids))
        statuts = {seule.demander(*WINDOWS).statut for _ in range(200)}
        statuts |= {seule.demander("captive.apple.com", "/", ip=NOUVEAU).statut for _ in range(200)}
    finally:
        traceur.send_signal(signal.SIGINT)
        traceur.wait(20)
    lignes = trace.read_text(encoding="utf-8", errors="replace").splitlines()
    ouverts = [
        ligne for ligne in lignes if re.search(r"O_(WRONLY|RDWR|CREAT)|unlink|rename|mkdir|fsync|truncate", ligne)
    ]
    ecrits = [
        ligne for ligne in lignes if re.search(r"\bp?writev?(64)?\(\d+<(?!socket:|UNIX|TCP|pipe:|anon_inode)", ligne)
    ]

    assert statuts == {200, 302}
    assert len(lignes) > 400
    assert ouverts == []
    assert ecrits == []


def _est_suivi(pid: int) -> bool:
    """Say whether a tracer holds a process."""
    return "TracerPid:\t0" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")


def ouvriers(boite: Facade) -> set[int]:
    """Return the process numbers of all who answer."""
    return {un.pid for chef in boite.processus.values() for un in psutil.Process(chef.pid).children(recursive=True)}


def test_a_visitor_who_leaves_without_listening_harms_nobody(boite: Facade) -> None:
    """Five hundred connections torn in the middle; the next probe is answered, by the same processes."""
    avant = ouvriers(boite)
    for _ in range(500):
        with socket.create_connection(("127.0.0.1", boite.port)) as lien:
            lien.sendall(b"GET /generate_204 HTTP/1.1\r\nHost: www.gstatic.com\r\n\r\n")
            lien.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert boite.demander(*WINDOWS, ip=ACCUEILLI).statut == 200
    assert ouvriers(boite) == avant
