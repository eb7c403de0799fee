"""A box that lived under the former version wakes up under this one, and has lost nothing."""

import sqlite3
from pathlib import Path

from sqlite_utils import Migrations
from sqlite_utils.db import Database

from pirogue_registre import base, comptes, envois, journal, schema
from pirogue_registre.migrations import migrations


def ancien_registre(dossier: Path) -> None:
    """Make a register with the first three migrations, and the rows of a day that was half confirmed."""
    dossier.mkdir()
    avant = Migrations("registre")
    for une in list(migrations.pending(Database(memory=True)))[:3]:
        avant(name=une.name)(une.fn)
    db = sqlite3.connect(dossier / "registre.sqlite3", isolation_level=None)
    avant.apply(Database(db))
    for nom, valeur in (("relais", "a" * 32), ("incarnation", "b" * 16), ("nom_relais", "Pirogue 1")):
        db.execute("INSERT INTO reglage VALUES (?, ?)", (nom, valeur))
    evenements = [
        (1, "compte_cree", None, '{"actif":true,"compte_id":"c1","nom":"Rachelle","role":"formateur"}'),
        (2, "tetes_comptees", "s1", '{"tetes":2}'),
        (3, "tetes_comptees", "s1", '{"tetes":3}'),
    ]
    for seq, type_, seance, valeurs in evenements:
        db.execute(
            f"INSERT INTO evenement ({journal.COLONNES}) VALUES (?,?,?,1,NULL,?,?,'pirogue','boot',1,2,'mur')",
            (seq, f"e{seq}", type_, seance, valeurs),
        )
    db.execute("INSERT INTO compte VALUES ('c1', 'Rachelle', 'formateur', 1)")
    db.executemany("INSERT INTO coffre VALUES (?, ?)", [("p2", b"x"), ("p1", b"y")])
    db.executemany(
        "INSERT INTO lot VALUES (?, ?, ?, ?, ?, ?)",
        [("l1", "b" * 16, 1, 2, b"h" * 32, b"corps un"), ("l2", "b" * 16, 3, 3, b"k" * 32, b"corps deux")],
    )
    db.execute("INSERT INTO depot VALUES ('l2', 'cle', 'ancienne', 5)")
    db.execute("INSERT INTO recu VALUES (?, 7, 2, ?)", ("b" * 16, b"recu"))
    db.close()


def test_a_register_of_the_former_version_loses_nothing(tmp_path: Path) -> None:
    """Lots, deposits, receipts, keys and accounts are all there, and the chip says the same."""
    ancien_registre(tmp_path / "registre")
    registre = base.ouvrir(tmp_path / "registre")
    try:
        lots = [tuple(un) for un in registre.db.execute("SELECT id, flux, octets, corps FROM lot ORDER BY premier")]
        cles = [tuple(un) for un in registre.db.execute("SELECT seq, personne_id FROM cle_personne ORDER BY seq")]
        a_envoyer = [lot.id for lot in envois.a_envoyer(registre)]

        assert lots == [("l1", "activite", 8, b"corps un"), ("l2", "activite", 10, b"corps deux")]
        assert cles == [(1, "p2"), (2, "p1")]
        assert a_envoyer == ["l2"]
        assert envois.couvert_jusqua(registre) == 2
        assert registre.db.execute("SELECT support FROM depot").fetchall()[0][0] == "ancienne"
        assert envois.etat_puce(registre) == envois.A_BORD  # the keys of names have never left
        assert journal.dernier(registre) == 3
    finally:
        base.fermer(registre)


def test_a_name_written_in_clear_by_the_former_version_is_still_read_and_replayed(tmp_path: Path) -> None:
    """The journal is never changed: an event of version 1 goes on giving the account that it gave."""
    ancien_registre(tmp_path / "registre")
    registre = base.ouvrir(tmp_path / "registre")
    try:
        avant = comptes.lister(registre)
        assert journal.rejouer(registre) == 3

        assert [compte.nom for compte in avant] == ["Rachelle"]
        assert comptes.lister(registre) == avant
    finally:
        base.fermer(registre)


def test_opening_twice_migrates_once(tmp_path: Path) -> None:
    """The names of all migrations are those that an up-to-date register has."""
    ancien_registre(tmp_path / "registre")
    for _ in range(2):
        base.fermer(base.ouvrir(tmp_path / "registre"))
    db = sqlite3.connect(tmp_path / "registre/registre.sqlite3")
    noms = [nom for (nom,) in db.execute("SELECT name FROM _sqlite_migrations ORDER BY name")]
    db.close()

    assert noms == sorted(schema.TOUTES)
