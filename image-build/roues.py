"""
The Python aboard, in /opt/pirogue: pinned wheels laid by the host's pip, Kolibri pruned, our own wheel, all compiled.

The wheels change rarely: they are kept, pruned and compiled, by the digest of their pins and of this file.
"""

import re
import shutil
import sys
from pathlib import Path

from accelerer import dedans, habite
from atelier import CACHE, DEPOT, Rate, date_source, empreinte, lancer

PYTHON = "3.13"
MAISON = Path("opt/pirogue")
PAQUETS = MAISON / f"lib/python{PYTHON}/site-packages"
VERROU = DEPOT / "requirements" / "boite.txt"
#: What a compiled module says of its source: to be checked at each import, never to be checked (PEP 552).
VERIFIE, CRU = b"\x03\0\0\0", b"\x01\0\0\0"
#: Commands kept in /opt/pirogue/bin.
COMMANDES = ("pirogue", "gunicorn")
#: What Kolibri carries for other machines and its own developers. Its C extensions too: it looks for them in
#: `cext/abi3/Linux`, they lie in `cext/abi3/manyLinux`, and those of our own lock are newer.
SUPERFLU = (
    "kolibri/dist/cext",
    "kolibri/dist/include",
    "kolibri/dist/backports",
    "kolibri/dist/**/*-x86_64-linux-gnu.so",
    "kolibri/dist/sqlalchemy/testing",
    "kolibri/dist/**/tests",
    "kolibri/core/**/test",
    "kolibri/plugins/**/test",
    "kolibri/utils/tests",
    "kolibri/**/*.map*",
    "kolibri/**/*.po",
    "pip",
    "pip-*.dist-info",
)
#: Folders of Kolibri that hold one folder for each tongue; only these tongues stay.
LANGUES = {"en", "en_GB", "en_US", "fr", "fr_FR", "fr_fr", "__pycache__"}
_PAR_LANGUE = ("kolibri/locale", "kolibri/dist/django/conf/locale", "kolibri/dist/**/locale")
_PLATEFORMES = [f"manylinux_2_{n}_aarch64" for n in range(41, 16, -1)] + ["manylinux2014_aarch64", "any"]


def garnir(arbre: Path) -> None:
    """
    Lay /opt/pirogue in the tree.

    Raises:
        Rate: a wheel is missing for the box's Python, its digest differs, or it does not compile.
    """
    shutil.rmtree(arbre / MAISON, ignore_errors=True)
    with habite(arbre):
        dedans(arbre, "python3", "-m", "venv", "--without-pip", "--symlinks", f"/{MAISON}")
    paquets = arbre / PAQUETS
    archive = CACHE / f"roues-{cle()}.tar"
    if not archive.exists():
        _faire(arbre, archive)
    lancer("tar", "-C", arbre, "-xpf", archive)
    _poser_projet(arbre)
    for nom in COMMANDES:
        _ecrire_commande(arbre, nom)
    shutil.rmtree(paquets / "bin", ignore_errors=True)
    _croire(arbre)


def _croire(arbre: Path) -> None:
    """
    Have Debian's own compiled modules believed too, as ours are.

    Built under SOURCE_DATE_EPOCH they say « read and digest my source at each import » (PEP 552: flags 0b11), some two
    hundred files at every start of a program; the root is read-only, the answer never changes (flags 0b01).
    """
    for module in (arbre / "usr/lib").glob("python3*/**/__pycache__/*.pyc"):
        with module.open("r+b") as flux:
            tete = flux.read(8)
            if tete[4:] == VERIFIE:
                flux.seek(4)
                flux.write(CRU)


def cle() -> str:
    """Return the digest of what the kept wheels are made from."""
    return empreinte(VERROU.read_bytes(), Path(__file__).read_bytes())[:16]


def _faire(arbre: Path, archive: Path) -> None:
    """Install, prune and compile the pinned wheels in the tree; keep them."""
    paquets = arbre / PAQUETS
    _pip(paquets, "--require-hashes", "-r", VERROU)
    shutil.rmtree(paquets / "bin", ignore_errors=True)
    elaguer(paquets)
    _compiler(arbre, PAQUETS)
    inacheve = archive.with_suffix(".part")
    lancer("tar", "-C", arbre, "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-cpf", inacheve, PAQUETS)
    for ancienne in CACHE.glob("roues-*.tar"):
        ancienne.unlink()
    inacheve.rename(archive)


def elaguer(paquets: Path) -> None:
    """Take away from Kolibri what the box never opens (see SUPERFLU and LANGUES)."""
    for motif in SUPERFLU:
        for chose in sorted(paquets.glob(motif)):
            shutil.rmtree(chose) if chose.is_dir() else chose.unlink(missing_ok=True)
    for motif in _PAR_LANGUE:
        for dossier in sorted(paquets.glob(motif)):
            for langue in dossier.iterdir() if dossier.is_dir() else ():
                if langue.is_dir() and langue.name not in LANGUES:
                    shutil.rmtree(langue)


def _pip(cible: Path, *quoi: object) -> None:
    """Lay wheels for the box's Python and processor in a folder, with the host's pip."""
    plateformes = [mot for nom in _PLATEFORMES for mot in ("--platform", nom)]
    lancer(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check"),
        *("--python-version", PYTHON, "--implementation", "cp", "--abi", f"cp{PYTHON.replace('.', '')}"),
        *("--abi", "abi3", "--abi", "none", *plateformes, "--only-binary=:all:", "--no-deps", "--upgrade"),
        *("--target", cible, *quoi),
    )


def _poser_projet(arbre: Path) -> None:
    """Build our own wheel from the checkout, and lay it."""
    dossier = CACHE / "projet"
    shutil.rmtree(dossier, ignore_errors=True)
    lancer(
        *(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dossier),
        ou=DEPOT,
        env={"SOURCE_DATE_EPOCH": date_source()},
    )
    (roue,) = dossier.glob("*.whl")
    avant = set((arbre / PAQUETS).iterdir())
    lancer("unzip", "-q", "-o", roue, "-d", arbre / PAQUETS)
    nouveaux = sorted(chose for chose in set((arbre / PAQUETS).iterdir()) - avant if chose.is_dir())
    _compiler(arbre, *(chose.relative_to(arbre) for chose in nouveaux))


def _compiler(arbre: Path, *dossiers: Path) -> None:
    """Compile for the box's Python: the root is read-only, so nobody could keep it later."""
    with habite(arbre):
        dedans(
            *(arbre, "python3", "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"),
            *(f"/{dossier}" for dossier in dossiers),
        )


def _ecrire_commande(arbre: Path, nom: str) -> None:
    """Write a command of a wheel with the box's own Python in its first line."""
    for points in (arbre / PAQUETS).glob("*.dist-info/entry_points.txt"):
        trouve = re.search(rf"^{nom}\s*=\s*([\w.]+):(\w+)\s*$", points.read_text(encoding="utf-8"), re.MULTILINE)
        if trouve:
            module, fonction = trouve.groups()
            cible = arbre / MAISON / "bin" / nom
            cible.write_text(
                f"#!/{MAISON}/bin/python\nimport sys\n\nfrom {module} import {fonction}\n\nsys.exit({fonction}())\n",
                encoding="utf-8",
            )
            cible.chmod(0o755)
            return
    raise Rate(f"Aucune roue ne donne la commande « {nom} ».")
