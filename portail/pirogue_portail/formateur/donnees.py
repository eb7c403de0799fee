"""« Où sont les données ? »: the chip in simple words, and where each of the latest sessions is."""

from dataclasses import dataclass, replace

from flask import render_template

from pirogue_portail.contexte import registre
from pirogue_portail.formateur import accueil, mots
from pirogue_portail.formateur.accueil import Ligne
from pirogue_registre import ancres, comptes, envois, journal, seances
from pirogue_registre.puce import EtatSeance
from pirogue_socle.horloge import dire_heure


@dataclass(frozen=True, slots=True)
class LigneDonnees:
    """A session, its state, and that state as it is said."""

    ligne: Ligne
    etat: EtatSeance
    phrase: str


def dire(etat: EtatSeance) -> str:
    """Say where one session is: « Sur la clé n° 4 », « Confirmé le 4 mars à 18 h 20 »."""
    if etat.code == envois.CONFIRME.code:
        sans_date = not etat.recu_ms
        return "Confirmé" if sans_date else f"Confirmé le {mots.jour_court(etat.recu_ms or 0)}, {_heure(etat)}"
    if etat.support:
        article = "Sur une" if etat.code == envois.SUR_CLE.code and "sans" in etat.support else "Sur la"
        return f"{article} {etat.support}" if etat.code == envois.SUR_CLE.code else f"Dans le {etat.support}"
    return mots.PUCES_TITRES[etat.code]


def _heure(etat: EtatSeance) -> str:
    return dire_heure(etat.recu_ms or 0)


def _nommer(etat: EtatSeance, adultes: dict[str, str]) -> EtatSeance:
    """Say whose telephone it is, for a session that is in one; the register keeps a number, not a name."""
    if etat.code != envois.AU_TELEPHONE.code:
        return etat
    nom = adultes.get(etat.support)
    return replace(etat, support=f"téléphone de {nom}" if nom else "téléphone")


def donnees() -> str:
    """Say where the data are, session by session, and what to do next."""
    couvert = envois.couvert_jusqua(registre())
    connues = ancres.lire(registre())
    adultes = {un.compte_id: un.nom for un in comptes.lister(registre())}
    lignes = [
        LigneDonnees(accueil.ligne_de(seances.lire(registre(), etat.seance_id), connues), etat, dire(etat))
        for etat in (_nommer(un, adultes) for un in envois.etats_seances(registre()))
    ]
    return render_template(
        "formateur/donnees.html",
        lignes=lignes,
        couvert=couvert,
        attendent=journal.dernier(registre()) - couvert,
        puces=mots.PUCES,
        titres=mots.PUCES_TITRES,
    )
