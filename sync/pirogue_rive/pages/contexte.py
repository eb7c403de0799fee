"""What every view needs: the open shore, with the keys that are in its folder now, who signed, a French refusal."""

import threading

from flask import Flask, Response, current_app, flash, g, request

from pirogue_echange import cles as trousseau
from pirogue_echange import demande
from pirogue_rive import demandes, mises_de_cote
from pirogue_rive.config import Rive
from pirogue_socle.erreurs import ErreurPirogue

PAS_CONNU = "Cette rive ne connaît pas ce relais."
_VERROU = threading.Lock()


def rive() -> Rive:
    """Return the open shore; keys that another process changed are read again."""
    with _VERROU:
        ouverte: Rive = current_app.extensions["rive"]
        lue = current_app.extensions["rive_cles"]
        marque = _marque(ouverte)
        if marque != lue:
            neuves = trousseau.charger(ouverte.dossier / "cles.json")
            ouverte = Rive(moteur=ouverte.moteur, cles=neuves, dossier=ouverte.dossier)
            current_app.extensions.update(rive=ouverte, rive_cles=marque)
        return ouverte


def installer(app: Flask, ouverte: Rive) -> None:
    """Keep the open shore with the application, and tell every page who reads it and what waits."""
    app.extensions.update(rive=ouverte, rive_cles=_marque(ouverte))

    @app.context_processor
    def _commun() -> dict[str, object]:
        compte = g.get("compte")
        if compte is None or compte.a_changer:
            return {"moi": None, "carte": rive().cles.carte}
        attentes = len(demandes.lister(rive())) if compte.peut("accueillir") else 0
        return {
            "moi": compte,
            "carte": rive().cles.carte,
            "attentes": attentes,
            "a_regarder": mises_de_cote.compter(rive()),
        }


def dire(erreur: ErreurPirogue) -> None:
    """Show an expected error at the top of the next page."""
    flash(f"{erreur} {erreur.geste}", "erreur")


def signee_par(relais: str) -> bool:
    """Say whether a relay signed the address of this request, as it was sent, from `/v1/` on."""
    brute = str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path)
    signe = request.headers.get(demande.ENTETE, "")
    return demande.est_de(relais, brute[brute.find("/v1/") :], signe, annuaire=rive().annuaire())


def texte(statut: int, phrase: str) -> Response:
    """Return a refusal for a machine: one French sentence."""
    return Response(f"{phrase}\n", status=statut, mimetype="text/plain")


def _marque(ouverte: Rive) -> tuple[int, int]:
    etat = (ouverte.dossier / "cles.json").stat()
    return etat.st_ino, etat.st_mtime_ns
