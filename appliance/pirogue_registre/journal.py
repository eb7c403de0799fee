"""The journal: every write is one immutable event, numbered without a gap, and the views follow in the same stroke."""

import json
from typing import Any

from pirogue_registre import vues
from pirogue_registre.base import Registre, transaction
from pirogue_registre.evenements import Evenement
from pirogue_socle.horloge import Instant
from pirogue_socle.ids import nouvel_id

#: Events about the box rather than about people: they alone do not make yesterday's data "aboard only" again.
TECHNIQUES = (
    "ancre",
    "relais_cree",
    "compte_cree",
    "compte_change",
    "descente_appliquee",
    "incarnation_nouvelle",
    "cles_changees",
)


COLONNES = "seq, id, type, version, personne_id, seance_id, valeurs, auteur, boot_id, bt_ns, mur_ms, qualite"


def ecrire(  # noqa: PLR0913 - one argument per column of the journal
    registre: Registre,
    *,
    type: str,  # noqa: A002 - the column's name
    valeurs: dict[str, Any],
    instant: Instant,
    auteur: str,
    personne_id: str | None = None,
    seance_id: str | None = None,
    version: int = 1,
) -> int:
    """
    Append one event and bring the views up to date, in one durable transaction (or inside the caller's).

    Returns:
        The event's number.

    Raises:
        DisquePlein, RegistreOccupe, RegistreIllisible: nothing was written.
    """
    db = registre.db
    with transaction(registre):
        seq: int = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM evenement").fetchone()[0]
        ancree = db.execute("SELECT 1 FROM ancre WHERE boot_id = ?", (instant.boot_id,)).fetchone()
        evenement = Evenement(
            seq=seq,
            id=nouvel_id(),
            type=type,
            version=version,
            personne_id=personne_id,
            seance_id=seance_id,
            valeurs=valeurs,
            auteur=auteur,
            instant=instant,
            qualite="ancree" if ancree or type == "ancre" else "mur",
        )
        db.execute(
            f"INSERT INTO evenement ({COLONNES}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - constant
            _rangee(evenement),
        )
        vues.appliquer(db, evenement)
    return seq


def lignes(registre: Registre, *, apres: int, limite: int) -> list[tuple[int, bytes]]:
    """
    Return up to `limite` events numbered above `apres`, as (number, line that travels).

    A line is canonical JSON (sorted keys, no space, UTF-8, no line break): the same event always gives the same
    bytes, so the exchange may chain their hashes.
    """
    curseur = registre.db.execute(
        f"SELECT {COLONNES} FROM evenement WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608 - constant
        (apres, limite),
    )
    return [(rangee["seq"], _ligne(_evenement(rangee))) for rangee in curseur]


def dernier(registre: Registre) -> int:
    """Return the number of the last event, 0 for an empty journal."""
    return int(registre.db.execute("SELECT coalesce(max(seq), 0) FROM evenement").fetchone()[0])


def dernier_utile(registre: Registre) -> int:
    """Return the number of the last event about people or sessions, 0 if there is none."""
    marques = ",".join("?" * len(TECHNIQUES))
    requete = f"SELECT coalesce(max(seq), 0) FROM evenement WHERE type NOT IN ({marques})"  # noqa: S608
    return int(registre.db.execute(requete, TECHNIQUES).fetchone()[0])


def rejouer(registre: Registre) -> int:
    """Empty the views and rebuild them from the journal, in one transaction; return the number of events."""
    db = registre.db
    with transaction(registre):
        vues.vider(db)
        compte = 0
        for rangee in db.execute(f"SELECT {COLONNES} FROM evenement ORDER BY seq").fetchall():  # noqa: S608
            vues.appliquer(db, _evenement(rangee))
            compte += 1
    return compte


def _rangee(evenement: Evenement) -> tuple[object, ...]:
    instant = evenement.instant
    return (
        evenement.seq,
        evenement.id,
        evenement.type,
        evenement.version,
        evenement.personne_id,
        evenement.seance_id,
        _canonique(evenement.valeurs),
        evenement.auteur,
        instant.boot_id,
        instant.bt_ns,
        instant.mur_ms,
        evenement.qualite,
    )


def _evenement(rangee: Any) -> Evenement:
    return Evenement(
        seq=rangee["seq"],
        id=rangee["id"],
        type=rangee["type"],
        version=rangee["version"],
        personne_id=rangee["personne_id"],
        seance_id=rangee["seance_id"],
        valeurs=json.loads(rangee["valeurs"]),
        auteur=rangee["auteur"],
        instant=Instant(rangee["boot_id"], rangee["bt_ns"], rangee["mur_ms"]),
        qualite=rangee["qualite"],
    )


def _ligne(evenement: Evenement) -> bytes:
    return _canonique(
        {
            "auteur": evenement.auteur,
            "boot": evenement.instant.boot_id,
            "bt": evenement.instant.bt_ns,
            "mur": evenement.instant.mur_ms,
            "personne": evenement.personne_id,
            "qualite": evenement.qualite,
            "seance": evenement.seance_id,
            "seq": evenement.seq,
            "type": evenement.type,
            "v": evenement.version,
            "valeurs": evenement.valeurs,
        }
    ).encode()


def _canonique(valeur: dict[str, Any]) -> str:
    return json.dumps(valeur, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
