"""Power fails at every instant of the first start: the next one finishes it, and what was made is never remade."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from pirogue_cli import boite as commande
from pirogue_registre import base, comptes, reglages
from pirogue_socle.horloge import maintenant
from pirogue_socle.premier import mots, pieces
from premier.conftest import Boite, faire_boite
from premier.coupure import couper

PIECES = {
    "wifi": "donnees/reseau/wifi.psk",
    "numero": "systeme/machine-id",
    "ssh": "systeme/ssh/ssh_host_ed25519_key",
    "boite": "donnees/boite.toml",
    "code": "donnees/premier.code",
}


def lire(boite: Boite) -> dict[str, bytes]:
    """Return the pieces that are there."""
    presentes = {nom: boite.disque / chemin for nom, chemin in PIECES.items()}
    return {nom: chemin.read_bytes() for nom, chemin in presentes.items() if chemin.exists()}


def juger(boite: Boite, trouvees: dict[str, bytes]) -> None:
    """Every piece that is there is whole."""
    if "wifi" in trouvees:
        carte, *cle = trouvees["wifi"].decode().split()
        assert carte == "00:00:00:00:00:00"
        assert len(cle) == 4
        assert set(cle) <= set(mots.lister())
        assert (boite.disque / PIECES["wifi"]).stat().st_mode & 0o777 == 0o640
    if "numero" in trouvees:
        assert trouvees["numero"] == (boite.racine / "machine-id").read_bytes()
    if "ssh" in trouvees:
        lire_cle = ["ssh-keygen", "-y", "-P", "", "-f", str(boite.disque / PIECES["ssh"])]
        publique = subprocess.run(lire_cle, capture_output=True, check=True).stdout
        assert (boite.disque / f"{PIECES['ssh']}.pub").read_bytes().split()[:2] == publique.split()[:2]
    if "boite" in trouvees:
        assert tomllib.loads(trouvees["boite"].decode()) == {"nom_relais": "Pirogue de Ganvié"}
        assert (boite.disque / "systeme/premier/remarques.txt").read_text(encoding="utf-8").count("\n") == 1
    if "code" in trouvees:
        assert re.fullmatch(rb"[0-9]{6}\n", trouvees["code"])


@pytest.mark.parametrize("perdre", [False, True], ids=["tue", "coupe"])
def test_cut_at_every_write_the_next_start_finishes_and_remakes_nothing(tmp_path: Path, perdre: bool) -> None:
    """Root's part, killed before each thing it asks of the disk, until nothing is left to kill."""
    instant, finie, a_moitie = 0, False, 0
    while not finie:
        instant += 1
        boite = faire_boite(tmp_path / f"boite{instant}")
        (boite.amorce / "pirogue.txt").write_text("nom_relais = Pirogue de Ganvié\nbonjour\n", encoding="utf-8")
        lieux = boite.lieux
        finie = couper(lambda ici=lieux: pieces.faire(ici), boite.disque, instant=instant, perdre=perdre)
        avant = lire(boite)
        juger(boite, avant)
        a_moitie += 0 < len(avant) < 4
        pieces.faire(boite.lieux)
        apres = lire(boite)
        juger(boite, apres)
        pieces.faire(boite.lieux)

        assert {nom: apres[nom] for nom in avant} == avant
        assert apres.keys() == PIECES.keys() - {"code"}
        assert lire(boite) == apres
        assert [un.name for un in boite.disque.rglob("*.neuf")] == []
        shutil.rmtree(boite.racine)

    assert instant > 15
    assert a_moitie > 5


def test_work_that_does_not_wait_for_the_disk_is_seen(boite: Boite) -> None:
    """The judge above is not idle: written and renamed without a word to the disk, the words are lost, or the name."""

    def naif() -> None:
        ici = boite.disque
        (ici / "cle.neuf").write_text("quatre mots", encoding="utf-8")
        (ici / "cle.neuf").rename(ici / "cle")
        dossier = os.open(ici, os.O_RDONLY)
        os.fsync(dossier)
        (ici / "sans").mkdir()
        (ici / "fin").mkdir()

    assert couper(naif, boite.disque, instant=4, perdre=True) is False
    assert (boite.disque / "cle").read_bytes() == b""
    assert not (boite.disque / "sans").exists()


def test_cut_while_the_register_is_made_the_code_on_the_sheet_opens_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at one statement in nine of the register's opening: one relay, one account, the sheet's own code."""
    instant, finie = 1, False
    while not finie:
        boite = faire_boite(tmp_path / f"boite{instant}")
        monkeypatch.setenv("PIROGUE_CONFIG", str(boite.racine / "pirogue.toml"))
        assert commande.registre.callback is not None
        finie = couper(commande.registre.callback, boite.disque, instant=instant, perdre=False)
        avant = lire(boite)
        juger(boite, avant)
        commande.registre.callback()
        apres = lire(boite)
        registre = base.ouvrir(boite.disque / "donnees/registre")
        (seul,) = comptes.lister(registre)
        code = apres["code"].decode().strip()
        entree = comptes.verifier_pin(registre, compte_id=seul.compte_id, pin=code, instant=maintenant())
        relais = registre.db.execute("SELECT count(*) FROM evenement WHERE type = 'relais_cree'").fetchone()[0]
        nomme = reglages.lire(registre, "relais")
        base.fermer(registre)

        assert {nom: apres[nom] for nom in avant} == avant
        assert entree == seul
        assert (relais, bool(nomme)) == (1, True)
        shutil.rmtree(boite.racine)
        instant += 9

    assert instant > 100
