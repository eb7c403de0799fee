"""What a stick may hold besides lots, on real folders: nothing opened, followed, waited for or touched."""

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from backports import zstd

from pirogue_echange import age, etiquette, montages, support
from pirogue_echange import cles as trousseau
from pirogue_echange import lot as lots
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.cles import Cles
from pirogue_echange.montages import SupportMauvaisFormat
from pirogue_echange.support import ENTREES_MAX, SupportAbsent
from pirogue_sync import preparation
from pirogue_sync.preparation import CleDejaPrete

NOM = f"{'a' * 32}.lot"


def lire_tout(dossier: Path) -> dict[str, bytes | None]:
    """Read every lot of a folder as the product does."""
    with support.ouvrir_dossier(dossier) as ouvert:
        return {nom: support.lire(ouvert, nom) for nom in support.inventorier(ouvert).lots}


def poser(piege: str, chemin: Path, ailleurs: Path) -> None:
    """Put one trap on the stick under the name of a lot."""
    if piege == "lien":
        chemin.symlink_to(ailleurs / "secret")
    elif piege == "lien_dossier":
        chemin.symlink_to(ailleurs)
    elif piege == "lien_sans_fin":
        chemin.symlink_to(chemin)
    elif piege == "tube":
        os.mkfifo(chemin)
    elif piege == "appareil":
        os.mknod(chemin, 0o666 | 0o020000, os.makedev(1, 5))  # /dev/zero: never ends
    elif piege == "prise":
        with socket.socket(socket.AF_UNIX) as prise:
            prise.bind(str(chemin))
    elif piege == "dossier":
        chemin.mkdir()
    else:
        with chemin.open("wb") as fichier:
            fichier.truncate(4 << 30)


PIEGES = ["lien", "lien_dossier", "lien_sans_fin", "tube", "prise", "dossier", "creux"]
if os.geteuid() == 0:
    PIEGES.append("appareil")


@pytest.mark.parametrize("piege", PIEGES)
def test_a_trap_named_like_a_lot_is_neither_opened_nor_touched(cle: Path, tmp_path: Path, piege: str) -> None:
    """It gives nothing at once: no wait on a pipe, no endless device, not one byte of a 4 GB hole."""
    ailleurs = tmp_path / "ailleurs"
    ailleurs.mkdir()
    (ailleurs / "secret").write_bytes(b"le registre")
    poser(piege, cle / NOM, ailleurs)
    avant = os.lstat(cle / NOM)
    lus = lire_tout(cle)
    apres = os.lstat(cle / NOM)

    assert lus == {NOM: None}
    assert (apres.st_mode, apres.st_size, apres.st_atime_ns) == (avant.st_mode, avant.st_size, avant.st_atime_ns)
    assert (ailleurs / "secret").read_bytes() == b"le registre"


@pytest.mark.parametrize("niveau", ["PIROGUE", "PIROGUE/montee"])
def test_a_folder_of_the_stick_that_is_a_link_leads_nowhere(cle: Path, tmp_path: Path, niveau: str) -> None:
    """`montee` points into the boat: nothing is listed there, nothing written."""
    ailleurs = tmp_path / "ailleurs"
    (ailleurs / "montee").mkdir(parents=True)
    (cle / niveau).parent.mkdir(exist_ok=True)
    (cle / niveau).symlink_to(ailleurs)

    with (
        pytest.raises(SupportAbsent) as refus,
        support.phrases(),
        support.ouvrir_dossier(cle, "PIROGUE", "montee", creer=True),
    ):
        pass
    assert "clé" in str(refus.value)
    assert sorted(ailleurs.rglob("*")) == [ailleurs / "montee"]


def test_odd_names_are_never_paths(cle: Path, tmp_path: Path) -> None:
    """Dots, backslashes, line feeds, bytes that are no text: counted, told, left as they are."""
    dehors = tmp_path / NOM
    dehors.write_bytes(b"dehors")
    bizarres = [
        b"..\\" + NOM.encode(),
        NOM.encode() + b"\n",
        b"\n" + NOM.encode(),
        b"\xff\xfe" + NOM.encode(),
        NOM.encode() + b"\xc3",
        b"CON.lot",
        b"%2e%2e%2f" + NOM.encode(),
        "ａ".encode() * 32 + b".lot",
        b"AAAAAA~1.LOT",
    ]
    for nom in bizarres:
        (cle / os.fsdecode(nom)).write_bytes(b"x")
    with support.ouvrir_dossier(cle) as ouvert:
        vus = support.inventorier(ouvert)

    assert vus.lots == ()
    assert vus.remarques == (
        f"{len(bizarres)} fichier(s) de la clé ne sont pas des lots : ils sont laissés tels quels.",
    )
    assert sorted(os.fsencode(chemin.name) for chemin in cle.iterdir()) == sorted(bizarres)


