"""
The ways of a line from the roll to its receipt, each a function of one folder, to be broken at every call (`pannes`).

The folder holds `registre`, `cles` (the boat's keyring), `cle` (a stick), `terre` (the shore), `acquis` (one empty
folder per acknowledged act: a mark that none of the injected calls makes).
"""

from pathlib import Path

from equipage import Horloge
from pirogue_registre import base, presences, reglages
from pirogue_registre.base import Registre
from pirogue_rive import app as web
from pirogue_rive import arrivees
from pirogue_rive import cle as cle_rive
from pirogue_rive import config as rives
from pirogue_rive.config import ConfigRive
from pirogue_socle.horloge import Instant
from pirogue_sync import cle as cle_bord
from pirogue_sync import quatre_g, trousseau
from pirogue_sync.trousseau import Trousseau

MIDI = Instant("rive", 1, 1_741_086_000_000)


def ouvrir(dossier: Path) -> tuple[Registre, Trousseau]:
    """Open the boat of a folder."""
    registre = base.ouvrir(dossier / "registre")
    return registre, trousseau.charger(dossier / "cles", reglages.lire(registre, "relais"), "Pirogue 1")


def bateau(dossier: Path) -> None:
    """Log → seal → publish: three marks on the roll, then the stick."""
    registre, cles = ouvrir(dossier)
    horloge = Horloge()
    seance, personne, auteur = registre.db.execute(
        "SELECT seance_id, (SELECT personne_id FROM jeune), formateur FROM seance WHERE statut = 'ouverte'"
    ).fetchone()
    for rang, etat in enumerate(("present", "absent", "excuse")):
        presences.pointer(registre, seance_id=seance, personne_id=personne, etat=etat, instant=horloge(), auteur=auteur)
        (dossier / "acquis" / f"{rang}-{etat}").mkdir()
    cle_bord.echanger(registre, dossier=dossier / "cle", trousseau=cles, instant=horloge())


def rive(dossier: Path) -> None:
    """Ingest → receipt: the stick at the shore."""
    with rives.ouvrir(ConfigRive(dossier / "terre")) as ouverte:
        arrivees.rattraper(ouverte, instant=MIDI)
        cle_rive.prendre_cle(ouverte, dossier=dossier / "cle", instant=MIDI)


def retour(dossier: Path) -> None:
    """Receipt home: the stick is back on the boat."""
    registre, cles = ouvrir(dossier)
    cle_bord.echanger(registre, dossier=dossier / "cle", trousseau=cles, instant=Horloge()())


def rive_par_reseau(dossier: Path) -> None:
    """The shore's real application takes one request's lots in and answers with receipts."""
    corps = b"".join(chemin.read_bytes() for chemin in sorted((dossier / "cle/PIROGUE/montee").glob("*.lot")))
    client = web.creer_app(ConfigRive(dossier / "terre")).test_client()
    reponse = client.post("/v1/lots", data=corps, content_type="application/x-pirogue-lot")
    if reponse.status_code >= 500:
        raise rives.RiveIllisible("La rive a répondu qu'elle avait un problème.")


def bateau_par_reseau(dossier: Path) -> None:
    """Log → seal → send, to a shore that answers from another process."""
    registre, cles = ouvrir(dossier)
    url = (dossier / "url").read_text(encoding="ascii")
    quatre_g.echanger(registre, url=url, trousseau=cles, instant=Horloge()())
