"""The stick's road, on real folders: what is announced is there, what comes from elsewhere is left alone."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange import recu, support
from pirogue_echange.support import SupportAbsent, SupportPlein, SupportProtege
from pirogue_registre import base, envois, journal, reglages
from pirogue_rive import bilan, schema
from pirogue_rive import cle as cle_rive
from pirogue_rive.config import Rive
from pirogue_sync import cle as cle_bord
from pirogue_sync.bilan import BilanEchange
from sync.quai import Quai, compter, sceller_par, vivre_une_journee

#: A first day is one lot of the journal and one for each key of a name: Rachelle's, Afi's, Koffi's.
LOTS = 4

COURSE_BORD = """
import sys
from pathlib import Path
from pirogue_echange import cles
from pirogue_registre import base
from pirogue_sync import cle
from pirogue_sync.trousseau import assembler
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant
registre, dossier, trousseau, rive = map(Path, sys.argv[1:])
ouvert = base.ouvrir(registre)
try:
    tout = assembler(trousseau.parent, cles=cles.charger(trousseau), rive=cles.lire_carte(rive.read_bytes()))
    cle.echanger(ouvert, dossier=dossier, trousseau=tout, instant=maintenant())
except ErreurPirogue as erreur:
    print(erreur, erreur.geste)
    sys.exit(erreur.code)
"""


def aller(quai: Quai, cle: Path) -> BilanEchange:
    """Plug the stick in the boat."""
    return cle_bord.echanger(quai.bord.registre, dossier=cle, trousseau=quai.trousseau, instant=quai.bord.horloge())


def debarquer(rive: Rive, quai: Quai, cle: Path) -> cle_rive.BilanCle:
    """Plug the stick in ashore."""
    return cle_rive.prendre_cle(rive, dossier=cle, instant=quai.bord.horloge())


def sous_strace(quai: Quai, cle: Path, *reglages_strace: str) -> subprocess.CompletedProcess[str]:
    """Plug the stick in the boat, in another process whose system calls are watched or made to fail."""
    trousseau_ = quai.config.dossier.parent / "relais.cles"
    if not trousseau_.exists():
        trousseau.enregistrer(quai.cles, trousseau_)
    arguments = [quai.bord.registre.dossier, cle, trousseau_, quai.config.dossier / "rive.json"]
    return subprocess.run(
        ["strace", "-f", "-y", "-qq", *reglages_strace, sys.executable, "-c", COURSE_BORD, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_day_goes_ashore_by_stick_and_the_receipt_comes_home(quai: Quai, rive: Rive, cle: Path) -> None:
    """À bord seulement → Sur la clé → Confirmé à terre, and the stick is clean again."""
    registre = quai.bord.registre
    vivre_une_journee(quai.bord)
    assert envois.etat_puce(registre).code == "a_bord"
    depart = aller(quai, cle)
    assert (depart.deposes, depart.puce.code) == (LOTS, "sur_cle")
    assert debarquer(rive, quai, cle).ingeres == LOTS
    retour = aller(quai, cle)

    assert (retour.recus, retour.retires, retour.restants) == (2, LOTS, 0)
    assert retour.puce.libelle == "Confirmé à terre ✓"
    assert list((cle / "PIROGUE/montee").iterdir()) == []
    assert bilan.tous(rive)[0].seances == 1


def test_plugging_in_twice_changes_nothing(quai: Quai, rive: Rive, cle: Path) -> None:
    """Aboard and ashore, the second time is for nothing, and the receipt is the same file."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    encore = aller(quai, cle)
    debarquer(rive, quai, cle)
    fichiers = sorted((cle / "PIROGUE/descente").iterdir())
    deux = debarquer(rive, quai, cle)

    assert (encore.deposes, encore.deja_la) == (0, LOTS)
    assert (deux.ingeres, deux.doublons, deux.recus) == (0, LOTS, 0)
    assert sorted((cle / "PIROGUE/descente").iterdir()) == fichiers


def test_an_anchor_written_after_the_receipt_does_not_turn_the_chip_back(quai: Quai, rive: Rive, cle: Path) -> None:
    """Next morning the trainer confirms the date: yesterday is still confirmed."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    debarquer(rive, quai, cle)
    aller(quai, cle)
    journal.ecrire(
        quai.bord.registre,
        type="ancre",
        valeurs={"utc_ms": 1_741_158_000_000, "source": "formateur"},
        instant=quai.bord.horloge(),
        auteur=quai.bord.rachelle,
    )

    assert envois.etat_puce(quai.bord.registre).code == "confirme"


def test_an_older_receipt_is_replaced_on_the_stick_and_a_foreign_one_is_left(quai: Quai, rive: Rive, cle: Path) -> None:
    """Only what this shore wrote is removed by this shore."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    debarquer(rive, quai, cle)
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    etranger = cle / "PIROGUE/descente" / f"{'0' * 32}.lot"
    etranger.write_bytes(b"autre chose")
    debarquer(rive, quai, cle)

    assert etranger.read_bytes() == b"autre chose"
    assert len(list((cle / "PIROGUE/descente").iterdir())) == 3


