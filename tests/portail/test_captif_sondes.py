"""What every system asks by itself, before and after a person pressed *Continuer*, and whether it believes us."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pirogue_portail.captif import sondes
from pirogue_portail.captif.sondes import METHODES, Sonde, SondesIllisibles
from portail.captif_essai import AFI, BASE, Recu, Repondeur

TABLE = sondes.lire()
VARIANTES: dict[str, Callable[[str], str]] = {
    "tel quel": lambda hote: hote,
    "majuscules": str.upper,
    "port": lambda hote: f"{hote}:80",
    "point": lambda hote: f"{hote}.",
    "point et port": lambda hote: f"{hote.title()}.:80",
    "deux points": lambda hote: f"{hote}..",
}
UUID = "3f2c1a9e-77aa-4d0e-9f11-0d5e6f7a8b9c"
APPLE = b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
CANONIQUE = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'
KINDLE = b"81ce4465-7167-4dcb-835b-dcc9e44c112a"


def chemin_de(sonde: Sonde) -> str:
    """Return a path that this line speaks of."""
    if sonde.chemin == "*":
        return "/library/n-importe/quoi.html"
    return sonde.chemin.replace("*", UUID)


def est_renvoye(recu: Recu) -> bool:
    """Say whether a system is sent to the portal in the way that all of them understand."""
    return (
        recu.statut == 302
        and recu.entetes["Location"] == f"{BASE}bienvenue"
        and recu.entetes["Cache-Control"] == "no-store"
        and int(recu.entetes["Content-Length"]) > 4
    )


@pytest.fixture
def repondeur(tmp_path: Path) -> Repondeur:
    """The responder of a box without root's helper: a device is its address."""
    return Repondeur(tmp_path)


@pytest.mark.parametrize("methode", METHODES)
@pytest.mark.parametrize("sonde", TABLE.sondes, ids=lambda sonde: f"{sonde.hote}{sonde.chemin}")
def test_each_probe_meets_the_portal_then_hears_exactly_what_it_wants(
    repondeur: Repondeur, sonde: Sonde, methode: str
) -> None:
    """Whatever the spelling of the name and the verb: sent to the portal before, the exact bytes after."""
    chemin = chemin_de(sonde)
    avant = [repondeur.demander(faire(sonde.hote), chemin, methode=methode) for faire in VARIANTES.values()]
    repondeur.accueillir(AFI)
    apres = [repondeur.demander(faire(sonde.hote), f"{chemin}?ipv4", methode=methode) for faire in VARIANTES.values()]

    assert all(est_renvoye(recu) for recu in avant)
    if sonde.reponse is None:
        assert all(est_renvoye(recu) for recu in apres)
        return
    attendu = b"".join(sonde.reponse.corps)
    for recu in apres:
        assert recu.statut == int(sonde.reponse.statut[:3])
        assert recu.corps == (b"" if methode == "HEAD" else attendu)
        assert recu.entetes.get("Content-Length", "0") == str(len(attendu))
        assert recu.entetes["Cache-Control"] == "no-store"


def apple(recu: Recu) -> bool:
    """Judge as iOS and macOS do."""
    return recu.statut == 200 and recu.corps == APPLE


def vide_204(recu: Recu) -> bool:
    """Judge as Android does: 204, and nothing else (AOSP, CaptivePortalProbeResult)."""
    return recu.statut == 204 and recu.corps == b""


def chrome(recu: Recu) -> bool:
    """Judge as Chrome does: 204, or an empty 200."""
    return recu.statut in (200, 204) and recu.corps == b""


def exactement(corps: bytes) -> Callable[[Recu], bool]:
    """Judge as Windows and Firefox do: octet for octet."""
    return lambda recu: recu.statut == 200 and recu.corps == corps


def networkmanager(debut: bytes) -> Callable[[Recu], bool]:
    """Judge as nm-connectivity.c does: the header, or the beginning of the body."""
    return lambda recu: (
        recu.entetes.get("X-NetworkManager-Status") == "online"
        or (recu.statut == 204 and not debut)
        or (recu.statut == 200 and bool(debut) and recu.corps.startswith(debut))
    )


def kindle(recu: Recu) -> bool:
    """Judge as Amazon's devices do: the page holds a number."""
    return recu.statut == 200 and KINDLE in recu.corps


NM = b"NetworkManager is online"
#: The twenty probes on which Offspot, ConnectBox and IIAB were measured (14, 9 and 5 accepted).
VINGT: tuple[tuple[str, str, Callable[[Recu], bool]], ...] = (
    ("captive.apple.com", "/hotspot-detect.html", apple),
    ("www.apple.com", "/library/test/success.html", apple),
    ("connectivitycheck.gstatic.com", "/generate_204", vide_204),
    ("connectivitycheck.gstatic.com", "/generate_204?x11", vide_204),
    ("www.google.com", "/gen_204", vide_204),
    ("play.googleapis.com", "/generate_204", vide_204),
    ("www.gstatic.com", "/generate_204", chrome),
    ("connectivitycheck.platform.hicloud.com", f"/generate_204_{UUID}", vide_204),
    ("connect.rom.miui.com", "/generate_204", vide_204),
    ("www.msftconnecttest.com", "/connecttest.txt", exactement(b"Microsoft Connect Test")),
    ("www.msftncsi.com", "/ncsi.txt", exactement(b"Microsoft NCSI")),
    ("detectportal.firefox.com", "/canonical.html", exactement(CANONIQUE)),
    ("detectportal.firefox.com", "/success.txt?ipv4", exactement(b"success\n")),
    ("nmcheck.gnome.org", "/check_network_status.txt", networkmanager(NM)),
    ("network-test.debian.org", "/nm", networkmanager(NM)),
    ("connectivity-check.ubuntu.com.", "/", networkmanager(b"")),
    ("fedoraproject.org", "/static/hotspot.txt", networkmanager(b"OK")),
    ("ping.archlinux.org", "/nm-check.txt", networkmanager(NM)),
    ("networkcheck.kde.org", "/", networkmanager(b"OK")),
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", kindle),
)


