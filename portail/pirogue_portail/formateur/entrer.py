"""Coming in: name, PIN, a code of one's own the first time, the date once per boot, and going out."""

import datetime
import re

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import postes
from pirogue_portail.contexte import registre
from pirogue_portail.formateur import mots, porte, reprise, temoin
from pirogue_portail.formateur.saisie import lire_heure
from pirogue_portail.formateur.temoin import Temoin
from pirogue_portail.postes import Occupant
from pirogue_registre import ancres, comptes
from pirogue_registre.comptes import CodeBloque, CodeFaux, Compte
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue, Introuvable
from pirogue_socle.horloge import NS_PAR_MS, depuis_civil, maintenant

Page = str | Response | tuple[str, int]

SUITES = "0123456789012 9876543210987"
JOUR_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
JOUR_DIT = re.compile(r"(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})")


def _formateur(compte_id: str) -> Compte:
    """Return the account of a tile; raises Introuvable for anybody who has no page here."""
    compte = comptes.lire(registre(), compte_id)
    if compte.role not in porte.ROLES:
        raise Introuvable("Ce compte n'existe pas ou n'est plus actif.")
    return compte


def qui() -> Page:
    """Show the tiles of the trainers; whoever is signed in goes on."""
    lu = temoin.lire()
    if lu is not None and lu.est_frais(maintenant()) and porte.compte_du_temoin(lu) is not None:
        return redirect(url_for("formateur.aujourdhui"), code=303)
    tuiles = [compte for compte in comptes.lister(registre()) if compte.role in porte.ROLES]
    return render_template("formateur/qui.html", tuiles=tuiles)


def code(compte_id: str) -> Page:
    """Ask for the PIN."""
    return render_template("formateur/code.html", compte=_formateur(compte_id), reprise="", repos=False)


def verifier_code(compte_id: str) -> Page:
    """Open the door, and go back to what was being done; a wrong PIN says how many tries are left."""
    compte, instant = _formateur(compte_id), maintenant()
    pin, jeton = "".join(request.form.get("pin", "").split()), request.form.get("reprise", "")
    try:
        comptes.verifier_pin(registre(), compte_id=compte_id, pin=pin, instant=instant)
    except (CodeFaux, CodeBloque) as erreur:
        page = render_template("formateur/code.html", compte=compte, reprise=jeton, repos=False, erreur=erreur)
        return page, 403
    postes.saluer(instant, occupant=Occupant(compte_id=compte_id))
    reponse = make_response(reprise.suivre(jeton, compte_id=compte_id))
    temoin.poser(reponse, Temoin(compte_id, instant.boot_id, instant.bt_ns, postes.celui_ci(instant) or ""))
    return reponse


def choisir_code() -> Page:
    """Ask for a code of one's own."""
    return render_template("formateur/choisir_code.html")


def garder_code() -> Page:
    """Keep the code that was typed twice."""
    pin, encore = ("".join(request.form.get(nom, "").split()) for nom in ("pin", "encore"))
    try:
        _juger_code(pin, encore)
        comptes.changer_pin(registre(), compte_id=porte.auteur(), pin=pin)
    except ErreurPirogue as erreur:
        return render_template("formateur/choisir_code.html", erreur=erreur), 400
    flash("C'est ton code maintenant. Garde-le pour toi.", "succes")
    return redirect(url_for("formateur.aujourdhui"), code=303)


def _juger_code(pin: str, encore: str) -> None:
    """
    Refuse a code typed two ways, one that anybody would try first, and the one-time code itself.

    Her own code sent a second time (the first answer was lost) is not the one-time code: it is kept again.
    """
    if pin != encore:
        raise EntreeInvalide("Les deux codes ne sont pas pareils.", geste="Écris deux fois le même code.")
    if len(set(pin)) == 1 or (len(pin) >= 6 and pin in SUITES):
        raise EntreeInvalide("Ce code est trop facile à deviner.", geste="Choisis d'autres chiffres.")
    if not comptes.a_changer(registre(), porte.auteur()):
        return
    try:
        comptes.verifier_pin(registre(), compte_id=porte.auteur(), pin=pin, instant=maintenant())
    except (CodeFaux, CodeBloque):
        return
    raise EntreeInvalide("C'est le code qu'on t'a donné.", geste="Choisis un code que toi seul·e connais.")


def date() -> Page:
    """Show the date that the box believes, to be corrected."""
    return render_template("formateur/date.html", **mots.date_proposee(registre(), maintenant(), ""))


def repondre_date() -> Page:
    """Anchor this boot's time: what was shown (and the time passed since), or what was typed."""
    champs, instant = request.form, maintenant()
    jeton = champs.get("reprise", "")
    try:
        if champs.get("reponse") == "oui":
            utc_ms = _date_vue(champs.get("vu", ""), boot_id=instant.boot_id, bt_ns=instant.bt_ns)
        else:
            utc_ms = lire_date(champs.get("jour", ""), champs.get("heure", ""))
        ancres.confirmer_date(registre(), utc_ms=utc_ms, source="formateur", instant=instant, auteur=porte.auteur())
    except ErreurPirogue as erreur:
        proposee = mots.date_proposee(registre(), instant, jeton)
        tapee = {nom: champs.get(nom) or proposee[nom] for nom in ("jour", "heure")}
        return render_template("formateur/date.html", **proposee | tapee | {"connue": False, "erreur": erreur}), 400
    return make_response(reprise.suivre(jeton, compte_id=porte.auteur()))


def _date_vue(vu: str, *, boot_id: str, bt_ns: int) -> int:
    """Return the date that was on the screen, plus the time since (CLOCK_BOOTTIME); raises EntreeInvalide."""
    morceaux = vu.split(" ")
    if len(morceaux) != 3 or morceaux[0] != boot_id or not (morceaux[1] + morceaux[2]).isdecimal():
        raise EntreeInvalide("La boîte a redémarré depuis.", geste="Regarde encore la date.")
    utc_ms, vu_ns = int(morceaux[1][:15]), int(morceaux[2][:20])
    return utc_ms + max(0, bt_ns - vu_ns) // NS_PAR_MS


def lire_date(jour: str, heure: str) -> int:
    """
    Return milliseconds since 1970 UTC of a typed day (`2025-03-04`, `4/3/2025`) and hour (`07:46`, `7h46`).

    Raises:
        EntreeInvalide: not a day or not an hour.
    """
    iso, dit, lue = JOUR_ISO.fullmatch(jour.strip()), JOUR_DIT.fullmatch(jour.strip()), lire_heure(heure)
    try:
        if iso:
            return depuis_civil(datetime.date(int(iso[1]), int(iso[2]), int(iso[3])), lue)
        if dit:
            return depuis_civil(datetime.date(int(dit[3]), int(dit[2]), int(dit[1])), lue)
    except ValueError as cause:
        raise EntreeInvalide("Ce jour n'existe pas.", geste="Écris par exemple 04/03/2025.") from cause
    raise EntreeInvalide("Je ne comprends pas ce jour.", geste="Écris par exemple 04/03/2025.")


def sortir() -> Page:
    """Shut the door; the laptop is nobody's any more."""
    postes.lever(maintenant())
    reponse = make_response(redirect(url_for("formateur.qui"), code=303))
    temoin.retirer(reponse)
    return reponse
