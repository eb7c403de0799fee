"""«Réseau»: who is connected, the way to the Internet, half an hour of it for one laptop, «Nouvelle séance»."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from pirogue_portail import aide_reseau, postes, reseau
from pirogue_portail.captif import accueil
from pirogue_portail.contexte import config, registre
from pirogue_portail.formateur import mots
from pirogue_portail.formateur.saisie import exiger
from pirogue_portail.postes import Occupant
from pirogue_portail.reseau import Acces, Reseau
from pirogue_registre import comptes, connexions, jeunes
from pirogue_socle.erreurs import ErreurPirogue, Introuvable
from pirogue_socle.horloge import Instant, maintenant


@dataclass(frozen=True, slots=True)
class Poste:
    """
    A laptop of the page.

    Attributes:
        ip: its address; empty when nobody could say.
        appareil: its hardware address.
        numero: the last figure of its address, else the end of its hardware address.
        qui: first names of who signed in from it; empty if nobody did.
        accueilli: it has passed the welcome page.
        moi: this page is shown on it.
        acces: the Internet that it was granted.
    """

    ip: str
    appareil: str
    numero: str
    qui: str
    accueilli: bool
    moi: bool
    acces: Acces | None


def voir_reseau() -> str:
    """Show the network; without root's helper, what the portal knows by itself."""
    instant = maintenant()
    try:
        etat = reseau.lire(config().actions)
    except reseau.ReseauMuet as erreur:
        etat = reseau.muet(erreur)
    lignes = _postes(etat, instant)
    return render_template(
        "formateur/reseau.html",
        etat=etat,
        postes=lignes,
        nombre=etat.stations.nombre if etat.stations else len(lignes),
        maximum=etat.stations.maximum if etat.stations else config().stations_max,
        tailles=reseau.TAILLES_MO,
        duree_min=reseau.ACCES_S // 60,
        captif=config().accueil is not None,
    )


def _postes(etat: Reseau, instant: Instant) -> list[Poste]:
    """Return a line for each device that the box sees, in the order of their numbers; unseen, for each one greeted."""
    fichier = config().accueil
    accueillis = accueil.accueillis(fichier, instant=instant) if fichier is not None else {}
    ici, assis = postes.celui_ci(instant), postes.occupants()
    vus = sorted(etat.voisins.items(), key=lambda un: (len(un[0]), un[0]))
    if etat.muet:
        vus = [("", appareil) for appareil in sorted(accueillis)]
    return [
        Poste(
            ip=ip,
            appareil=appareil,
            numero=ip.rpartition(".")[2] or appareil[-5:],
            qui=_nommer(assis.get(appareil)),
            accueilli=appareil in accueillis,
            moi=appareil == ici,
            acces=etat.acces.get(ip),
        )
        for ip, appareil in vus
    ]


def _nommer(occupant: Occupant | None) -> str:
    """Return the first names of whoever is signed in from a device now; nothing once they left."""
    if occupant is None:
        return ""
    try:
        if occupant.compte_id:
            return comptes.lire(registre(), occupant.compte_id).nom
        connexion = connexions.lire(registre(), occupant.connexion_id)
        ids = (connexion.personne_id, connexion.binome_avec) if connexion is not None else ()
        return mots.enumerer(jeunes.lire(registre(), un).prenom for un in ids if un is not None)
    except Introuvable:
        return ""


def donner_internet() -> Response:
    """Grant one laptop half an hour, for as many megabytes as the button says."""
    ip, taille = request.form.get("ip", ""), request.form.get("mo", "")
    try:
        exiger(taille, {str(une) for une in reseau.TAILLES_MO}, phrase="Touche 20, 50 ou 100 Mo.")
        reseau.accorder(config().actions, ip=ip, taille_mo=int(taille))
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir(f"L'ordinateur {ip.rpartition('.')[2]} a Internet, pour {reseau.ACCES_S // 60} minutes.")


def couper_internet() -> Response:
    """Take a grant back."""
    ip = request.form.get("ip", "")
    try:
        reseau.retirer(config().actions, ip=ip)
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir(f"Internet est coupé pour l'ordinateur {ip.rpartition('.')[2]}.")


def revoir_accueil() -> Response:
    """Make one laptop new again: it sees the welcome page."""
    try:
        postes.oublier(maintenant(), appareil=request.form.get("appareil", ""))
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir("Cet ordinateur va revoir la page d'accueil.")


def nouvelle_seance() -> Response:
    """Make every laptop new again: another class comes aboard."""
    try:
        postes.oublier(maintenant())
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir("Tous les ordinateurs vont revoir la page d'accueil.")


def relancer_wifi() -> Response:
    """Start the access point again."""
    try:
        reseau.relancer(config().actions)
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir("Le Wi-Fi redémarre : il revient dans une minute.")


def remettre_forfait() -> Response:
    """Count a bundle from nothing again."""
    try:
        reseau.remettre(config().actions, forfait=request.form.get("forfait", ""))
    except ErreurPirogue as erreur:
        return _revenir(erreur)
    return _revenir("La boîte s'en occupe. Touche « Regarder encore » dans une minute : le compte repart de zéro.")


def _revenir(suite: str | ErreurPirogue) -> Response:
    """Say what was done, or why not, and go back to the page."""
    if isinstance(suite, ErreurPirogue):
        flash(f"{suite} {suite.geste}", "erreur")
    else:
        flash(suite, "succes")
    return redirect(url_for("formateur.voir_reseau"), code=303)


def aider_reseau() -> str:
    """«Je ne vois pas la page», in the trainers' frame."""
    return aide_reseau.montrer_choix(
        cadre="formateur/page.html", page="formateur.aider_systeme", retour="formateur.voir_reseau"
    )


def aider_systeme(code: str) -> str:
    """The steps of one system, in the trainers' frame."""
    return aide_reseau.montrer_systeme(
        code, cadre="formateur/page.html", choisir="formateur.aider_reseau", retour="formateur.voir_reseau"
    )
