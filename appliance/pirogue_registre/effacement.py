"""
Erasing a person: her key is destroyed, here and, by the journal, everywhere; what was counted stays.

Nothing can undo it. Her name lies as ciphertext in the journal, in lots and in copies: without the key it opens no
more. The key itself may be sealed in one lot of the stream `identites`. Not sealed yet, its line will say « no key ».
Sealed already, that lot keeps its place until the shore's receipt (the chain and the receipts need it, and it may
already be on a stick); nobody aboard can open it, and the event below makes the shore destroy it on arrival. Its bytes
go from here as soon as a receipt covers it.
"""

from pirogue_registre import coffre, journal, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle import listes
from pirogue_socle.erreurs import Introuvable
from pirogue_socle.horloge import Instant


def effacer(registre: Registre, *, personne_id: str, motif: str, instant: Instant, auteur: str) -> bool:
    """
    Erase a person; return False when it was done before or she was never known here.

    Args:
        registre: the open register.
        personne_id: a trainee, or an account.
        motif: code of the list `motif_effacement`.
        instant: now.
        auteur: who decided.

    Raises:
        EntreeInvalide: unknown reason; nothing is written.
    """
    listes.exiger("motif_effacement", motif, quoi="Raison")
    with transaction(registre):
        if coffre.est_effacee(registre, personne_id) or not _est_connue(registre, personne_id):
            return False
        seq = coffre.detruire_cle(registre, personne_id)
        journal.ecrire(
            registre,
            type="personne_effacee",
            valeurs={"motif": motif, "identites_seq": seq},
            instant=instant,
            auteur=auteur,
            personne_id=personne_id,
        )
        registre.db.execute("DELETE FROM secret_compte WHERE compte_id = ?", (personne_id,))
        registre.db.execute("INSERT INTO kolibri_a_effacer VALUES (?) ON CONFLICT DO NOTHING", (personne_id,))
    return True


def exiger_presente(registre: Registre, personne_id: str) -> None:
    """Check that a person was not erased; raises Introuvable."""
    if coffre.est_effacee(registre, personne_id):
        raise Introuvable("Cette fiche a été effacée.", geste="Inscris cette personne à nouveau.")


def nettoyer(registre: Registre) -> None:
    """Leave no old page of an erased key in the write-ahead log; outside a transaction. Busy readers delay it."""
    registre.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def a_effacer_de_kolibri(registre: Registre) -> list[str]:
    """Return the persons erased here whom Kolibri has not confirmed to have forgotten."""
    return [un for (un,) in registre.db.execute("SELECT personne_id FROM kolibri_a_effacer ORDER BY personne_id")]


def noter_kolibri_efface(registre: Registre, personnes: list[str]) -> None:
    """Note that Kolibri has forgotten these persons."""
    with transaction(registre):
        registre.db.executemany("DELETE FROM kolibri_a_effacer WHERE personne_id = ?", [(un,) for un in personnes])


def redire_a_kolibri(registre: Registre, *, soin: str) -> int:
    """
    Kolibri was put back from a copy: have it forget again all who were erased; once for each healing.

    Args:
        registre: the open register.
        soin: which healing it was.

    Returns:
        How many are to be forgotten again; 0 when this healing was told before.
    """
    with transaction(registre):
        if reglages.lire(registre, "kolibri_soin") == soin:
            return 0
        reglages.ecrire(registre, "kolibri_soin", soin)
        return registre.db.execute(
            "INSERT INTO kolibri_a_effacer SELECT personne_id FROM effacement WHERE true ON CONFLICT DO NOTHING"
        ).rowcount


def _est_connue(registre: Registre, personne_id: str) -> bool:
    requete = (
        "SELECT 1 FROM jeune WHERE personne_id = :qui UNION SELECT 1 FROM compte WHERE compte_id = :qui"
        " UNION SELECT 1 FROM coffre WHERE personne_id = :qui"
    )
    return registre.db.execute(requete, {"qui": personne_id}).fetchone() is not None