def test_a_name_in_capitals_is_the_same_lot(cle: Path) -> None:
    """A machine that copies names in capitals loses nothing: the bytes say which lot it is."""
    (cle / NOM.upper()).write_bytes(b"un lot")

    assert lire_tout(cle) == {NOM.upper(): b"un lot"}


def test_a_hundred_thousand_files_cost_neither_time_nor_memory(cle: Path) -> None:
    """Only the first ten thousand names are looked at, and a sentence says so."""
    dossier = os.open(cle, os.O_RDONLY | os.O_DIRECTORY)
    for debut in range(0, 100_000, 25_000):  # a file system allows so many links to one file
        premier = f"{debut:032x}.lot"
        os.close(os.open(premier, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=dossier))
        for rang in range(debut + 1, debut + 25_000):
            os.link(premier, f"{rang:032x}.lot", src_dir_fd=dossier, dst_dir_fd=dossier)
    os.close(dossier)
    memoire = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    debut_s = time.process_time()
    with support.ouvrir_dossier(cle) as ouvert:
        vus = support.inventorier(ouvert)
    duree_s = time.process_time() - debut_s

    assert sum(1 for _ in cle.iterdir()) == 100_000
    assert (len(vus.lots), vus.deborde) == (ENTREES_MAX, True)
    assert vus.remarques[0].startswith("La clé porte trop de fichiers")
    assert duree_s < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memoire < 32_000


COURSE_BOMBE = """
import resource, sys
from pathlib import Path
from pirogue_echange import cles, lot, support
from pirogue_echange.annuaire import annuaire_de
from pirogue_echange.erreurs import LotInvalide
dossier = Path(sys.argv[1])
rive = cles.charger(dossier / "rive.cles")
connus = annuaire_de(cles.lire_carte((dossier / "relais.json").read_bytes()))
with support.ouvrir_dossier(dossier) as ouvert:
    (nom,) = support.inventorier(ouvert).lots
    octets = support.lire(ouvert, nom)
avant = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    lot.ouvrir(octets, annuaire=connus, cles=rive)
except LotInvalide as refus:
    print(type(refus).__name__, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - avant, refus)
"""


def faire_bombe(relais: Cles, rive: Cles, *, dit_sa_taille: bool) -> lots.Lot:
    """Sign a lot whose payload inflates to 300 MB; its frame may say so, which some readers obey."""
    bon = lots.sceller([b"{}"], premier=1, avant=bytes(32), inc="0" * 16, cles=relais, rive=rive.carte, cree=0)
    compresseur, bloc, blocs = zstd.ZstdCompressor(level=3), bytes(1 << 20), 300
    if dit_sa_taille:
        compresseur.set_pledged_input_size(blocs << 20)
    cadre = b"".join([*(compresseur.compress(bloc) for _ in range(blocs)), compresseur.flush()])
    charge = age.chiffrer(cadre, rive.carte.destinataires())
    return lots.assembler(replace(bon.entete, clair=1000), charge=charge, signataires=[relais])


