"""The enrolment form: eight mandatory fields, and no answer that keeps anyone out."""

from dataclasses import dataclass

from pirogue_registre.lieux import propre
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide

#: Birth years we accept (domain page §2.2); outside, it is a typing error.
ANNEE_MIN, ANNEE_MAX = 1930, 2022
OUI_NON = ("oui", "non")
PAR = ("lui_meme", "responsable")


@dataclass(frozen=True, slots=True)
class FicheJeune:
    """
    What the trainer fills in; codes of the lists `sexe`, `situation`, `niveau_scolaire`, villages of territoires.csv.

    The eight mandatory fields are prenom, nom, annee_naissance (a year or `inconnue`), sexe, territoire, situation,
    niveau_scolaire and consentement_suivi; `nc` (non communiqué) is valid wherever the list has it. A newcomer noted
    in three fields has `complet=False` and no consent yet.
    """

    prenom: str
    nom: str
    annee_naissance: str
    sexe: str
    territoire: str
    situation: str
    niveau_scolaire: str
    consentement_suivi: str
    forme: str = "oral_temoin"
    par: str = "lui_meme"
    lien: str = ""
    animal: str = ""
    annee_estimee: bool = False
    statistiques: str = "non"
    recherche: str = "non"
    contact: str = "non"
    image: str = "non"
    complet: bool = True

    def consentements(self) -> dict[str, str]:
        """Return purpose → consent code; nothing for a newcomer who was not asked."""
        if not self.consentement_suivi:
            return {}
        return {
            "suivi": self.consentement_suivi,
            "statistiques": self.statistiques,
            "recherche": self.recherche,
            "contact": self.contact,
            "image": self.image,
        }


def controler(fiche: FicheJeune) -> None:
    """
    Check every field of a record.

    Raises:
        EntreeInvalide: the first field that is missing or not in its list, named.
    """
    propre(fiche.prenom, quoi="Le prénom", longueur=40)
    if fiche.complet:
        propre(fiche.nom, quoi="Le nom (écris « inconnu » si on ne sait pas)")
        if fiche.consentement_suivi not in OUI_NON:
            raise EntreeInvalide("Accord pour suivre sa formation : choisis Oui ou Non.")
    lire_annee(fiche.annee_naissance)
    for liste, code, quoi in (
        ("sexe", fiche.sexe, "Fille ou garçon"),
        ("village", fiche.territoire, "Village"),
        ("situation", fiche.situation, "Situation"),
        ("niveau_scolaire", fiche.niveau_scolaire, "Niveau scolaire"),
        ("consentement_forme", fiche.forme, "Forme de l'accord"),
    ):
        listes.exiger(liste, code, quoi=quoi)
    if fiche.lien:
        listes.exiger("lien_responsable", fiche.lien, quoi="Lien avec le responsable")
    if fiche.par not in PAR:
        raise EntreeInvalide("Qui donne l'accord : ce choix n'est pas dans la liste.")
    if any(valeur not in OUI_NON for valeur in (fiche.statistiques, fiche.recherche, fiche.contact, fiche.image)):
        raise EntreeInvalide("Chaque accord se répond par Oui ou Non.")


def lire_annee(texte: str) -> int | None:
    """Return a birth year, None for `inconnue`; raises EntreeInvalide for anything else."""
    texte = texte.strip().lower()
    if texte == "inconnue":
        return None
    if not (texte.isascii() and texte.isdigit() and ANNEE_MIN <= int(texte[:6]) <= ANNEE_MAX):
        raise EntreeInvalide(
            f"L'année de naissance va de {ANNEE_MIN} à {ANNEE_MAX}. Si on ne sait pas, choisis « inconnue »."
        )
    return int(texte)
