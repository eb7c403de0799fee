"""The trainers' pages, and the door before them (`porte`)."""

from flask import Blueprint

from pirogue_portail import pages
from pirogue_socle.erreurs import ErreurPirogue

blueprint = Blueprint("formateur", __name__, url_prefix="/formateur")

pages.poser(
    blueprint,
    (
        ("GET", "/", "entrer.qui"),
        ("GET", "/code/<compte_id>", "entrer.code"),
        ("POST", "/code/<compte_id>", "entrer.verifier_code"),
        ("GET", "/mon-code", "entrer.choisir_code"),
        ("POST", "/mon-code", "entrer.garder_code"),
        ("GET", "/date", "entrer.date"),
        ("POST", "/date", "entrer.repondre_date"),
        ("POST", "/sortir", "entrer.sortir"),
        ("GET", "/aujourdhui", "accueil.aujourdhui"),
        ("GET", "/ouvrir", "accueil.choisir_groupe"),
        ("GET", "/ouvrir/<groupe_id>", "accueil.preparer"),
        ("POST", "/ouvrir/<groupe_id>", "accueil.ouvrir"),
        ("GET", "/annuler", "accueil.demander_annulation"),
        ("POST", "/annuler", "accueil.annuler"),
        ("GET", "/seances/<seance_id>/appel", "appel.appel"),
        ("POST", "/seances/<seance_id>/appel/<personne_id>", "appel.toucher_ligne"),
        ("GET", "/seances/<seance_id>/appel/<personne_id>/heure", "appel.details"),
        ("POST", "/seances/<seance_id>/appel/<personne_id>/heure", "appel.garder_details"),
        ("POST", "/seances/<seance_id>/reste", "appel.marquer_reste"),
        ("POST", "/seances/<seance_id>/tetes", "appel.compter_tetes"),
        ("POST", "/seances/<seance_id>/cloturer", "appel.cloturer"),
        ("GET", "/seances/<seance_id>", "bilan.bilan_seance"),
        ("GET", "/seances/<seance_id>/corriger/<personne_id>", "bilan.corriger"),
        ("POST", "/seances/<seance_id>/corriger/<personne_id>", "bilan.garder_correction"),
        ("GET", "/groupes/nouveau", "groupes.nouveau_groupe"),
        ("POST", "/groupes/nouveau", "groupes.creer_groupe"),
        ("GET", "/groupes/<groupe_id>", "groupes.groupe"),
        ("GET", "/groupes/<groupe_id>/inscrire", "inscrire.inscrire"),
        ("POST", "/groupes/<groupe_id>/inscrire", "inscrire.ecrire_inscription"),
        ("GET", "/seances/<seance_id>/nouveau", "inscrire.nouveau"),
        ("POST", "/seances/<seance_id>/nouveau", "inscrire.ecrire_nouveau"),
        ("GET", "/jeunes/<personne_id>/completer", "inscrire.completer"),
        ("POST", "/jeunes/<personne_id>/completer", "inscrire.ecrire_complement"),
        ("GET", "/jeunes/<personne_id>/carte", "inscrire.carte"),
        ("GET", "/jeunes/<personne_id>/effacer", "effacer.demander_effacement"),
        ("POST", "/jeunes/<personne_id>/effacer", "effacer.effacer"),
        ("GET", "/notes", "notes.lister_notes"),
        ("GET", "/notes/<code>", "notes.notes"),
        ("POST", "/kolibri", "lecons.kolibri"),
        ("GET", "/donnees", "donnees.donnees"),
        ("GET", "/courrier", "courrier.courrier"),
        ("POST", "/courrier", "courrier.prendre_courrier"),
        ("GET", "/courrier/fichier", "courrier.fichier"),
        ("GET", "/rive", "rive.rive"),
        ("POST", "/rive", "rive.repondre_rive"),
        ("GET", "/cle", "cle.voir_cle"),
        ("GET", "/bateau", "etat_bateau.voir_bateau"),
        ("GET", "/eteindre", "arret.demander_arret"),
        ("POST", "/eteindre", "arret.eteindre"),
        ("GET", "/affiche", "affiche.affiche"),
        ("GET", "/affiche.pdf", "affiche.affiche_pdf"),
        ("GET", "/reseau", "reseau.voir_reseau"),
        ("POST", "/reseau/donner", "reseau.donner_internet"),
        ("POST", "/reseau/couper", "reseau.couper_internet"),
        ("POST", "/reseau/revoir", "reseau.revoir_accueil"),
        ("POST", "/reseau/nouvelle-seance", "reseau.nouvelle_seance"),
        ("POST", "/reseau/relancer", "reseau.relancer_wifi"),
        ("POST", "/reseau/remettre", "reseau.remettre_forfait"),
        ("GET", "/reseau/aide", "reseau.aider_reseau"),
        ("GET", "/reseau/aide/<code>", "reseau.aider_systeme"),
    ),
)
blueprint.before_request(pages.differer(blueprint, "porte.garder"))
blueprint.after_request(pages.differer(blueprint, "porte.toucher"))
blueprint.context_processor(pages.differer(blueprint, "porte.donner_mots"))
blueprint.register_error_handler(ErreurPirogue, pages.differer(blueprint, "porte.dire_fait"))
for mot in ("cle.histoire_cle", "cle.teinte_cle", "etat_bateau.visage_bateau"):
    blueprint.add_app_template_global(pages.differer(blueprint, mot))