def test_twenty_systems_out_of_twenty_raise_the_portal_then_believe_it(repondeur: Repondeur) -> None:
    """Each judged by its own rule, as the peers were."""
    leves = [not juge(recu) and est_renvoye(recu) for recu, juge in _passer(repondeur)]
    repondeur.accueillir(AFI)
    crus = [juge(recu) for recu, juge in _passer(repondeur)]

    assert len(VINGT) == 20
    assert all(leves)
    assert all(crus)


def _passer(repondeur: Repondeur) -> list[tuple[Recu, Callable[[Recu], bool]]]:
    return [(repondeur.demander(hote, chemin), juge) for hote, chemin, juge in VINGT]


@pytest.mark.parametrize(
    ("hote", "chemin"),
    [
        ("www.msftconnecttest.com", "/redirect"),
        ("connectivitycheck.gstatic.com", "/"),
        ("connectivitycheck.gstatic.com", "/generate_204/"),
        ("connectivitycheck.gstatic.com", "/generate_204_x"),
        ("exemple-quelconque.org", "/generate_204"),
        ("evil-captive.apple.com.evil.org", "/hotspot-detect.html"),
        ("", "/generate_204"),
        ("::1", "/"),
        ("[fe80::1]:80", "/generate_204"),
        ("pirogue.internal", "/formateur/"),
        ("\x00\xff\xfe.com", "/\xe9\x00"),
        ("x" * 9000, "/"),
        ("." * 300, "/generate_204"),
    ],
)
def test_a_greeted_laptop_that_asks_for_something_else_meets_the_portal(
    repondeur: Repondeur, hote: str, chemin: str
) -> None:
    """Only what is in the table is answered: a page of the Internet is never imitated."""
    repondeur.accueillir(AFI)

    recu = repondeur.demander(hote, chemin)

    assert est_renvoye(recu)


def test_a_whole_address_on_the_first_line_wins_over_the_host_header(repondeur: Repondeur) -> None:
    """A laptop told of a proxy asks for `http://name/path`; RFC 9112 says which name counts."""
    repondeur.accueillir(AFI)

    recu = repondeur.demander("autre.org", "HTTP://Captive.Apple.com.:80/hotspot-detect.html?x=1")

    assert apple(recu)


def test_whatever_octets_come_the_laptop_gets_an_answer(repondeur: Repondeur) -> None:
    """Ten thousand absurd requests, each one sent to the portal or given a known answer."""
    hasard = random.Random(4)
    hotes = [sonde.hote for sonde in TABLE.sondes]
    permis = {200, 204, 302}
    repondeur.accueillir(AFI)

    for _ in range(10_000):
        bruit = hasard.randbytes(hasard.randrange(40)).decode("latin-1")
        hote = hasard.choice(hotes)[: hasard.randrange(1, 40)] + bruit
        cible = hasard.choice(["/", "http://", "*", ""]) + hasard.choice(["generate_204", "", bruit]) + bruit

        assert repondeur.demander(hote, cible, methode=hasard.choice(["GET", "HEAD", "POST", "BREW"])).statut in permis


@pytest.mark.parametrize(
    ("abime", "dit"),
    [
        (lambda texte: texte[: len(texte) // 2].rsplit(",", 3)[0], "ligne"),
        (lambda texte: texte.replace(",204,", ",299,", 1), "statut impossible"),
        (lambda texte: texte.replace("captive.apple.com", "captive apple com", 1), "nom d'hôte impossible"),
        (lambda texte: texte.replace("GET", "BREW", 1), "méthode inconnue"),
        (lambda texte: texte.replace("/ncsi.txt", "ncsi.txt", 1), "chemin impossible"),
        (lambda texte: texte.replace(",Microsoft NCSI,", ",,", 1), "un corps"),
        (lambda texte: texte.replace("Content-Type: ", "Content-Type", 1), "en-tête impossible"),
        (lambda texte: texte + texte.splitlines()[-1] + "\n", "deux fois"),
        (lambda texte: texte.replace("systeme,", "os,", 1), "colonne"),
        (lambda texte: texte.splitlines()[0] + "\n", "vide"),
        (lambda texte: texte.replace("é", "\udce9"), "illisible"),
    ],
)
def test_a_damaged_table_stops_the_start_with_a_sentence(tmp_path: Path, abime: Callable[[str], str], dit: str) -> None:
    """Half a table would leave half the laptops without a page, and nobody would know which."""
    bon = Path(sondes.__file__).with_name("sondes.csv").read_text(encoding="utf-8")
    fichier = tmp_path / "sondes.csv"
    fichier.write_bytes(abime(bon).encode(errors="surrogateescape"))

    with pytest.raises(SondesIllisibles, match=dit):
        sondes.lire(fichier)
