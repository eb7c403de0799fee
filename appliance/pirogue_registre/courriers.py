"""
The mail that a telephone brings back: kept in the register by the portal, opened by the process that owns the keys.

The portal never holds a key, so it judges the form only. Each lot is one row, so a file taken twice is there once.
"""

from dataclasses import dataclass

from pirogue_registre import envois, flux, reglages
from pirogue_registre.base import Registre, transaction
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Instant

#: Lots that may wait at once.
ATTENTE_MAX = 2000


class CourrierPlein(ErreurPirogue):
    """Too much mail waits to be opened already; nothing of this one was kept."""

    geste = "Attends une minute, puis recommence. Le fichier reste dans ton téléphone."
    code = 78


@dataclass(frozen=True, slots=True)
class Compte:
    """
    How things are with the mail.

    Attributes:
        attendent: lots that wait to be opened.
        ouverts: lots opened since the last file was brought; `nouveaux` of them changed something.
        remarques: French sentences about what was left alone.
    """

    attendent: int
    ouverts: int
    nouveaux: int
    remarques: tuple[str, ...]


def deposer(registre: Registre, lots: list[tuple[str, bytes]], *, instant: Instant) -> int:
    """
    Keep the lots of one file, as (id, bytes), until they are opened; return how many were not there yet.

    Raises:
        CourrierPlein: nothing is kept.
    """
    with transaction(registre):
        attendent = registre.db.execute("SELECT count(*) FROM courrier").fetchone()[0]
        if attendent + len(lots) > ATTENTE_MAX:
            raise CourrierPlein("Il y a déjà beaucoup de courrier à ouvrir.")
        neufs = sum(
            registre.db.execute(
                "INSERT INTO courrier VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (lot_id, corps, instant.mur_ms)
            ).rowcount
            for lot_id, corps in lots
        )
        for nom in ("courrier_ouverts", "courrier_nouveaux", "courrier_remarques"):
            reglages.ecrire(registre, nom, "")
    return neufs


def lire(registre: Registre) -> list[tuple[str, bytes]]:
    """Return the lots that wait, as (id, bytes)."""
    return [(un["id"], un["corps"]) for un in registre.db.execute("SELECT id, corps FROM courrier ORDER BY id")]


def noter_ouvert(registre: Registre, lot_id: str, *, nouveau: bool, remarque: str) -> None:
    """Take one opened lot away and say what it did."""
    with transaction(registre):
        registre.db.execute("DELETE FROM courrier WHERE id = ?", (lot_id,))
        for nom, plus in (("courrier_ouverts", 1), ("courrier_nouveaux", int(nouveau))):
            reglages.ecrire(registre, nom, str(int(reglages.lire(registre, nom) or 0) + plus))
        dites = reglages.lire(registre, "courrier_remarques").splitlines()
        if remarque and remarque not in dites:
            reglages.ecrire(registre, "courrier_remarques", "\n".join([*dites, remarque][-8:]))


def compter(registre: Registre) -> Compte:
    """Say how things are with the mail."""
    return Compte(
        attendent=registre.db.execute("SELECT count(*) FROM courrier").fetchone()[0],
        ouverts=int(reglages.lire(registre, "courrier_ouverts") or 0),
        nouveaux=int(reglages.lire(registre, "courrier_nouveaux") or 0),
        remarques=tuple(reglages.lire(registre, "courrier_remarques").splitlines()),
    )


def est_scelle(registre: Registre) -> bool:
    """Say whether every line of both streams about people and sessions is in a sealed lot."""
    incarnation = reglages.lire(registre, "incarnation")
    requete = "SELECT coalesce(max(dernier), 0) FROM lot WHERE incarnation = ? AND flux = ?"
    return all(
        registre.db.execute(requete, (incarnation, courant)).fetchone()[0] >= flux.dernier_utile(registre, courant)
        for courant in flux.FLUX
    )


def preparer(registre: Registre, *, octets_max: int) -> list[envois.LotScelle]:
    """Return the lots of one file for a telephone: the oldest first, at least one, at most `octets_max` bytes."""
    choisis: list[envois.LotScelle] = []
    total = 0
    for lot in envois.a_envoyer(registre):
        total += len(lot.corps)
        if choisis and total > octets_max:
            break
        choisis.append(lot)
    return choisis
