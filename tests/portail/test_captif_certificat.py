"""The public name: laptops hear of it only while its certificate is valid, at a date that the box is sure of."""

import contextlib
import json
import secrets
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from equipage import Horloge, preparer_bord
from pirogue_portail.captif import certificat
from pirogue_registre import ancres, base
from pirogue_socle.horloge import depuis_civil, en_civil, maintenant
from portail.captif_essai import Facade, attendre, commande, facade, port_libre
from reseau.rendu import rendre
from sync.certificats import Autorite, Certificat, signer_soi_meme

NOM = "bateau1.exemple.bj"
MIDI = depuis_civil(en_civil(maintenant().mur_ms).date(), "12:00")
JOUR_MS = certificat.MS_PAR_JOUR
SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
env > {fichier}
ip addr replace "$ip/$mask" dev "$interface"
"""


@pytest.fixture(scope="module")
def autorite(tmp_path_factory: pytest.TempPathFactory) -> Autorite:
    """An authority that laptops believe."""
    return Autorite(tmp_path_factory.mktemp("autorite") / "ca")


@dataclass
class Boite:
    """A box with a public name, its register, and what `pirogue portail certificat` says."""

    facade: Facade
    ca: Path
    tls: int

    @property
    def fichiers(self) -> set[str]:
        """What is offered."""
        return {un.name for un in (self.facade.dossier / "certificats").iterdir()} - {certificat.CHANGE}

    def dater(self, utc_ms: int) -> None:
        """Tell the box the date, as a shore's receipt does."""
        registre = base.ouvrir(self.facade.dossier / "donnees" / "registre")
        with contextlib.closing(registre.db):
            ancres.confirmer_date(registre, utc_ms=utc_ms, source="rive", instant=maintenant(), auteur="pirogue")

    def regarder(self) -> str:
        """Run the command, then do what its unit does when something changed."""
        dossier = self.facade.dossier
        mots = ["portail", "certificat", "--vers", str(dossier / "certificats"), "--ecoute", f"127.0.0.1:{self.tls}"]
        dit = subprocess.run(**commande(dossier, *mots), check=True, capture_output=True, text=True).stdout
        marque = dossier / "certificats" / certificat.CHANGE
        if marque.exists():
            self.facade.processus["nginx"].send_signal(signal.SIGHUP)
            marque.unlink()
            attendre(lambda: ecoute(self.tls) == (certificat.SITE in self.fichiers))
        return dit

    def demander(self, chemin: str) -> tuple[bytes, bytes]:
        """Ask over TLS, as a laptop that checks chain, name and date; return the head and the body."""
        confiance = ssl.create_default_context(cafile=self.ca)
        with (
            socket.create_connection(("127.0.0.1", self.tls), timeout=15) as lien,
            confiance.wrap_socket(lien, server_hostname=NOM) as prive,
        ):
            prive.sendall(f"GET {chemin} HTTP/1.0\r\nHost: {NOM}\r\nAccept: application/captive+json\r\n\r\n".encode())
            recu = b"".join(iter(lambda: prive.recv(65536), b""))
        tete, _, corps = recu.partition(b"\r\n\r\n")
        return tete, corps


def ecoute(port: int) -> bool:
    """Say whether somebody listens to TLS."""
    with socket.socket() as essai:
        return essai.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def boite(tmp_path: Path, autorite: Autorite) -> Iterator[Boite]:
    """A box that holds a certificate for thirty days, and was not told the date."""
    signe = autorite.signer(nom=NOM, debut=jour(-1), fin=jour(30))
    poser(tmp_path / "boite.pem", signe)
    base.fermer(preparer_bord(tmp_path / "b" / "donnees" / "registre", Horloge()).registre)
    reglages = {"portail_nom_public": NOM, "portail_certificat": str(tmp_path / "boite.pem")}
    with facade(tmp_path / "b", **reglages) as prete:
        yield Boite(prete, autorite.ca, port_libre())


def jour(ecart: int) -> str:
    """Return a day as openssl writes it, so many days from today."""
    return en_civil(MIDI + ecart * JOUR_MS).strftime("%Y%m%d")


