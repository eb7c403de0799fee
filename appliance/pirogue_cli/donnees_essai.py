"""What the demo puts on board at its first start: a trainer, a stop, a group of six, and the keys of both ends."""

import secrets
from dataclasses import dataclass

from pirogue_cli.sync import appairer_rive, cles_du_relais
from pirogue_echange import cles as trousseau
from pirogue_registre import base, comptes, jeunes, lieux, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_registre.fiches import FicheJeune
from pirogue_rive import comptes as comptes_rive
from pirogue_rive import config as rive
from pirogue_socle.config import Config
from pirogue_socle.horloge import maintenant

#: First name, last name, sex, birth year.
JEUNES = (
    ("Afi", "Dossou", "F", "2012"),
    ("Koffi", "Hounsou", "M", "2011"),
    ("Sèna", "Zinsou", "F", "2011"),
    ("Mahugnon", "Akpo", "M", "2012"),
    ("Ɖɛna", "Gbaguidi", "F", "inconnue"),
    ("Jules", "Tossou", "M", "2010"),
)


@dataclass(frozen=True, slots=True)
class Essai:
    """What the terminal shows: one-time code and password (empty once changed), the first youths' pictures."""

    code: str
    mot_de_passe: str
    images: tuple[tuple[str, tuple[str, str, str]], ...]


def preparer(config: Config) -> Essai:
    """Make the register, the shore and their keys where they are missing; nothing twice."""
    registre = base.ouvrir(config.registre)
    try:
        reglages.creer_relais(registre, nom=config.nom_relais, type_relais=config.type_relais, instant=maintenant())
        with transaction(registre):
            if not comptes.lister(registre):
                _peupler(registre)
        appairer_rive(config, trousseau.ecrire_carte(rive.installer(config.terre, nom="La rive")))
        rive.accueillir(config.terre, trousseau.ecrire_carte(cles_du_relais(config, registre).carte))
        return _montrer(registre, mot_de_passe=_ouvrir_compte_a_terre(config))
    finally:
        base.fermer(registre)


def _peupler(registre: Registre) -> None:
    code = f"{secrets.randbelow(10**6):06d}"
    reglages.ecrire(registre, "code_demo", code)
    auteur = comptes.creer(
        registre, nom="Rachelle", role="formateur", pin=code, instant=maintenant(), auteur="pirogue"
    ).compte_id
    escale = lieux.ecrire_escale(
        registre,
        lieux.Escale("", "CEG Gbessou", "college", "030506", "faible"),
        instant=maintenant(),
        auteur=auteur,
    )
    groupe = lieux.ecrire_groupe(
        registre,
        lieux.Groupe("", "4e A – Gbessou", "CEG Gbessou", escale.escale_id, 24, "premiers_pas"),
        instant=maintenant(),
        auteur=auteur,
    )
    for prenom, nom, sexe, annee in JEUNES:
        fiche = FicheJeune(
            prenom=prenom,
            nom=nom,
            annee_naissance=annee,
            sexe=sexe,
            territoire="0305-gbessou",
            situation="eleve_college",
            niveau_scolaire="college",
            consentement_suivi="oui",
            par="responsable",
            lien="mere",
            forme="signature_papier",
            statistiques="oui",
        )
        jeunes.inscrire(registre, fiche=fiche, groupe_id=groupe.groupe_id, instant=maintenant(), auteur=auteur)


def _ouvrir_compte_a_terre(config: Config) -> str:
    """Make Estelle's account ashore at the first start; return her one-time password as long as it is good."""
    fichier = config.terre / "estelle.txt"
    with rive.ouvrir(rive.ConfigRive(config.terre)) as ouverte:
        if not comptes_rive.lister(ouverte):
            _, secret = comptes_rive.creer(ouverte, nom="Estelle", role="coordination", instant=maintenant())
            trousseau.ecrire_prive(fichier, f"{secret}\n".encode())
        attend = comptes_rive.nomme(ouverte, "Estelle").a_changer
    return fichier.read_text(encoding="utf-8").strip() if attend and fichier.exists() else ""


def _montrer(registre: Registre, *, mot_de_passe: str) -> Essai:
    premier = comptes.lister(registre)[0]
    code = reglages.lire(registre, "code_demo") if comptes.a_changer(registre, premier.compte_id) else ""
    groupe = lieux.lister_groupes(registre)[0]
    connus = jeunes.lister(registre, groupe.groupe_id)[:4]
    return Essai(code=code, mot_de_passe=mot_de_passe, images=tuple((jeune.prenom, jeune.images) for jeune in connus))
