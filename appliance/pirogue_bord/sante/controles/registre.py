"""Is the register sound? The hourly check's verdict (before the first, one made now, bounded), its last line."""

import sqlite3
import time
from pathlib import Path

from pirogue_bord import guerir, guerir_registre
from pirogue_bord.sante import registre_lu
from pirogue_bord.sante.lectures import SansReponse, Vu, dire_duree, objet, sous
from pirogue_registre import journal
from pirogue_socle.config import Config
from pirogue_socle.horloge import Instant

TITRE = "Registre"
GESTE = "Ne débranche rien, n'éteins pas. Note l'appel sur papier, et appelle le coordinateur."
#: How long a check made here may take, seconds; SQLite asks every so many steps of its machine.
DELAI_S, PAS = 3.0, 20_000


def regarder(config: Config, *, instant: Instant, racine: Path) -> Vu:
    """See the file, what the last whole check said of it, the age of the last line of this start."""
    dossier = sous(racine, config.registre)
    fichier = dossier / guerir_registre.FICHIER
    copies = guerir.lister(fichier)
    mesures: dict[str, float | int | str] = {"copies": len(copies)}
    if not fichier.exists() or not fichier.stat().st_size:
        if copies:
            return Vu("panne", "Le registre a disparu, mais la boîte en garde une copie.", GESTE, mesures)
        raise SansReponse("il n'y a pas encore de registre")
    mesures["taille_ko"] = fichier.stat().st_size // 1000
    reproche = _reproche(config, instant, racine)
    if reproche:
        mesures["reproche"] = reproche
        return Vu("panne", "Le registre est abîmé.", GESTE, mesures)
    with registre_lu.lire(config, racine) as registre:
        lignes = journal.dernier(registre)
        derniere = registre.db.execute("SELECT boot_id, bt_ns FROM evenement WHERE seq = ?", (lignes,)).fetchone()
    mesures["lignes"] = lignes
    if derniere is None:
        return Vu("bon", "Le registre est vide et sain.", mesures=mesures)
    if derniere["boot_id"] != instant.boot_id:
        return Vu("bon", "Le registre est sain ; rien n'y a été écrit depuis l'allumage.", mesures=mesures)
    age_s = max(0, (instant.bt_ns - derniere["bt_ns"]) // 1_000_000_000)
    mesures["derniere_ecriture_s"] = age_s
    return Vu("bon", f"Le registre est sain ; dernière écriture il y a {dire_duree(age_s)}.", mesures=mesures)


def _reproche(config: Config, instant: Instant, racine: Path) -> str:
    """Return what the last whole check of this start reproached it with; without one, what SQLite says now."""
    dit = objet(sous(racine, config.registre) / guerir.DOSSIER / guerir_registre.VERDICT)
    if dit is not None and dit.get("boot_id") == instant.boot_id:
        return str(dit.get("reproche", ""))
    limite = time.monotonic() + DELAI_S
    try:
        with registre_lu.lire(config, racine) as registre:
            registre.db.set_progress_handler(lambda: time.monotonic() > limite, PAS)
            lu = registre.db.execute("PRAGMA quick_check(1)").fetchone()
            return "" if lu is not None and lu[0] == "ok" else str(lu and lu[0])
    except SansReponse as cause:
        if isinstance(cause.__cause__, sqlite3.OperationalError):
            return ""  # too long, or busy: the hourly check will say
        return str(cause)
