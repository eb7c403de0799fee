"""
Prepare the box's Kolibri without anybody: keys, options, provisioning, lessons. Running it again changes nothing.

How an interruption is mended: while a home is being made for the first time, a mark (`CHANTIER`) lies in
it, and `commande` refuses to start Kolibri, so the home can hold nobody's work and the next run starts it afresh.
Later runs (new lessons, new settings) never throw anything away: each of their steps looks before it writes, and
`pirogue_etat.json`, which says that all of them were done, is removed before the first and written after the last.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path

from pirogue_contenus.kolibri_canal import Canal, apporter, canaux_de_kolibri, canaux_du_dossier
from pirogue_contenus.kolibri_erreurs import KolibriNonPret
from pirogue_contenus.kolibri_maison import (
    CHANTIER,
    CLE_DJANGO,
    CLE_ENTREE,
    MOT_DE_PASSE,
    ecrire,
    ecrire_cles,
    ouvrir_chantier,
    partager_bases,
    verrouiller,
)

ADMIN = "pirogue_admin"
#: What a youth may meet, the coach's pages, the administrator's; no set-up wizard, no profile, no demo, no PWA.
PLUGINS = (
    "kolibri.plugins.learn",
    "kolibri.plugins.coach",
    "kolibri.plugins.user_auth",
    "kolibri.plugins.facility",
    "kolibri.plugins.device",
    "kolibri.plugins.default_theme",
    "kolibri.plugins.html5_viewer",
    "kolibri.plugins.safe_html5_viewer",
    "kolibri.plugins.media_player",
    "kolibri.plugins.pdf_viewer",
    "kolibri.plugins.perseus_viewer",
    "kolibri.plugins.qti_viewer",
    "pirogue_kolibri",
)
_MARQUE = "PIROGUE "


@dataclass(frozen=True, slots=True)
class Reglages:
    """
    Where Kolibri stands and where it leads.

    Attributes:
        nom: name of the relay, shown in Kolibri.
        base_portail: address of the portal's welcome screen as the laptops see it.
        port, port_zip: ports of Kolibri and of its interactive contents, on the loopback (see `ecoute`).
        chemin, formateur: portal's pages that the return link leads to, from `base_portail`.
        prefixe: path Kolibri is served under (`cours`), or nothing.
        origine_zip: address of the interactive contents as the laptops see it; empty: same host, `port_zip`.
        ecoute: address to listen on.
    """

    nom: str
    base_portail: str
    port: int
    port_zip: int
    chemin: str = "/chemin"
    formateur: str = "/formateur"
    prefixe: str = ""
    origine_zip: str = ""
    ecoute: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Preparation:
    """
    The result.

    Attributes:
        maison: the Kolibri home.
        canaux: the channels that Kolibri shows.
        change: whether anything had to be done.
    """

    maison: Path
    canaux: tuple[Canal, ...]
    change: bool


def preparer(
    reglages: Reglages,
    *,
    maison: Path,
    contenu: Path | None,
    progres: Callable[[str], None],
    modele: Path | None = None,
) -> Preparation:
    """
    Bring a Kolibri home to what `reglages` and `contenu` say; do nothing when it is already so.

    Kolibri must not be running on this home. Needs Kolibri in the same Python environment.

    Args:
        reglages: see `Reglages`.
        maison: the home, created if missing.
        contenu: folder made by the channel builder (`content/databases`, `content/storage`), or None.
        progres: called with a short French phrase at the beginning of each step.
        modele: a home made by `kolibri_modele`, that an empty home begins from; None without one.

    Raises:
        KolibriNonPret: Kolibri is not installed, the lessons are damaged, or a step failed; run it again.
        OSError: the disk is full or the home cannot be written; run it again.
    """
    maison.mkdir(parents=True, exist_ok=True)
    with verrouiller(maison) as verrou:
        partager_bases(maison)
        connus, voulus = set(canaux_de_kolibri(maison)), _canaux_voulus(maison, contenu)
        empreinte = _empreinte(reglages, voulus)
        if _est_prete(maison, empreinte, voulus):
            return Preparation(maison=maison, canaux=voulus, change=False)
        (maison / "pirogue_etat.json").unlink(missing_ok=True)
        ouvrir_chantier(maison, modele, progres)
        ecrire_cles(maison)
        ecrire(maison / "options.ini", options(reglages), droits=0o640)
        if contenu is not None:
            progres("Kolibri : copie des leçons")
            a_prendre = set(canaux_du_dossier(contenu)) & set(voulus) - connus
            apporter(contenu, maison, tuple(a_prendre))
        ordres: dict[str, object] = {
            "nom": reglages.nom,
            "admin": ADMIN,
            "mot_de_passe": (maison / MOT_DE_PASSE).read_text(encoding="utf-8").strip(),
            "canaux": [{"id": canal.canal_id, "version": canal.version} for canal in voulus],
        }
        lancer(ordres, maison, verrou, progres)
        partager_bases(maison)
        (maison / CHANTIER).unlink(missing_ok=True)
        ecrire(maison / "pirogue_etat.json", json.dumps({"empreinte": empreinte}), droits=0o640)
        return Preparation(maison=maison, canaux=voulus, change=True)


def commande(maison: Path) -> list[str]:
    """
    Return the command that runs Kolibri in the foreground, to be started with `environnement`.

    Raises:
        KolibriNonPret: the home has never been wholly prepared.
    """
    if (maison / CHANTIER).exists() or not (maison / "db.sqlite3").exists():
        raise KolibriNonPret("La préparation de Kolibri n'est pas finie.")
    return [sys.executable, "-m", "kolibri", "start", "--foreground"]


def environnement(maison: Path) -> dict[str, str]:
    """Return the variables that every Kolibri process of this home needs, to be laid over the current ones."""
    return {
        "KOLIBRI_HOME": str(maison.resolve()),
        "DJANGO_SETTINGS_MODULE": "pirogue_kolibri.reglages_django",
        "KOLIBRI_PLUGIN_APPLY": ",".join(PLUGINS),
        "KOLIBRI_NO_FILE_BASED_LOGGING": "1",
        "KOLIBRI_DISABLE_REQUEST_LOGGING": "1",
        "PYTHONUNBUFFERED": "1",
        "TZ": "Africa/Porto-Novo",
    }


def _canaux_voulus(maison: Path, contenu: Path | None) -> tuple[Canal, ...]:
    """Return the channels that must be there at the end: for each id, the greatest version known."""
    choix: dict[str, Canal] = {canal.canal_id: canal for canal in canaux_de_kolibri(maison)}
    for canal in canaux_du_dossier(contenu) if contenu is not None else ():
        ancien = choix.get(canal.canal_id)
        if ancien is None or canal.version > ancien.version:
            choix[canal.canal_id] = canal
    return tuple(choix[cle] for cle in sorted(choix))


def _empreinte(reglages: Reglages, canaux: tuple[Canal, ...]) -> str:
    """Return a digest of all that the home depends on."""
    try:
        kolibri = version("kolibri")
    except PackageNotFoundError as erreur:
        raise KolibriNonPret(
            "Kolibri n'est pas installé.", geste="Relance l'installation, puis recommence."
        ) from erreur
    somme = hashlib.sha256()
    for fichier in ("preparation.py", "francais.json", "francais.py"):
        somme.update(files("pirogue_kolibri").joinpath(fichier).read_bytes())
    parts = [kolibri, PLUGINS, asdict(reglages), [asdict(canal) for canal in canaux], options(reglages)]
    somme.update(json.dumps(parts, sort_keys=True).encode())
    return somme.hexdigest()


def _est_prete(maison: Path, empreinte: str, canaux: tuple[Canal, ...]) -> bool:
    """Tell whether an earlier run went to its end with the same orders and its work is still there."""
    if not all((maison / nom).exists() for nom in (CLE_DJANGO, CLE_ENTREE, MOT_DE_PASSE, "options.ini")):
        return False
    try:
        etat = json.loads((maison / "pirogue_etat.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return etat == {"empreinte": empreinte} and canaux_de_kolibri(maison) == canaux


def options(reglages: Reglages) -> str:
    """Return Kolibri's options.ini."""
    r = replace(reglages, base_portail=reglages.base_portail.rstrip("/"))
    lignes = {
        "Cache": {"CACHE_BACKEND": "memory"},
        "Server": {"CHERRYPY_THREAD_POOL": "24", "CHERRYPY_QUEUE_SIZE": "60"},
        "Urls": {
            "CENTRAL_CONTENT_BASE_URL": "http://127.0.0.1:9",
            "DATA_PORTAL_SYNCING_BASE_URL": "http://127.0.0.1:9",
        },
        "Deployment": {
            "HTTP_PORT": str(r.port),
            "ZIP_CONTENT_PORT": str(r.port_zip),
            "ZIP_CONTENT_ORIGIN": r.origine_zip,
            "LISTEN_ADDRESS": r.ecoute,
            "URL_PATH_PREFIX": f"{r.prefixe.strip('/')}/" if r.prefixe.strip("/") else "/",
            "RUN_MODE": "pirogue",
            "DISABLE_PING": "True",
            "ZEROCONF_ENABLED": "False",
            "LANGUAGES": "fr-fr",
            "MINIMUM_DISK_SPACE": "250MB",
        },
        "Tasks": {"REGULAR_PRIORITY_WORKERS": "1", "HIGH_PRIORITY_WORKERS": "1"},
        "Pirogue": {
            "PORTAIL": r.base_portail + "/",
            "CHEMIN": r.base_portail + r.chemin,
            "FORMATEUR": r.base_portail + r.formateur,
        },
    }
    return "".join(
        f"[{titre}]\n" + "".join(f"{cle} = {valeur}\n" for cle, valeur in cles.items() if valeur) + "\n"
        for titre, cles in lignes.items()
    )


def lancer(ordres: dict[str, object], maison: Path, verrou: int, progres: Callable[[str], None]) -> None:
    """
    Run the part that needs Kolibri, in one process of its own, and pass on its steps.

    That process dies with us (it asks the kernel to) and holds our lock until it has died.

    Raises:
        KolibriNonPret: it failed; its log is in `pirogue_preparation.log`.
    """
    journal = maison / "pirogue_preparation.log"
    with journal.open("w", encoding="utf-8") as log:
        processus = subprocess.Popen(
            [sys.executable, "-m", "pirogue_kolibri.preparation"],
            env=os.environ | environnement(maison),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            encoding="utf-8",
            pass_fds=(verrou,),
        )
        with processus:
            assert processus.stdin is not None
            assert processus.stdout is not None
            processus.stdin.write(json.dumps(ordres))
            processus.stdin.close()
            for ligne in processus.stdout:
                if ligne.startswith(_MARQUE):
                    progres(f"Kolibri : {ligne.removeprefix(_MARQUE).strip()}")
                else:
                    log.write(ligne)
    if processus.returncode != 0:
        raise KolibriNonPret(f"La préparation de Kolibri s'est arrêtée (voir {journal.name}).")
