"""
A Kolibri home for every box: databases made, lessons imported, and nothing that belongs to one machine.

An image carries it, and a box's first start begins from a copy: making the databases is most of a first start.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from pirogue_contenus.kolibri_boite import Reglages, lancer, options
from pirogue_contenus.kolibri_canal import apporter, canaux_du_dossier
from pirogue_contenus.kolibri_maison import CLE_DJANGO, CLE_ENTREE, MOT_DE_PASSE, ecrire, ecrire_cles, verrouiller

#: What Kolibri makes again by itself, what is this machine's, and the lessons' files, which `contenu` holds.
_RESTES = ("content", "process_cache", "logs", "options.ini", "pirogue_preparation.log", "pirogue_verrou")


def modeler(contenu: Path, modele: Path, *, progres: Callable[[str], None]) -> None:
    """
    Make `modele` anew: to be copied by `kolibri_boite.preparer` into an empty home.

    Args:
        contenu: folder made by the channel builder.
        modele: the folder to make; whatever it held is thrown away.
        progres: called with a short French phrase at the beginning of each step.

    Raises:
        KolibriNonPret: Kolibri is not installed, the lessons are damaged, or a step failed.
        OSError: the folder cannot be written.
    """
    shutil.rmtree(modele, ignore_errors=True)
    modele.mkdir(parents=True)
    canaux = canaux_du_dossier(contenu)
    with verrouiller(modele) as verrou:
        ecrire_cles(modele)
        ecrire(
            modele / "options.ini",
            options(Reglages(nom="", base_portail="http://127.0.0.1", port=8081, port_zip=8082)),
            droits=0o640,
        )
        apporter(contenu, modele, canaux)
        ordres: dict[str, object] = {
            "nom": None,
            "canaux": [{"id": canal.canal_id, "version": canal.version} for canal in canaux],
        }
        lancer(ordres, modele, verrou, progres)
        for nom in (*_RESTES, CLE_DJANGO, CLE_ENTREE, MOT_DE_PASSE):
            reste = modele / nom
            shutil.rmtree(reste) if reste.is_dir() else reste.unlink(missing_ok=True)
