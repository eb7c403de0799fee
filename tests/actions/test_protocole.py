"""One line each way: whatever comes in, the helper answers, runs nothing that was not asked, and stays."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

AFI, MAC_AFI = "10.10.10.23", "02:00:00:00:00:23"
VALIDE = json.dumps({"acte": "voisin", "ip": AFI}).encode() + b"\n"
VIVANT = {"rendu": MAC_AFI}
VALEURS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=40),
    lambda dedans: st.lists(dedans, max_size=3) | st.dictionaries(st.text(max_size=8), dedans, max_size=3),
    max_leaves=6,
)
ACTES = st.sampled_from(["voisin", "voisins", "accorder", "retirer", "acces", "lien", "stations"])
HOSTILES = st.sampled_from(
    ["$(reboot)", "; reboot", "-f /etc/shadow", "10.10.10.23 }; flush ruleset", "10.10.10.23\n", "../../etc", "\ud800"]
)
SANS_PITIE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


def lire(lien: socket.socket) -> dict[str, Any]:
    """Read the one line that comes back."""
    with lien.makefile("rb") as flux:
        lu: dict[str, Any] = json.loads(flux.readline())
    return lu


@SANS_PITIE
@given(octets=st.binary(max_size=5000))
def test_arbitrary_octets_never_kill_it_and_never_run_anything(aide: Any, octets: bytes) -> None:
    """Noise is refused with a sentence; the next good request is served."""
    avant = len(aide.programmes())
    rendu = aide.dire(octets)

    assert list(rendu) == ["refus"]
    assert len(aide.programmes()) == avant
    assert aide.dire(VALIDE) == VIVANT


@SANS_PITIE
@given(
    acte=ACTES,
    arguments=st.dictionaries(
        st.sampled_from(["ip", "duree_s", "octets", "mac", "interface"]), VALEURS | HOSTILES, min_size=1
    ),
)
def test_a_well_formed_request_with_wild_arguments_runs_nothing(
    aide: Any, acte: str, arguments: dict[str, Any]
) -> None:
    """Each argument has its own check, and an act takes exactly its own."""
    avant = len(aide.programmes())
    rendu = aide.dire(json.dumps({"acte": acte, **arguments}).encode() + b"\n")

    assert list(rendu) == ["refus"]
    assert len(aide.programmes()) == avant


@pytest.mark.parametrize(
    "ligne", [b"[" * 4000 + b"\n", b'{"acte":' * 400 + b"\n", b'{"acte": 1e999}\n', b"9" * 4000 + b"\n"]
)
def test_json_made_to_exhaust_a_reader_is_refused(aide: Any, ligne: bytes) -> None:
    """Thousands of brackets, a number of thousands of digits."""
    assert "refus" in aide.dire(ligne)
    assert aide.dire(VALIDE) == VIVANT


def test_a_line_of_exactly_the_limit_is_read_and_one_more_octet_is_not(aide: Any) -> None:
    """4096 octets with the end of line."""
    blancs = b" " * (4096 - len(VALIDE))

    assert aide.dire(blancs + VALIDE) == VIVANT
    assert "longue" in aide.dire(b" " + blancs + VALIDE)["refus"]


def test_a_line_cut_short_is_not_obeyed(aide: Any, salle: Any) -> None:
    """The caller died in the middle: half an order is no order."""
    demande = json.dumps({"acte": "accorder", "ip": AFI, "duree_s": 600, "octets": 1_000_000}).encode()

    assert "coupée" in aide.dire(demande)["refus"]
    assert "poste_" not in salle.lancer("nft", "list", "ruleset")


def test_a_slow_caller_is_let_go_after_two_seconds_and_holds_nobody(aide: Any) -> None:
    """One octet at a time: another is served meanwhile, and the slow one is told."""
    with aide.brancher() as lent:
        debut = time.monotonic()
        lent.sendall(b'{"acte"')
        autre = aide.dire(VALIDE)
        servi_s = time.monotonic() - debut
        rendu = lire(lent)
        lache_s = time.monotonic() - debut

    assert autre == VIVANT
    assert "à temps" in rendu["refus"]
    assert servi_s < lache_s
    assert lache_s >= 1.9


def test_one_octet_at_a_time_does_not_win_more_time(aide: Any) -> None:
    """The two seconds are for the line, not for each octet of it."""
    with aide.brancher() as lent:
        lent.settimeout(0.05)
        envoyes, recu = 0, b""
        while not recu and envoyes < 200:
            try:
                lent.sendall(b" ")
                envoyes += 1
                recu = lent.recv(4096)
            except TimeoutError:
                continue
            except BrokenPipeError:
                recu = lent.recv(4096)

    assert "refus" in json.loads(recu)
    assert envoyes < 100


def test_a_caller_who_holds_every_connection_does_not_shut_out_another(aide: Any) -> None:
    """Eight for each user; the ninth is told at once, and another user is served."""
    tenus = [aide.brancher() for _ in range(8)]
    try:
        refuse = aide.dire(VALIDE)
        autre = aide.demander("voisin", ip=AFI, uid=64002)
    finally:
        for lien in tenus:
            lien.close()

    assert "Trop" in refuse["refus"]
    assert autre == VIVANT


def test_a_caller_who_leaves_before_the_answer_is_no_fault(aide: Any) -> None:
    """A browser's tab is closed, its worker killed."""
    for _ in range(50):
        with aide.brancher() as lien:
            lien.sendall(VALIDE)

    assert aide.demander("voisin", ip=AFI, uid=64002) == VIVANT


