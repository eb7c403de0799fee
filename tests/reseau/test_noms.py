"""The names that a laptop is told, asked with a real resolver's questions (dig)."""

import shutil
import signal
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from reseau.lac import Lac, mettre_a_leau
from reseau.poste import Poste
from reseau.rendu import rendre

CAPTUREE, BOITE = "198.51.100.1", "10.10.10.10"

#: question, kind, status and answers.
TABLE = [
    ("exemple.org", "A", ["NOERROR", CAPTUREE]),
    ("exemple.org.", "A", ["NOERROR", CAPTUREE]),
    ("EXEMPLE.Org", "A", ["NOERROR", CAPTUREE]),
    ("connectivity-check.ubuntu.com.", "A", ["NOERROR", CAPTUREE]),
    ("un.nom.tres.long.et.profond.quelque.part.bj", "A", ["NOERROR", CAPTUREE]),
    ("wpad", "A", ["NOERROR", CAPTUREE]),
    ("exemple.org", "AAAA", ["NOERROR"]),
    ("exemple.org", "HTTPS", ["NOERROR"]),
    ("exemple.org", "TXT", ["NOERROR"]),
    ("exemple.org", "SRV", ["NOERROR"]),
    ("pirogue.internal", "A", ["NOERROR", BOITE]),
    ("PIROGUE.internal.", "A", ["NOERROR", BOITE]),
    ("contenu.pirogue.internal", "A", ["NOERROR", BOITE]),
    ("pirogue.internal", "AAAA", ["NOERROR"]),
    ("pirogue.internal", "HTTPS", ["NOERROR"]),
    ("use-application-dns.net", "A", ["NXDOMAIN"]),
    ("use-application-dns.net", "AAAA", ["NXDOMAIN"]),
    ("Use-Application-DNS.net.", "A", ["NXDOMAIN"]),
    ("mask.icloud.com", "A", ["NXDOMAIN"]),
    ("mask-h2.icloud.com", "AAAA", ["NXDOMAIN"]),
    ("www.icloud.com", "A", ["NOERROR", CAPTUREE]),
    ("dns.msftncsi.com", "A", ["NOERROR", "131.107.255.255"]),
    ("dns.msftncsi.com", "AAAA", ["NOERROR", "fd3e:4f5a:5b81::1"]),
    ("www.msftncsi.com", "A", ["NOERROR", CAPTUREE]),
]


@pytest.fixture(scope="module")
def afi(lac: Lac) -> Poste:
    """A laptop that nobody let out."""
    return lac.poste("afi")


@pytest.mark.parametrize("serveur", [BOITE, "8.8.8.8"])
@pytest.mark.parametrize(("nom", "genre", "attendu"), TABLE)
def test_each_name_has_its_answer_whoever_the_laptop_believes_it_asks(
    afi: Poste, nom: str, genre: str, attendu: list[str], serveur: str
) -> None:
    """A wrong status ("refused") makes some systems give the network up; a laptop set to 8.8.8.8 is brought home."""
    assert afi.nommer(nom, genre, a=serveur) == attendu


def test_names_are_answered_over_tcp_too(afi: Poste) -> None:
    """A resolver that was cut once asks again that way."""
    assert afi.nommer("exemple.org", a="1.1.1.1", mots=("+tcp",)) == ["NOERROR", CAPTUREE]


def test_no_answer_is_kept_for_more_than_five_seconds(afi: Poste) -> None:
    """A laptop that is let out must not remember the captured address for an hour."""
    for nom in ("exemple.org", "pirogue.internal", "dns.msftncsi.com"):
        lignes = afi.lancer("dig", "+noall", "+answer", "@10.10.10.10", nom).stdout.split("\n")

        assert [int(ligne.split()[1]) <= 5 for ligne in lignes if ligne] == [True]


def test_the_captured_address_is_not_a_private_one() -> None:
    """Android takes a private answer for a probe's name as "no Internet", and shows no portal."""
    capture = ip_address(CAPTUREE)

    assert not any(capture in ip_network(prive) for prive in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


@pytest.mark.parametrize("radio", ["interne", "usb", "externe"])
def test_debian_s_own_programs_accept_the_files_of_every_radio(tmp_path: Path, radio: str) -> None:
    """A word that this version does not know would leave the boat without a network after an update."""
    reglages = {"point_acces_radio": radio, "point_acces_uid_sync": 61234, "point_acces_uid_resolveur": "dnsmasq"}
    rendre(tmp_path, "point_acces", reglages={**reglages, "point_acces_gestion": ["eth9"]})
    noms = [
        subprocess.run(["dnsmasq", "--test", f"--conf-file={fichier}"], check=False, capture_output=True).returncode
        for fichier in sorted((tmp_path / "etc/pirogue/dnsmasq").glob("*.conf"))
    ]
    pare_feu = ["unshare", "-n", "nft", "-c", "-f", tmp_path / "etc/nftables.conf"]

    assert noms == [0, 0]
    assert subprocess.run(pare_feu, check=False, capture_output=True, text=True).stderr == ""


def test_a_certificate_s_name_and_option_come_and_go_without_a_restart(tmp_path: Path) -> None:
    """The box holds a certificate only now and then; dnsmasq reads both files again when it is told to."""
    with mettre_a_leau(tmp_path) as lac:
        afi = lac.poste("afi")
        sans = afi.nommer("bateau1.exemple.bj")
        dossier = lac.courant / "certificat"
        (dossier / "hotes").write_text(f"{BOITE} bateau1.exemple.bj\n", encoding="utf-8")
        (dossier / "dhcp").write_text("114,https://bateau1.exemple.bj/captif\n", encoding="utf-8")
        lac.processus["noms-capture"].send_signal(signal.SIGHUP)
        lac.attendre("le nom public", lambda: afi.nommer("bateau1.exemple.bj") == ["NOERROR", BOITE])
        afi.louer("-O", "0x72")
        offert = bytes.fromhex(afi.bail.get("opt114", ""))
        shutil.rmtree(dossier)
        lac.processus["noms-capture"].send_signal(signal.SIGHUP)
        lac.attendre("la fin du nom public", lambda: afi.nommer("bateau1.exemple.bj") == ["NOERROR", CAPTUREE])
        afi.louer("-O", "0x72")

    assert sans == ["NOERROR", CAPTUREE]
    assert offert == b"https://bateau1.exemple.bj/captif"
    assert "opt114" not in afi.bail
