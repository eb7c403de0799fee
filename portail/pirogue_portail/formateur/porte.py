"""
The door of the trainers' pages: signed in, own code chosen, date confirmed; then the page.

Whoever is stopped at the door finds what she was doing behind it (`reprise`).
"""

from functools import partial
from typing import cast

from flask import g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import postes
from pirogue_portail.contexte import registre
from pirogue_portail.formateur import mots, reprise, temoin
from pirogue_portail.formateur.temoin import Temoin
from pirogue_registre import ancres, codes, comptes, envois
from pirogue_registre.comptes import Compte
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import dire_heure, dire_jour, maintenant
from pirogue_socle.ids import nouvel_id

#: Who works with youths' names; a field agent sees none (domain page §7).
ROLES = ("formateur", "coordinateur")

SANS_CODE = {"formateur.qui", "formateur.code", "formateur.verifier_code", "formateur.sortir"}
SANS_CODE_A_SOI = {"formateur.choisir_code", "formateur.garder_code"}
#: Pages with names and nothing to type: they ask for themselves again just after the door shuts, so the names leave
#: the screen; a form is never reloaded under the pen.
NOMS = {f"formateur.{nom}" for nom in ("aujourdhui", "appel", "groupe", "bilan_seance", "carte", "voir_reseau")}
SANS_DATE = {"formateur.date", "formateur.repondre_date"}


def moi() -> Compte:
    """Return the trainer whose page this is."""
    return cast(Compte, g.formateur)


def auteur() -> str:
    """Return the id that the journal keeps for what she does."""
    return moi().compte_id


def compte_du_temoin(lu: Temoin | None) -> Compte | None:
    """Return the account of a cookie, None without one or when the account is closed."""
    try:
        compte = comptes.lire(registre(), lu.compte_id) if lu is not None else None
    except Introuvable:
        return None
    return compte if compte is not None and compte.role in ROLES else None


def garder() -> Response | str | None:
    """Stop at the door whoever has no right, no code of her own, or has not confirmed the date."""
    if request.endpoint in SANS_CODE:
        return None
    instant, lu = maintenant(), temoin.lire()
    compte = compte_du_temoin(lu)
    if lu is None or compte is None:
        return redirect(url_for("formateur.qui"), code=303)
    appareil = postes.celui_ci(instant)
    if not lu.est_frais(instant) or not lu.vient_de(appareil):
        jeton = reprise.sceller(compte.compte_id)
        return make_response(render_template("formateur/code.html", compte=compte, reprise=jeton, repos=True), 403)
    g.formateur = compte
    g.temoin = Temoin(compte.compte_id, instant.boot_id, instant.bt_ns, lu.appareil or appareil or "")
    a_choisir = comptes.a_changer(registre(), compte.compte_id)
    if a_choisir != (request.endpoint in SANS_CODE_A_SOI):  # once chosen, a code is not changed from an open screen
        return redirect(url_for("formateur.choisir_code" if a_choisir else "formateur.aujourdhui"), code=303)
    if a_choisir or request.endpoint in SANS_DATE or ancres.est_confirmee(registre(), instant=instant):
        return None
    jeton = reprise.sceller(compte.compte_id)
    return make_response(render_template("formateur/date.html", **mots.date_proposee(registre(), instant, jeton)))


def toucher(reponse: Response) -> Response:
    """Keep in the cookie that the trainer is here."""
    if "temoin" in g:
        temoin.poser(reponse, g.temoin)
        if request.endpoint in NOMS and reponse.status_code == 200:
            reponse.headers["Refresh"] = str(temoin.REPOS_NS // 1_000_000_000 + 2)
    return reponse


def donner_mots() -> dict[str, object]:
    """Give every trainers' page its words, and the chip of the header once signed in."""
    donnes: dict[str, object] = {
        "dire_jour": dire_jour,
        "dire_heure": dire_heure,
        "libelle": partial(codes.libelle, registre()),
        "mots": mots,
        "numero": nouvel_id,
    }
    if "formateur" in g:
        donnes |= {"moi": moi(), "puce": envois.etat_puce(registre())}
    return donnes


def dire_fait(erreur: ErreurPirogue) -> tuple[str, int]:
    """Show an expected fact that no page had a better place for."""
    statut = 404 if isinstance(erreur, Introuvable) else 400
    return render_template("formateur/erreur.html", erreur=erreur), statut