@pytest.mark.parametrize("dit_sa_taille", [True, False])
def test_a_bomb_that_is_well_signed_is_refused_in_little_memory(tmp_path: Path, *, dit_sa_taille: bool) -> None:
    """Signed by a relay that we know, ten kilobytes that inflate to 300 MB: refused before they fill the memory."""
    relais = trousseau.faire("relais", id="bombe", nom="Bombe")
    rive = trousseau.faire("rive", id="rive", nom="Rive", secours=trousseau.faire_secours()[1])
    bombe = faire_bombe(relais, rive, dit_sa_taille=dit_sa_taille)
    (tmp_path / f"{bombe.id}.lot").write_bytes(bombe.octets)
    trousseau.enregistrer(rive, tmp_path / "rive.cles")
    (tmp_path / "relais.json").write_bytes(trousseau.ecrire_carte(relais.carte))
    fait = subprocess.run(
        [sys.executable, "-c", COURSE_BOMBE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    nom, gain_ko, phrase = fait.stdout.split(maxsplit=2)

    assert len(bombe.octets) < 64_000
    assert nom == "ContenuAbime"
    assert int(gain_ko) < 64_000
    assert phrase.strip().endswith(".")


def ligne_mountinfo(dossier: Path, *, genre: str, racine: str = "/", numero: str = "8:1", source: str) -> str:
    """Return one line of the kernel's table."""
    echappe = str(dossier).replace(" ", "\\040")
    return f"36 35 {numero} {racine} {echappe} rw,noatime shared:1 - {genre} {source} rw"


@pytest.mark.parametrize(
    ("genre", "numero", "racine", "source", "refusee"),
    [
        ("vfat", "8:1", "/", "/dev/sda1", False),
        ("exfat", "8:1", "/", "/dev/sda1", False),
        ("ext4", "8:1", "/", "/dev/sda1", True),
        ("fuseblk", "8:1", "/", "/dev/sda1", True),  # NTFS
        ("msdos", "8:1", "/", "/dev/sda1", True),  # names of eight letters
        ("ext4", "254:0", "/partage/cle", "/dev/vda", False),  # a folder given to a container
        ("tmpfs", "0:42", "/", "none", False),
        ("overlay", "0:43", "/", "overlay", False),
    ],
)
def test_only_a_stick_of_another_format_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, genre: str, numero: str, racine: str, source: str, *, refusee: bool
) -> None:
    """The top of a device's own file system is a stick; a folder, a memory disk, a container's share are not."""
    cle = tmp_path / "clé de Dossou"
    cle.mkdir()
    table = tmp_path / "mountinfo"
    lignes = [
        ligne_mountinfo(Path("/"), genre="ext4", numero="254:0", source="/dev/vda"),
        ligne_mountinfo(cle, genre=genre, racine=racine, numero=numero, source=source),
    ]
    table.write_text("\n".join(lignes) + "\n", encoding="utf-8")
    monkeypatch.setattr(montages, "TABLE", table)
    issue = pytest.raises(SupportMauvaisFormat) if refusee else contextlib.nullcontext()

    with issue as refus, support.ouvrir_dossier(cle):
        pass
    assert refus is None or f"pas au bon format ({genre})" in str(refus.value)


def test_the_kernels_own_table_is_read_whole() -> None:
    """Every line of this machine's own table has its folder and its kind."""
    lus = montages.lire()

    assert any(montage.dossier == Path("/") for montage in lus)
    assert all(montage.genre and str(montage.dossier).startswith("/") for montage in lus)


def test_a_folder_becomes_a_stick_once(cle: Path) -> None:
    """What it held stays; its label is signed and says what was proved; a second time is refused."""
    relais = trousseau.faire("relais", id="bateau", nom="Pirogue 1")
    (cle / "photos").mkdir()
    dits: list[str] = []
    prete = preparation.preparer_dossier(cle, numero=4, cles=relais, verifier_octets=3 << 20, progres=dits.append)
    lue = etiquette.lire((cle / "PIROGUE/cle.json").read_bytes(), annuaire_de(relais.carte))

    with pytest.raises(CleDejaPrete):
        preparation.preparer_dossier(cle, numero=5, cles=relais)
    assert lue == prete
    assert (lue.numero, lue.octets) == (4, 3 << 20)
    assert {chemin.name for chemin in (cle / "PIROGUE").iterdir()} == {"LISEZMOI.txt", "cle.json", "montee", "descente"}
    assert (cle / "photos").is_dir()
    assert dits[-1].endswith("100 %")
    assert "rends-la à l'équipe" in (cle / "PIROGUE/LISEZMOI.txt").read_text(encoding="utf-8-sig")


def test_a_stick_without_room_is_not_made(tmp_path: Path) -> None:
    """A real file system of 4 MB: a sentence, and no label."""
    relais = trousseau.faire("relais", id="bateau", nom="Pirogue 1")
    course = f"""
import sys
from pathlib import Path
from pirogue_echange import cles
from pirogue_sync import preparation
preparation.preparer_dossier(Path({str(tmp_path)!r}), numero=4, cles=cles.charger(Path({str(tmp_path / "k")!r})))
"""
    trousseau.enregistrer(relais, tmp_path / "k")
    cle = tmp_path / "petite"
    cle.mkdir()
    (tmp_path / "course.py").write_text(course.replace(f"Path({str(tmp_path)!r}),", f"Path({str(cle)!r}),"))
    commande = f"mount -t tmpfs -o size=4m none {cle} && {sys.executable} {tmp_path}/course.py; ls {cle}/PIROGUE"
    droits = ["unshare", "-rm"] if os.geteuid() else ["unshare", "-m"]
    fait = subprocess.run([*droits, "sh", "-c", commande], capture_output=True, text=True, check=False)

    assert "SupportPlein: Cette clé n'a que 4 Mo libres" in fait.stderr
    assert "cle.json" not in fait.stdout