def poser(ou: Path, signe: Certificat) -> None:
    """Put a certificate and its key where the box looks."""
    ou.write_bytes(signe.chaine.read_bytes())
    ou.with_suffix(".key").write_bytes(signe.cle.read_bytes())


def test_a_held_certificate_is_offered_and_the_api_answers_under_tls(boite: Boite) -> None:
    """The date is sure: name, option and API are there; a second look changes nothing."""
    boite.dater(MIDI)
    premier, second = boite.regarder(), boite.regarder()
    avant = boite.demander("/captif")
    boite.facade.accueillir("127.0.0.1")
    apres = boite.demander("/captif")
    ailleurs, _ = boite.demander("/formateur/")

    assert "Certificat tenu, encore 29 jours. Fichiers refaits." in premier
    assert "Rien à changer." in second
    assert boite.fichiers == {certificat.SITE, certificat.DHCP, certificat.HOTES}
    assert b"application/captive+json" in avant[0]
    assert json.loads(avant[1])["captive"] is True
    assert json.loads(avant[1])["user-portal-url"] == f"https://{NOM}/bienvenue"
    assert json.loads(apres[1])["captive"] is False
    assert 0 < json.loads(apres[1])["seconds-remaining"] <= 12 * 3600
    assert b"Location: http://pirogue.internal/formateur/" in ailleurs


def test_the_api_is_not_answered_in_the_clear(boite: Boite) -> None:
    """Same name, same path, no TLS, and a header that pretends: the portal."""
    boite.dater(MIDI)
    boite.regarder()

    assert boite.facade.demander(NOM, "/captif", entetes={"X-Pirogue-Tls": NOM}).statut == 302


def test_a_box_that_does_not_know_the_date_offers_nothing(boite: Boite) -> None:
    """The system's clock says today; nobody confirmed it since the boot."""
    dit = boite.regarder()

    assert "La date de la boîte n'est pas sûre" in dit
    assert boite.fichiers == set()
    assert not ecoute(boite.tls)


@pytest.mark.parametrize(("ecart_jours", "dit"), [(31, "fini"), (-3, "pas encore valide"), (400, "fini")])
def test_what_was_offered_is_taken_back_when_the_date_says_so(boite: Boite, ecart_jours: int, dit: str) -> None:
    """The system's clock still says today: the date that a shore signed counts."""
    boite.dater(MIDI)
    boite.regarder()
    avant = boite.fichiers, ecoute(boite.tls)
    boite.dater(MIDI + ecart_jours * JOUR_MS)
    phrase = boite.regarder()

    assert avant == ({certificat.SITE, certificat.DHCP, certificat.HOTES}, True)
    assert dit in phrase
    assert boite.fichiers == set()
    assert not ecoute(boite.tls)


def test_the_offer_ends_a_lease_before_the_certificate(tmp_path: Path, autorite: Autorite) -> None:
    """A laptop keeps the option until its lease is renewed: two hours."""
    poser(tmp_path / "boite.pem", autorite.signer(nom=NOM, fin=jour(2)))
    fin_ms = depuis_civil(en_civil(MIDI + 2 * JOUR_MS).date(), "01:00")

    assert certificat.juger(tmp_path / "boite.pem", NOM, utc_ms=fin_ms - 7_260_000).tenu
    assert not certificat.juger(tmp_path / "boite.pem", NOM, utc_ms=fin_ms - 7_140_000).tenu


def test_a_certificate_of_another_name_or_with_another_key_is_not_held(tmp_path: Path, autorite: Autorite) -> None:
    """Each says why; none raises."""
    piece = tmp_path / "boite.pem"
    poser(piece, autorite.signer(nom="autre.exemple.bj"))
    autre_nom = certificat.juger(piece, NOM, utc_ms=MIDI)
    etoile = autorite.signer(nom="*.exemple.bj")
    poser(piece, etoile)
    sous_etoile = certificat.juger(piece, NOM, utc_ms=MIDI)
    piece.with_suffix(".key").write_bytes(signer_soi_meme(tmp_path).cle.read_bytes())
    autre_cle = certificat.juger(piece, NOM, utc_ms=MIDI)
    piece.write_bytes(etoile.chaine.read_bytes()[:200])
    coupe = certificat.juger(piece, NOM, utc_ms=MIDI)

    assert not autre_nom.tenu
    assert NOM in autre_nom.phrase
    assert sous_etoile.tenu
    assert "La clé n'est pas celle" in autre_cle.phrase
    assert "illisible" in coupe.phrase
    assert "illisible" in certificat.juger(tmp_path / "rien.pem", NOM, utc_ms=MIDI).phrase
    assert "Pas de nom public" in certificat.juger(None, "", utc_ms=MIDI).phrase


