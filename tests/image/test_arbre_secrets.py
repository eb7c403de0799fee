"""No secret in the image: whoever flashes it knows nothing of anybody's box."""

import re
import sqlite3
from pathlib import Path

import pytest

from image.construction import Construction
from image.lecture_carte import Carte, fichiers

#: A private key with its first line of letters, not the words alone: libraries hold the words.
CLE_PRIVEE = rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----\r?\n(?:[A-Za-z-]+: [^\n]+\n|\n)*[A-Za-z0-9+/=]{40,}"
CLE_AGE = rb"AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}"
#: What other images open with, and what our own trials use.
MOTS_CONNUS = ("raspberry", "pirogue", "toor", "root", "admin", "password", "pirogue-test", "123456")


def test_the_search_itself_finds_a_key(tmp_path: Path) -> None:
    """A search that finds nothing anywhere would pass for a clean image."""
    cle = (
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
        + b"b3BlbnNzaC1rZXktdjEA" * 3
        + b"\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    image = tmp_path / "carte.img"
    image.write_bytes(bytes(1 << 20) + cle + bytes(1 << 20))

    assert len(Carte(image).chercher(CLE_PRIVEE)) == 1


@pytest.mark.parametrize("motif", [CLE_PRIVEE, CLE_AGE], ids=["pem", "age"])
def test_no_private_key_lies_anywhere_on_the_card(carte: Carte, racine: Path, motif: bytes) -> None:
    """Neither in a file nor in what a removed file left: the raw bytes are read, all partitions."""
    # GnuTLS tests itself at each start with keys that everybody knows, written in its library.
    (gnutls,) = (un for un in racine.glob("usr/lib/*/libgnutls.so.*") if not un.is_symlink())
    connues = set(re.findall(motif, gnutls.read_bytes()))

    assert set(carte.chercher(motif)) <= connues


def test_the_key_that_signs_updates_stays_with_who_holds_it(carte: Carte, construction: Construction) -> None:
    """Who finds it on a box could make an update that every boat believes."""
    lignes = Path(construction.dit["cle_signature"]).read_bytes().splitlines()
    (secret,) = [un for un in lignes if len(un) > 40 and b"-----" not in un][:1]

    assert carte.chercher(re.escape(secret)) == []


def test_no_account_has_a_password(racine: Path) -> None:
    """Root is locked: the box is entered with a key, or not at all."""
    ouverts = [
        ligne.split(":")[0]
        for ligne in (racine / "etc/shadow").read_text(encoding="utf-8").splitlines()
        if not ligne.split(":")[1].startswith(("!", "*"))
    ]

    assert ouverts == []
    assert (racine / "etc/shadow").stat().st_mode & 0o007 == 0


def test_nobodys_ssh_key_and_no_host_key_is_aboard(racine: Path) -> None:
    """Two boxes with one host key can pass for each other."""
    assert list((racine / "etc/ssh").glob("ssh_host_*")) == []
    assert list(racine.glob("root/.ssh/*")) == []
    assert list(racine.glob("home/*/.ssh/*")) == []


def test_the_wifi_has_no_key_yet(racine: Path) -> None:
    """The four words are drawn at the first start; a default would be every boat's."""
    trouves = [
        (un.relative_to(racine), valeur)
        for un in fichiers(racine / "etc")
        for valeur in re.findall(rb"^\s*(?:wpa_passphrase|wpa_psk|psk)\s*=\s*(\S+)", un.read_bytes(), re.MULTILINE)
    ]

    assert trouves == []
    assert list(racine.rglob("*.psk")) == []


def test_no_settings_file_gives_a_known_password(racine: Path) -> None:
    """The words that other images open with."""
    motif = re.compile(
        rf"^\s*\w*(?:password|passwd|secret|mot_de_passe)\w*\s*[=:]\s*[\"']?({'|'.join(MOTS_CONNUS)})\b", re.M | re.I
    )
    trouves = [
        un.relative_to(racine)
        for un in fichiers(racine / "etc")
        if un.stat().st_size < 1_000_000 and motif.search(un.read_text(encoding="utf-8", errors="replace"))
    ]

    assert trouves == []


def test_the_data_of_a_new_card_is_empty(carte: Carte, racine: Path) -> None:
    """Register, keys, identity are made aboard."""
    noms = set(re.findall(r"[\w.+-]+(?=\s*$)", carte.ext4(4, "ls -l", "/"), re.MULTILINE))

    assert noms <= {".", "..", "lost+found"}
    assert list((racine / "data").iterdir()) == []


def test_the_lessons_home_belongs_to_no_machine(racine: Path) -> None:
    """A Kolibri id copied to every boat would make of them one device; its administrator would be everybody's."""
    modele = racine / "usr/share/pirogue/kolibri-neuf"
    noms = {un.name for un in modele.rglob("*")}
    with sqlite3.connect(f"file:{modele / 'db.sqlite3'}?mode=ro&immutable=1", uri=True) as base:
        comptes = {
            table: base.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in (
                "kolibriauth_facilityuser",
                "kolibriauth_collection",
                "device_devicesettings",
                "morango_instanceidmodel",
            )
        }
    base.close()

    assert not noms & {"cle_django", "cle_entree", "mot_de_passe_admin"}
    assert comptes == dict.fromkeys(comptes, 0)


def test_no_seed_of_chance_is_shared(racine: Path) -> None:
    """A random seed in an image is the same chance for every boat."""
    assert not (racine / "var/lib/systemd/random-seed").exists()
    assert not (racine / "var/lib/dbus/machine-id").exists()