def test_another_shores_receipt_is_said_and_changes_nothing(quai: Quai, cle: Path) -> None:
    """The stick visited two shores."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    autre = trousseau.faire("rive", id="autre", nom="Autre", secours=quai.carte_rive.secours)
    registre = quai.bord.registre
    faux = recu.Recu(
        rive="autre",
        relais=quai.cles.carte.id,
        inc=reglages.lire(registre, "incarnation"),
        flux="activite",
        jusqua=journal.dernier(registre),
        h=sceller_h(quai),
        ilots=(),
        serie=9,
        heure_ms=1,
    )
    signe = recu.sceller(faux, cles=autre)
    (cle / "PIROGUE/descente" / f"{signe.id}.lot").write_bytes(signe.octets)
    (cle / "PIROGUE/descente" / f"{'1' * 32}.lot").write_bytes(signe.octets[:-1])
    retour = aller(quai, cle)

    assert retour.puce.code == "sur_cle"
    assert len(retour.remarques) == 1
    assert "autre rive" in retour.remarques[0]


def sceller_h(quai: Quai) -> str:
    """Return the chain value of the last lot."""
    ((apres,),) = quai.bord.registre.db.execute("SELECT apres FROM lot ORDER BY dernier DESC LIMIT 1").fetchall()
    return bytes(apres).hex()


def test_a_torn_copy_on_the_stick_is_written_again(quai: Quai, cle: Path) -> None:
    """The stick was pulled last time: the file is there, and short."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    fichier = next((cle / "PIROGUE/montee").iterdir())
    entier = fichier.read_bytes()
    fichier.write_bytes(entier[:100])
    assert aller(quai, cle).deposes == 1

    assert fichier.read_bytes() == entier


def test_links_pipes_folders_and_odd_names_are_left_alone(quai: Quai, rive: Rive, cle: Path, tmp_path: Path) -> None:
    """Nothing on a stick is followed, waited for or opened by its name."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    montee = cle / "PIROGUE/montee"
    secret = tmp_path / "secret"
    secret.write_bytes(b"ne pas lire")
    (montee / f"{'a' * 32}.lot").symlink_to(secret)
    os.mkfifo(montee / f"{'b' * 32}.lot")
    (montee / f"{'c' * 32}.lot").mkdir()
    with (montee / f"{'d' * 32}.lot").open("wb") as geant:
        geant.truncate(4 << 30)
    for nom in ("..lot", "g" * 32 + ".lot", "autorun.inf", "é.lot", f"{'e' * 32}.lot.tmp"):
        (montee / nom).write_bytes(b"x")
    avant = sorted(montee.iterdir())
    prise = debarquer(rive, quai, cle)

    assert (prise.ingeres, prise.refuses) == (LOTS, 0)
    assert compter(rive, schema.quarantaine) == 0
    assert sorted(montee.iterdir()) == avant
    assert secret.read_bytes() == b"ne pas lire"


def test_a_link_in_the_place_of_our_own_file_is_not_written_through(quai: Quai, cle: Path, tmp_path: Path) -> None:
    """The lot's name points to a file of the boat: the link goes, the file stays."""
    vivre_une_journee(quai.bord)
    lot = sceller_par(quai, 1000)[0]
    victime = tmp_path / "victime"
    victime.write_bytes(b"intact")
    (cle / "PIROGUE/montee").mkdir(parents=True)
    nom = cle / "PIROGUE/montee" / f"{lots.id_de(lot)}.lot"
    nom.symlink_to(victime)
    nom.with_name(f"{nom.name}.tmp").symlink_to(victime)
    aller(quai, cle)

    assert victime.read_bytes() == b"intact"
    assert nom.read_bytes() == lot
    assert not nom.is_symlink()


@pytest.mark.parametrize("piege", ["absent", "fichier", "lien"])
def test_what_is_not_a_stick_is_a_sentence(quai: Quai, cle: Path, tmp_path: Path, piege: str) -> None:
    """No folder, a file, or a folder of ours behind a link."""
    vivre_une_journee(quai.bord)
    if piege == "lien":
        (cle / "PIROGUE").symlink_to(tmp_path)
    elif piege == "fichier":
        cle.rmdir()
        cle.write_text("x", encoding="ascii")
    else:
        cle.rmdir()

    with pytest.raises(SupportAbsent) as refus:
        aller(quai, cle)
    assert "clé" in str(refus.value)
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"


