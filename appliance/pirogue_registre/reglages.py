"""Local settings of the box (its identity, its name): not events, they never travel by themselves."""

import secrets

from pirogue_registre import journal
from pirogue_registre.base import Registre, transaction
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id


def lire(registre: Registre, nom: str, defaut: str = "") -> str:
    """Return a setting, or `defaut`."""
    rangee = registre.db.execute("SELECT valeur FROM reglage WHERE nom = ?", (nom,)).fetchone()
    return str(rangee[0]) if rangee else defaut


def ecrire(registre: Registre, nom: str, valeur: str) -> None:
    """Write a setting."""
    with transaction(registre):
        registre.db.execute(
            "INSERT INTO reglage VALUES (?, ?) ON CONFLICT (nom) DO UPDATE SET valeur = excluded.valeur",
            (nom, valeur),
        )


def creer_relais(registre: Registre, *, nom: str, type_relais: str, instant: Instant) -> str:
    """
    Give the register its identity, once: `relais` (who), `incarnation` (which life of its file).

    Returns:
        The relay's id; on a register that has one already, that one, and nothing is written.
    """
    with transaction(registre):
        relais = lire(registre, "relais")
        if relais:
            return relais
        relais = nouvel_id()
        ecrire(registre, "relais", relais)
        ecrire(registre, "incarnation", secrets.token_hex(8))
        ecrire(registre, "nom_relais", nom)
        ecrire(registre, "type_relais", type_relais)
        journal.ecrire(
            registre,
            type="relais_cree",
            valeurs={"relais": relais, "nom": nom, "type_relais": type_relais},
            instant=instant,
            auteur="pirogue",
        )
    return relais
