"""Coming aboard: welcome, tile, three pictures, «C'est toi ?», «Vous êtes deux ?». No page needs JavaScript."""

from dataclasses import dataclass, replace

from flask import flash, render_template, request
from werkzeug.wrappers import Response

from pirogue_portail.contexte import registre
from pirogue_portail.jeune import etat
from pirogue_portail.jeune.etat import Embarquement
from pirogue_portail.jeune.plan import vers
from pirogue_registre import connexions, jeunes, seances
from pirogue_registre.jeunes import IMAGES, Jeune
from pirogue_registre.lieux import lire_groupe
from pirogue_registre.seances import Seance
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import maintenant

ESSAIS_MAX = 3
LONGUEUR = 3


@dataclass(frozen=True, slots=True)
class Pas:
    """Where this browser is in the sign-in: today's session, the step of the cookie, the trainee of the tile."""

    seance: Seance
    etape: Embarquement
    jeune: Jeune | None
    tuiles: list[Jeune]


def _pas() -> Pas | None:
    """
    Return where this browser is; None when there is no sign-in to do (no session, or already signed in).

    The tiles are today's group, less whoever this browser already holds. A step that names someone who is not
    (any more) among them is as if no tile were touched.
    """
    seance = seances.en_cours(registre())
    if seance is None:
        return None
    etape, deja = etat.embarquement(), etat.connexion_en_cours()
    if etape.second != (deja is not None):
        return None
    a_bord = {deja.personne_id, deja.binome_avec} if deja is not None else set()
    tuiles = [un for un in jeunes.lister(registre(), seance.groupe_id) if un.personne_id not in a_bord]
    jeune = next((un for un in tuiles if un.personne_id == etape.personne_id), None)
    return Pas(seance, etape, jeune, tuiles)


def qui() -> str | Response:
    """Show today's tiles, or that the session is not open."""
    pas = _pas()
    if pas is None:
        if seances.en_cours(registre()) is None:
            return render_template("jeune/fermee.html")
        return vers("accueil")
    groupe = lire_groupe(registre(), pas.seance.groupe_id)
    return render_template("jeune/qui.html", groupe=groupe, tuiles=pas.tuiles, second=pas.etape.second)


def choisir() -> Response:
    """Keep the tile that was touched; an id that is not on today's list is told so."""
    pas = _pas()
    if pas is None:
        return vers("qui")
    voulu = request.form.get("personne", "")
    if voulu not in {un.personne_id for un in pas.tuiles}:
        flash("Ce nom n'est pas dans la liste d'aujourd'hui. Touche ton nom.", "erreur")
        return vers("qui")
    etat.retenir(Embarquement(personne_id=voulu, second=pas.etape.second))
    return vers("images")


def images() -> str | Response:
    """Show the twelve pictures, those already touched first."""
    pas = _pas()
    if pas is None or pas.jeune is None:
        return vers("qui")
    if pas.etape.reconnue:
        return vers("toi")
    return render_template(
        "jeune/images.html",
        jeune=pas.jeune,
        choisies=pas.etape.images,
        toutes=IMAGES,
        longueur=LONGUEUR,
        second=pas.etape.second,
    )


def toucher_image() -> Response:
    """Add one picture; at the third, look whether they are hers. The same picture twice counts once."""
    pas = _pas()
    if pas is None or pas.jeune is None or pas.etape.reconnue:
        return vers("images")
    image, etape = request.form.get("image", ""), pas.etape
    if image not in IMAGES:
        flash("Cette image n'existe pas. Touche une des douze images.", "erreur")
        return vers("images")
    if image not in etape.images:
        etape = replace(etape, images=(*etape.images, image))
    if len(etape.images) < LONGUEUR:
        etat.retenir(etape)
        return vers("images")
    if jeunes.verifier_images(registre(), personne_id=etape.personne_id, images=etape.images):
        etat.retenir(replace(etape, images=(), reconnue=True))
        return vers("toi")
    etape = replace(etape, images=(), essais=etape.essais + 1)
    if etape.essais >= ESSAIS_MAX:
        etat.retenir(Embarquement(second=etape.second))
        return vers("aide")
    etat.retenir(etape)
    flash("Ce n'est pas le bon ordre. Regarde ta carte et recommence.", "attention")
    return vers("images")


def effacer() -> Response:
    """Take back the pictures touched so far."""
    etat.retenir(replace(etat.embarquement(), images=(), reconnue=False))
    return vers("images")


def toi() -> str | Response:
    """Ask «C'est toi ?» once the pictures are right."""
    pas = _pas()
    if pas is None or pas.jeune is None or not pas.etape.reconnue:
        return vers("qui")
    return render_template("jeune/toi.html", jeune=pas.jeune, second=pas.etape.second)


def repondre_toi() -> Response:
    """Sign in on yes (she is present, the pair's second too); on no, back to the list with nothing written."""
    pas = _pas()
    if pas is None or pas.jeune is None or not pas.etape.reconnue:
        return vers("qui")
    if request.form.get("reponse") != "oui":
        etat.retenir(Embarquement(second=pas.etape.second))
        return vers("qui")
    instant, deja = maintenant(), etat.connexion_en_cours()
    personne_id = pas.jeune.personne_id
    try:
        if deja is not None:
            connexion = connexions.rejoindre(
                registre(), connexion_id=deja.connexion_id, personne_id=personne_id, instant=instant
            )
        else:
            connexion = connexions.ouvrir(
                registre(), seance_id=pas.seance.seance_id, personne_id=personne_id, instant=instant
            )
    except ErreurPirogue as erreur:
        etat.retenir(Embarquement(second=pas.etape.second))
        flash(f"{erreur} {erreur.geste}", "erreur")
        return vers("qui")
    etat.entrer(connexion, instant=instant)
    return vers("chemin" if deja is not None else "deux")


def deux() -> str | Response:
    """Ask whether two share this laptop."""
    connexion = etat.connexion_en_cours()
    if connexion is None or connexion.binome_avec is not None:
        return vers("accueil")
    return render_template("jeune/deux.html", jeune=jeunes.lire(registre(), connexion.personne_id))


def repondre_deux() -> Response:
    """Go and fetch the second one, or follow the path alone."""
    a_deux = request.form.get("reponse") == "oui"
    etat.retenir(Embarquement(second=a_deux and etat.connexion_en_cours() is not None))
    return vers("qui" if a_deux else "chemin")


def aide() -> str:
    """Ask to call the trainer: card lost, or three wrong tries. Starting again stays possible."""
    return render_template("jeune/aide.html", second=etat.embarquement().second)
