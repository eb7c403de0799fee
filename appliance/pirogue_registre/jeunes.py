"""Trainees: enrolment, consent by purpose, pictures to sign in with, possible duplicates."""

import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from pirogue_registre import ancres, coffre, consentements, journal, ressemblance
from pirogue_registre.base import Registre, transaction
from pirogue_registre.fiches import FicheJeune, controler, lire_annee
from pirogue_registre.lieux import lire_groupe, propre
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.horloge import Instant, en_civil
from pirogue_socle.ids import nouveau_code, nouvel_id
from pirogue_socle.regles import tranche_age

#: The twelve pictures of the sign-in: Kolibri's own twelve, tried with children in Uganda (issue #14021).
IMAGES = (
    "abeille", "etoile", "lune", "arbre", "feuille", "souris", "eau", "poisson", "chien", "sourire", "fleur", "oiseau",
)  # fmt: skip
#: One animal per trainee of a group, so that two « Afi D. » are told apart.
ANIMAUX = (
    "tortue", "crabe", "heron", "pelican", "crocodile", "grenouille", "papillon", "elephant", "lion", "singe",
    "chevre", "coq", "canard", "lapin", "chat", "vache", "mouton", "cheval", "serpent", "escargot", "baleine",
    "dauphin", "pieuvre", "crevette", "hippopotame", "girafe", "zebre", "lezard", "chauve_souris", "hibou",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Jeune:
    """
    A trainee as the people aboard see her; names come from the safe.

    `images` are three codes of IMAGES, in order; `complet` is False for a newcomer noted in three fields.
    """

    personne_id: str
    code_jeune: str
    prenom: str
    nom: str
    annee_naissance: int | None
    annee_estimee: bool
    sexe: str
    tranche_age_inscription: str
    territoire: str
    situation: str
    niveau_scolaire: str
    animal: str
    images: tuple[str, str, str]
    complet: bool

    @property
    def nom_court(self) -> str:
        """First name and initial: what screens, tiles and sheets on a wall may show."""
        return f"{self.prenom} {self.nom[:1]}." if self.nom else self.prenom


def inscrire(
    registre: Registre, *, fiche: FicheJeune, groupe_id: str, instant: Instant, auteur: str, personne_id: str = ""
) -> Jeune:
    """
    Enrol a trainee in a group: identity in the safe, facts in the journal, consents by purpose.

    Args:
        personne_id: the id that the form was given when it was shown; sent twice, it enrols once. New when empty.

    Raises:
        EntreeInvalide: a field is missing or not in its list. Introuvable: no such group. Nothing is written.
    """
    lire_groupe(registre, groupe_id)
    personne_id = personne_id or nouvel_id()
    with transaction(registre):
        if registre.db.execute("SELECT 1 FROM jeune WHERE personne_id = ?", (personne_id,)).fetchone():
            return lire(registre, personne_id)
        _ecrire(registre, personne_id=personne_id, fiche=fiche, groupe_id=groupe_id, instant=instant, auteur=auteur)
        rejoindre(registre, personne_id=personne_id, groupe_id=groupe_id, instant=instant, auteur=auteur)
    return lire(registre, personne_id)


def rejoindre(registre: Registre, *, personne_id: str, groupe_id: str, instant: Instant, auteur: str) -> bool:
    """
    Put someone who is known in a group, beside those she has; return False when she is in it already.

    Raises:
        Introuvable: no such person or group; nothing is written.
    """
    groupe = lire_groupe(registre, groupe_id)
    with transaction(registre):
        jeune = lire(registre, personne_id)
        if registre.db.execute(
            "SELECT 1 FROM inscription WHERE personne_id = ? AND groupe_id = ? AND statut IN ('actif', 'preinscrit')",
            (personne_id, groupe_id),
        ).fetchone():
            return False
        journal.ecrire(
            registre,
            type="inscription_ecrite",
            valeurs={
                "groupe_id": groupe_id,
                "parcours": groupe.parcours,
                "statut": "actif" if jeune.complet else "preinscrit",
                "motif_sortie": None,
            },
            instant=instant,
            auteur=auteur,
            personne_id=personne_id,
        )
    return True


def inscrire_nouveau(  # noqa: PLR0913 - the three fields of the form
    registre: Registre,
    *,
    prenom: str,
    sexe: str,
    age: str,
    groupe_id: str,
    instant: Instant,
    auteur: str,
    personne_id: str = "",
) -> Jeune:
    """
    Enrol a newcomer in three fields, to be completed later; `age` in years, or empty for unknown.

    `personne_id` as in `inscrire`.

    Raises:
        EntreeInvalide, Introuvable: nothing is written.
    """
    annee = "inconnue"
    if age.strip():
        if not (age.strip().isascii() and age.strip().isdigit() and 4 <= int(age) <= 110):
            raise EntreeInvalide("L'âge doit être un nombre, par exemple 14. Laisse vide si on ne sait pas.")
        annee = str(en_civil(_maintenant_ms(registre, instant)).year - int(age))
    fiche = FicheJeune(
        prenom=prenom,
        nom="",
        annee_naissance=annee,
        annee_estimee=True,
        sexe=sexe,
        territoire="nc",
        situation="nc",
        niveau_scolaire="nc",
        consentement_suivi="",
        complet=False,
    )
    return inscrire(registre, fiche=fiche, groupe_id=groupe_id, instant=instant, auteur=auteur, personne_id=personne_id)


def completer(registre: Registre, *, personne_id: str, fiche: FicheJeune, instant: Instant, auteur: str) -> Jeune:
    """
    Complete or correct a trainee's record; her code, animal and pictures stay.

    Raises:
        EntreeInvalide, Introuvable: nothing is written.
    """
    lire(registre, personne_id)
    requete = "SELECT groupe_id, parcours, statut FROM inscription WHERE personne_id = ?"
    with transaction(registre):
        for rangee in registre.db.execute(requete, (personne_id,)).fetchall():
            _ecrire(
                registre,
                personne_id=personne_id,
                fiche=fiche,
                groupe_id=rangee["groupe_id"],
                instant=instant,
                auteur=auteur,
            )
            if rangee["statut"] == "preinscrit" and fiche.complet:
                journal.ecrire(
                    registre,
                    type="inscription_ecrite",
                    valeurs=dict(rangee) | {"statut": "actif", "motif_sortie": None},
                    instant=instant,
                    auteur=auteur,
                    personne_id=personne_id,
                )
    return lire(registre, personne_id)


def lister(registre: Registre, groupe_id: str) -> list[Jeune]:
    """Return the trainees of a group who have not left it, by first name."""
    requete = (
        "SELECT jeune.* FROM jeune JOIN inscription USING (personne_id)"
        " WHERE groupe_id = ? AND statut IN ('actif', 'preinscrit')"
    )
    jeunes = [_jeune(registre, rangee) for rangee in registre.db.execute(requete, (groupe_id,)).fetchall()]
    return sorted(jeunes, key=ordre_alphabetique)


def a_completer(registre: Registre) -> list[Jeune]:
    """Return the newcomers noted in three fields who have not left, of every group, by first name."""
    requete = (
        "SELECT * FROM jeune WHERE complet = 0 AND personne_id IN"
        " (SELECT personne_id FROM inscription WHERE statut IN ('actif', 'preinscrit'))"
    )
    return sorted((_jeune(registre, un) for un in registre.db.execute(requete).fetchall()), key=ordre_alphabetique)


def lire(registre: Registre, personne_id: str) -> Jeune:
    """Return one trainee; raises Introuvable."""
    rangee = registre.db.execute("SELECT * FROM jeune WHERE personne_id = ?", (personne_id,)).fetchone()
    if rangee is None:
        raise Introuvable("Cette personne n'est pas dans le registre.")
    return _jeune(registre, rangee)


def ordre_alphabetique(jeune: Jeune) -> tuple[str, str, str]:
    """Sort key: first name, then last name, accents and capitals aside."""
    return ressemblance.cle(jeune.prenom), ressemblance.cle(jeune.nom), jeune.personne_id


def semblables(
    registre: Registre, *, prenom: str, nom: str, annee_naissance: int | None, groupe_id: str
) -> list[Jeune]:
    """
    Return the (at most 3) enrolled trainees who may be this same person, nearest first.

    Names alike at 0.6 or more whatever their order, and birth years within one of each other or the same group
    (domain page §2.5).
    """
    du_groupe = {jeune.personne_id for jeune in lister(registre, groupe_id)}
    trouves: list[tuple[float, Jeune]] = []
    requete = "SELECT * FROM jeune WHERE personne_id NOT IN (SELECT personne_id FROM effacement)"
    for rangee in registre.db.execute(requete).fetchall():
        jeune = _jeune(registre, rangee)
        proche = ressemblance.noms(f"{prenom} {nom}", f"{jeune.prenom} {jeune.nom}")
        annees = (annee_naissance, jeune.annee_naissance)
        meme_age = annees[0] is not None and annees[1] is not None and abs(annees[0] - annees[1]) <= 1
        if proche >= ressemblance.SEUIL and (meme_age or jeune.personne_id in du_groupe):
            trouves.append((proche, jeune))
    trouves.sort(key=lambda paire: (-paire[0], paire[1].personne_id))
    return [jeune for _, jeune in trouves[:3]]


def verifier_images(registre: Registre, *, personne_id: str, images: Sequence[str]) -> bool:
    """Say whether the pictures are hers, in order; raises Introuvable."""
    attendues = "/".join(lire(registre, personne_id).images)
    return hmac.compare_digest(attendues.encode(), "/".join(images).encode())


def _ecrire(
    registre: Registre, *, personne_id: str, fiche: FicheJeune, groupe_id: str, instant: Instant, auteur: str
) -> None:
    """Write identity, facts and consents of one record, inside the caller's transaction."""
    controler(fiche)
    annee = lire_annee(fiche.annee_naissance)
    rangee = registre.db.execute("SELECT * FROM jeune WHERE personne_id = ?", (personne_id,)).fetchone()
    images = coffre.lire(registre, personne_id).images if rangee else _tirer_images(registre, groupe_id)
    identite = coffre.Identite(
        prenom=propre(fiche.prenom, quoi="Le prénom", longueur=40),
        nom=propre(fiche.nom, quoi="Le nom", longueur=60) if fiche.nom.strip() else "",
        annee_naissance=annee,
        annee_estimee=fiche.annee_estimee,
        images=images,
    )
    coffre.ecrire(registre, personne_id=personne_id, identite=identite, instant=instant, auteur=auteur)
    inscrite_ms = _maintenant_ms(registre, _premiere_fois(registre, personne_id) or instant)
    age = en_civil(inscrite_ms).year - annee if annee else None
    journal.ecrire(
        registre,
        type="jeune_inscrit",
        valeurs={
            "code_jeune": rangee["code_jeune"] if rangee else _tirer_code(registre),
            "sexe": fiche.sexe,
            "tranche_age_inscription": tranche_age(age),
            "territoire": fiche.territoire,
            "situation": fiche.situation,
            "niveau_scolaire": fiche.niveau_scolaire,
            "animal": rangee["animal"] if rangee else _choisir_animal(registre, groupe_id, fiche.animal),
            "complet": fiche.complet,
        },
        instant=instant,
        auteur=auteur,
        personne_id=personne_id,
    )
    for finalite, valeur in fiche.consentements().items():
        consentements.noter(
            registre,
            personne_id=personne_id,
            finalite=finalite,
            valeur=valeur,
            forme=fiche.forme,
            par=fiche.par,
            lien=fiche.lien or None,
            instant=instant,
            auteur=auteur,
        )


def _jeune(registre: Registre, rangee: sqlite3.Row) -> Jeune:
    identite = coffre.lire(registre, rangee["personne_id"])
    return Jeune(
        personne_id=rangee["personne_id"],
        code_jeune=rangee["code_jeune"],
        prenom=identite.prenom,
        nom=identite.nom,
        annee_naissance=identite.annee_naissance,
        annee_estimee=identite.annee_estimee,
        sexe=rangee["sexe"],
        tranche_age_inscription=rangee["tranche_age_inscription"],
        territoire=rangee["territoire"],
        situation=rangee["situation"],
        niveau_scolaire=rangee["niveau_scolaire"],
        animal=rangee["animal"],
        images=identite.images,
        complet=bool(rangee["complet"]),
    )


def _choisir_animal(registre: Registre, groupe_id: str, voulu: str) -> str:
    """Return the wanted animal, else one that nobody of the group has."""
    if voulu in ANIMAUX:
        return voulu
    pris = {jeune.animal for jeune in lister(registre, groupe_id)}
    return secrets.choice([animal for animal in ANIMAUX if animal not in pris] or list(ANIMAUX))


def _tirer_images(registre: Registre, groupe_id: str) -> tuple[str, str, str]:
    """Draw three different pictures that nobody of the group has in this order (1 320 possible)."""
    prises = {jeune.images for jeune in lister(registre, groupe_id)}
    hasard = secrets.SystemRandom()
    while True:
        premiere, deuxieme, troisieme = hasard.sample(IMAGES, 3)
        if (premiere, deuxieme, troisieme) not in prises:
            return premiere, deuxieme, troisieme


def code_libre(registre: Registre, code: str, *, personne_id: str) -> str:
    """Return a code if nobody else has it, another one otherwise: two boats may have drawn the same."""
    requete = "SELECT 1 FROM jeune WHERE code_jeune = ? AND personne_id <> ?"
    return code if registre.db.execute(requete, (code, personne_id)).fetchone() is None else _tirer_code(registre)


def _tirer_code(registre: Registre) -> str:
    """Draw a code that nobody has: among a thousand trainees two equal draws are likely once in seventy boats."""
    while True:
        code = nouveau_code()
        if registre.db.execute("SELECT 1 FROM jeune WHERE code_jeune = ?", (code,)).fetchone() is None:
            return code


def _premiere_fois(registre: Registre, personne_id: str) -> Instant | None:
    """Return when a person was first enrolled: her age band is that day's, whenever her record is corrected."""
    requete = (
        "SELECT boot_id, bt_ns, mur_ms FROM evenement WHERE type = 'jeune_inscrit' AND personne_id = ?"
        " ORDER BY seq LIMIT 1"
    )
    rangee = registre.db.execute(requete, (personne_id,)).fetchone()
    return Instant(*rangee) if rangee else None


def _maintenant_ms(registre: Registre, instant: Instant) -> int:
    return ancres.estimer_maintenant(registre, instant=instant)