@pytest.fixture
def salle(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Two network namespaces joined by a cable: the box's and a laptop's."""
    marque = secrets.token_hex(3)
    espaces = (f"pb{marque}", f"pp{marque}")
    with contextlib.ExitStack() as pile:
        for espace in espaces:
            ip("netns", "add", espace)
            pile.callback(ip, "netns", "del", espace)
        ip("-n", espaces[0], "link", "add", "ap0", "type", "veth", "peer", "name", "eth0", "netns", espaces[1])
        for mots in (("addr", "add", "10.10.10.10/24", "dev", "ap0"), ("link", "set", "ap0", "up")):
            ip("-n", espaces[0], *mots)
        ip("-n", espaces[1], "link", "set", "eth0", "up")
        yield espaces


def ip(*mots: str) -> None:
    """Run iproute2."""
    subprocess.run(["ip", *mots], check=True)


def louer(espace: str, dossier: Path) -> str:
    """Take a lease as a laptop that asks for option 114; return what it was told."""
    script, fichier = dossier / "bail.sh", dossier / "bail"
    script.write_text(SCRIPT.format(fichier=fichier), encoding="utf-8")
    script.chmod(0o755)
    client = [
        "busybox",
        "udhcpc",
        "-i",
        "eth0",
        "-s",
        str(script),
        "-n",
        "-q",
        "-f",
        "-t",
        "10",
        "-T",
        "1",
        "-O",
        "114",
    ]
    subprocess.run(["ip", "netns", "exec", espace, *client], check=True, capture_output=True)
    return fichier.read_text(encoding="utf-8")


def test_a_laptop_hears_option_114_from_the_real_dhcp_only_while_it_is_held(
    salle: tuple[str, str], tmp_path: Path
) -> None:
    """RFC 8910: offered, taken back, without a restart of the names; the name leads to the box."""
    offres = tmp_path / "offres"
    offres.mkdir()
    reglages = {
        "point_acces_interface": "ap0",
        "point_acces_memoire": str(tmp_path),
        "point_acces_options_dhcp": str(offres),
        "point_acces_uid_dnsmasq": "root",
    }
    rendre(tmp_path, "point_acces", reglages=reglages)
    conf = tmp_path / "etc/pirogue/dnsmasq/capture.conf"
    offre = certificat.Offre(NOM, tmp_path / "x.pem", "10.10.10.10", "http://pirogue.internal/", tmp_path / "x.sock")
    mots = ["ip", "netns", "exec", salle[0], "dnsmasq", "--keep-in-foreground", f"--conf-file={conf}"]
    noms = subprocess.Popen(mots, stderr=subprocess.DEVNULL)
    try:
        sans = louer(salle[1], tmp_path)
        certificat.appliquer(offres, offre)
        noms.send_signal(signal.SIGHUP)
        attendre(lambda: resoudre(salle[1], NOM) == "10.10.10.10")
        avec = louer(salle[1], tmp_path)
        certificat.appliquer(offres, None)
        noms.send_signal(signal.SIGHUP)
        attendre(lambda: resoudre(salle[1], NOM) == "198.51.100.1")
        apres = louer(salle[1], tmp_path)
    finally:
        noms.terminate()
        noms.wait(20)
    offert = f"opt114={f'https://{NOM}/captif'.encode().hex()}"

    assert "ip=10.10.10." in sans
    assert "opt114" not in sans
    assert offert in avec.splitlines()
    assert "opt114" not in apres


def resoudre(espace: str, nom: str) -> str:
    """Ask the box for a name, as a laptop."""
    mots = ["ip", "netns", "exec", espace, "dig", "+short", "+tries=1", "+time=2", "@10.10.10.10", nom]
    return subprocess.run(mots, check=False, capture_output=True, text=True).stdout.strip()