def test_one_connection_is_one_request(aide: Any) -> None:
    """A second line on the same connection is not read."""
    with aide.brancher() as lien:
        lien.sendall(VALIDE + VALIDE)
        with lien.makefile("rb") as flux:
            lignes = flux.read().splitlines()

    assert [json.loads(ligne) for ligne in lignes] == [VIVANT]


def lancer_par_sa_prise(prise: socket.socket, *options: str) -> "subprocess.Popen[bytes]":
    """Start the helper as systemd does: descriptor 3, LISTEN_PID its own."""
    code = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
        "os.execv(sys.executable, [sys.executable, '-m', 'pirogue_actions', *sys.argv[2:]])"
    )
    mots = [sys.executable, "-c", code, str(prise.fileno()), *options]
    return subprocess.Popen(mots, pass_fds=[prise.fileno()])


def test_killed_and_started_by_its_socket_it_loses_no_request() -> None:
    """The socket is systemd's: who asks while the helper is away is answered by the next one."""
    with tempfile.TemporaryDirectory() as dossier, socket.socket(socket.AF_UNIX) as prise:
        chemin = str(Path(dossier) / "actions.sock")
        prise.bind(chemin)
        prise.listen()
        rendus = []
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as lien:
                lien.settimeout(20)
                lien.connect(chemin)
                lien.sendall(b'{"acte": "voisin", "ip": "10.10.10.77"}\n')
                with lancer_par_sa_prise(prise, "--portail", "root") as processus:
                    rendus.append(lire(lien))
                    processus.kill()

    assert rendus == [{"rendu": None}] * 2


def test_without_a_socket_of_any_kind_it_says_what_it_needs() -> None:
    """Started by hand, without a word."""
    fait = subprocess.run([sys.executable, "-m", "pirogue_actions"], capture_output=True, text=True, check=False)

    assert fait.returncode == 1
    assert "--prise" in fait.stderr


def test_a_user_that_does_not_exist_stops_it_at_once() -> None:
    """A misspelt user would silently be nobody."""
    mots = [sys.executable, "-m", "pirogue_actions", "--prise", os.devnull, "--portail", "pirogue-portial"]
    fait = subprocess.run(mots, capture_output=True, text=True, check=False)

    assert fait.returncode == 1
    assert "pirogue-portial n'existe pas" in fait.stderr