def test_ten_thousand_files_are_enough(cle: Path) -> None:
    """A stick with 10 050 names is looked at up to the cap, and no further."""
    for rang in range(10_050):
        (cle / f"{rang:032x}.lot").touch()
    with support.ouvrir_dossier(cle) as dossier:
        assert len(support.lister(dossier)) == support.ENTREES_MAX


def test_a_lot_is_synced_before_and_after_its_name_appears(quai: Quai, cle: Path) -> None:
    """Vfat loses a renamed file whose descriptor is not synced again: sync, rename, sync, sync the folder."""
    vivre_une_journee(quai.bord)
    trace = quai.config.dossier.parent / "trace"
    fait = sous_strace(quai, cle, "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2")
    assert fait.returncode == 0, fait.stderr
    lignes = [ligne for ligne in trace.read_text(encoding="utf-8").splitlines() if "montee" in ligne]
    suite = "".join("r" if "rename" in ligne else "f" if ".lot" in ligne else "d" for ligne in lignes)

    assert re.search("frfd$", suite), lignes


def test_a_full_stick_says_so_and_keeps_what_it_announced(quai: Quai, cle: Path) -> None:
    """No room for the third lot: two are there, whole and noted; the rest stays aboard and goes next time."""
    vivre_une_journee(quai.bord)
    sceller_par(quai, 5)
    total = envois.compter_a_envoyer(quai.bord.registre)[0]
    montee = cle / "PIROGUE/montee"
    montee.mkdir(parents=True)
    # The stick's first new file is its LISEZMOI; the fourth is the third lot.
    fait = sous_strace(
        quai, cle, "-o", "/dev/null", "-e", "trace=renameat", "-e", "inject=renameat:error=ENOSPC:when=4+"
    )
    noms = {chemin.name for chemin in montee.iterdir()}

    assert fait.returncode == SupportPlein.code, fait.stderr
    assert "La clé est pleine : 2 lot(s) y sont" in fait.stdout
    assert {lots.id_de((montee / nom).read_bytes()) + ".lot" for nom in noms} == noms
    assert len(noms) == 2
    assert envois.etat_puce(quai.bord.registre).code == "a_bord"
    assert aller(quai, cle).deposes == total - 2
    assert envois.etat_puce(quai.bord.registre).code == "sur_cle"


def test_a_write_protected_stick_still_gives_its_receipts(quai: Quai, rive: Rive, cle: Path) -> None:
    """Nothing can be written, a sentence says so, and what it brought is taken."""
    vivre_une_journee(quai.bord)
    aller(quai, cle)
    debarquer(rive, quai, cle)
    vivre_une_journee(quai.bord)
    injecter = ("-e", "trace=openat,unlinkat", "-P", str(cle / "PIROGUE/montee"))
    fait = sous_strace(quai, cle, "-o", "/dev/null", *injecter, "-e", "inject=unlinkat,openat:error=EROFS")

    assert fait.returncode == SupportProtege.code, fait.stderr
    assert "protégée" in fait.stdout
    assert envois.couvert_jusqua(quai.bord.registre) > 0


@pytest.fixture
def petite_cle(cle: Path) -> Iterator[Path]:
    """A real 64 KiB file system."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", cle], check=True)
    yield cle
    subprocess.run(["umount", "-l", cle], check=True)


def test_a_real_file_system_of_64_kib_fills_up_and_loses_nothing(quai: Quai, petite_cle: Path) -> None:
    """The same on a real small file system: every file that has its name is whole."""
    vivre_une_journee(quai.bord)
    sceller_par(quai, 1)

    with pytest.raises(SupportPlein):
        aller(quai, petite_cle)
    annonces = quai.bord.registre.db.execute("SELECT lot_id FROM depot").fetchall()
    for (lot_id,) in annonces:
        octets = (petite_cle / "PIROGUE/montee" / f"{lot_id}.lot").read_bytes()
        assert lots.id_de(octets) == lot_id
    assert len(annonces) == len(list((petite_cle / "PIROGUE/montee").iterdir()))


def test_a_real_read_only_stick_is_a_sentence(quai: Quai, petite_cle: Path) -> None:
    """The little switch on the side."""
    subprocess.run(["mount", "-o", "remount,ro", petite_cle], check=True)
    vivre_une_journee(quai.bord)

    with pytest.raises(SupportProtege):
        aller(quai, petite_cle)


def test_the_registers_of_both_processes_agree(quai: Quai, cle: Path) -> None:
    """The stick's process and the portal's see one journal."""
    vivre_une_journee(quai.bord)
    assert sous_strace(quai, cle, "-e", "trace=none", "-o", "/dev/null").returncode == 0
    autre = base.ouvrir(quai.bord.registre.dossier)
    try:
        assert envois.etat_puce(autre).code == "sur_cle"
    finally:
        base.fermer(autre)
