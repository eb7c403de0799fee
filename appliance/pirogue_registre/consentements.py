"""Consent, purpose by purpose: what was answered, by whom, in which form, to which text."""

from pirogue_registre import fiches, journal
from pirogue_registre.base import Registre
from pirogue_socle import listes
from pirogue_socle.erreurs import EntreeInvalide
from pirogue_socle.horloge import Instant

#: Version of the text that is read to the person before she agrees (article 390 of law 2017-20, Benin).
VERSION_NOTICE = "2026-11"


def lire(registre: Registre, personne_id: str, finalite: str) -> str | None:
    """Return the consent code given for a purpose (`oui`, `non`, `retire`), None when never asked."""
    rangee = registre.db.execute(
        "SELECT valeur FROM consentement WHERE personne_id = ? AND finalite = ?", (personne_id, finalite)
    ).fetchone()
    return str(rangee[0]) if rangee else None


def noter(  # noqa: PLR0913 - the fields of a consent
    registre: Registre,
    *,
    personne_id: str,
    finalite: str,
    valeur: str,
    forme: str | None,
    par: str | None,
    lien: str | None,
    instant: Instant,
    auteur: str,
) -> None:
    """
    Record a consent for one purpose.

    Raises:
        EntreeInvalide: a code is not in its list; nothing is written.
    """
    listes.exiger("consentement_finalite", finalite, quoi="Finalité")
    listes.exiger("consentement_valeur", valeur, quoi="Accord")
    for liste, code, quoi in (("consentement_forme", forme, "Forme de l'accord"), ("lien_responsable", lien, "Lien")):
        if code is not None:
            listes.exiger(liste, code, quoi=quoi)
    if par not in (None, *fiches.PAR):
        raise EntreeInvalide("Qui donne l'accord : ce choix n'est pas dans la liste.")
    journal.ecrire(
        registre,
        type="consentement_donne",
        valeurs={
            "finalite": finalite,
            "valeur": valeur,
            "forme": forme,
            "par": par,
            "lien": lien,
            "version_notice": VERSION_NOTICE,
        },
        instant=instant,
        auteur=auteur,
        personne_id=personne_id,
    )
