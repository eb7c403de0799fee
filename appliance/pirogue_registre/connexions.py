"""Sign-ins: who sits at a laptop, alone or as a pair. A sign-in proposes « present » to the roll."""

import sqlite3
from dataclasses import dataclass

from pirogue_registre import jeunes, journal, seances
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import EntreeInvalide, Introuvable
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

AUTEUR = "jeune"


@dataclass(frozen=True, slots=True)
class Connexion:
    """One laptop's sign-in: the first person, and the second of the pair when there is one."""

    connexion_id: str
    seance_id: str
    personne_id: str
    binome_avec: str | None
    ouverte: bool


def ouvrir(registre: Registre, *, seance_id: str, personne_id: str, instant: Instant) -> Connexion:
    """
    Sign a trainee in: a laptop where she was first is signed out, one where she was second goes on without her.

    Raises:
        SeanceClose, Introuvable: nothing is written.
    """
    connexion_id = nouvel_id()
    with transaction(registre):
        if seances.lire(registre, seance_id).statut != "ouverte":
            raise seances.SeanceClose("La séance vient de se terminer.", geste="Demande à ton formateur.")
        jeunes.lire(registre, personne_id)
        journal.ecrire(
            registre,
            type="connexion_ouverte",
            valeurs={"connexion_id": connexion_id},
            instant=instant,
            auteur=AUTEUR,
            personne_id=personne_id,
            seance_id=seance_id,
        )
    return _exiger(registre, connexion_id)


def rejoindre(registre: Registre, *, connexion_id: str, personne_id: str, instant: Instant) -> Connexion:
    """
    Add the second person of the pair; both are present, both get the trace. Joining twice changes nothing.

    She leaves any other laptop, as in `ouvrir`.

    Raises:
        EntreeInvalide: she is already the first one. Introuvable: the sign-in is over, or no such trainee.
    """
    with transaction(registre):
        connexion = _exiger(registre, connexion_id)
        jeunes.lire(registre, personne_id)
        if personne_id == connexion.personne_id:
            raise EntreeInvalide("Tu es déjà là ! Choisis le nom de ton ou ta camarade.")
        if personne_id != connexion.binome_avec:
            journal.ecrire(
                registre,
                type="connexion_rejointe",
                valeurs={"connexion_id": connexion_id, "binome_avec": connexion.personne_id},
                instant=instant,
                auteur=AUTEUR,
                personne_id=personne_id,
                seance_id=connexion.seance_id,
            )
    return _exiger(registre, connexion_id)


def fermer(registre: Registre, *, connexion_id: str, instant: Instant) -> None:
    """Sign a laptop out; a sign-in that is over or unknown stays as it is."""
    with transaction(registre):
        connexion = lire(registre, connexion_id)
        if connexion is None:
            return
        journal.ecrire(
            registre,
            type="connexion_fermee",
            valeurs={"connexion_id": connexion_id},
            instant=instant,
            auteur=AUTEUR,
            personne_id=connexion.personne_id,
            seance_id=connexion.seance_id,
        )


def lire(registre: Registre, connexion_id: str) -> Connexion | None:
    """Return a sign-in, or None when it is unknown or over (signed out, or the session was closed)."""
    requete = "SELECT * FROM connexion WHERE connexion_id = ? AND ouverte = 1"
    rangee = registre.db.execute(requete, (connexion_id,)).fetchone()
    return _connexion(rangee) if rangee else None


def ouvertes(registre: Registre, seance_id: str) -> list[Connexion]:
    """Return the open sign-ins of a session."""
    requete = "SELECT * FROM connexion WHERE seance_id = ? AND ouverte = 1"
    return [_connexion(rangee) for rangee in registre.db.execute(requete, (seance_id,))]


def _exiger(registre: Registre, connexion_id: str) -> Connexion:
    connexion = lire(registre, connexion_id)
    if connexion is None:
        raise Introuvable("Cet ordinateur n'est plus connecté.", geste="Recommence : touche « Je commence ».")
    return connexion


def _connexion(rangee: sqlite3.Row) -> Connexion:
    return Connexion(
        connexion_id=rangee["connexion_id"],
        seance_id=rangee["seance_id"],
        personne_id=rangee["personne_id"],
        binome_avec=rangee["binome_avec"],
        ouverte=bool(rangee["ouverte"]),
    )
