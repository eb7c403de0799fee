"""The register's tables. Every table and column has its row in docs/glossaire.md."""

JOURNAL = """
CREATE TABLE evenement (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    personne_id TEXT,
    seance_id TEXT,
    valeurs TEXT NOT NULL,
    auteur TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    bt_ns INTEGER NOT NULL,
    mur_ms INTEGER NOT NULL,
    qualite TEXT NOT NULL
) STRICT;
CREATE INDEX evenement_inscription ON evenement (personne_id, seq) WHERE type = 'jeune_inscrit';
CREATE TRIGGER evenement_sans_retouche BEFORE UPDATE ON evenement
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER evenement_sans_retrait BEFORE DELETE ON evenement
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER evenement_sans_trou BEFORE INSERT ON evenement
    WHEN NEW.seq IS NOT 1 + (SELECT coalesce(max(seq), 0) FROM evenement)
    BEGIN SELECT RAISE(ABORT, 'the journal has no gap'); END;
"""

# Views: rebuilt from the journal by `journal.rejouer`, never written any other way.
VUES = """
CREATE TABLE ancre (
    seq INTEGER PRIMARY KEY, boot_id TEXT NOT NULL, bt_ns INTEGER NOT NULL, utc_ms INTEGER NOT NULL,
    source TEXT NOT NULL
) STRICT;
CREATE INDEX ancre_boot ON ancre (boot_id);
CREATE TABLE compte (
    compte_id TEXT PRIMARY KEY, nom TEXT NOT NULL, role TEXT NOT NULL, actif INTEGER NOT NULL
) STRICT;
CREATE TABLE escale (
    escale_id TEXT PRIMARY KEY, nom TEXT NOT NULL, type TEXT NOT NULL, arrondissement TEXT,
    couverture_4g TEXT NOT NULL
) STRICT;
CREATE TABLE groupe (
    groupe_id TEXT PRIMARY KEY, libelle TEXT NOT NULL, etablissement TEXT NOT NULL, escale_id TEXT,
    capacite INTEGER NOT NULL, parcours TEXT NOT NULL
) STRICT;
CREATE TABLE jeune (
    personne_id TEXT PRIMARY KEY, code_jeune TEXT NOT NULL UNIQUE, sexe TEXT NOT NULL,
    tranche_age_inscription TEXT NOT NULL, territoire TEXT NOT NULL, situation TEXT NOT NULL,
    niveau_scolaire TEXT NOT NULL, animal TEXT NOT NULL, complet INTEGER NOT NULL
) STRICT;
CREATE TABLE identite (
    personne_id TEXT PRIMARY KEY, chiffre BLOB NOT NULL
) STRICT;
CREATE TABLE inscription (
    personne_id TEXT NOT NULL, groupe_id TEXT NOT NULL, parcours TEXT NOT NULL, statut TEXT NOT NULL,
    motif_sortie TEXT, PRIMARY KEY (personne_id, groupe_id)
) STRICT;
CREATE INDEX inscription_groupe ON inscription (groupe_id);
CREATE TABLE consentement (
    personne_id TEXT NOT NULL, finalite TEXT NOT NULL, valeur TEXT NOT NULL, forme TEXT, par TEXT, lien TEXT,
    version_notice TEXT NOT NULL, PRIMARY KEY (personne_id, finalite)
) STRICT;
CREATE TABLE seance (
    seance_id TEXT PRIMARY KEY, type_seance TEXT NOT NULL, module TEXT NOT NULL, groupe_id TEXT NOT NULL,
    escale_id TEXT, formateur TEXT NOT NULL, postes_utilisables INTEGER NOT NULL, statut TEXT NOT NULL,
    motif_annulation TEXT, tetes INTEGER, fin_heure TEXT, seq INTEGER NOT NULL,
    debut_boot_id TEXT NOT NULL, debut_bt_ns INTEGER NOT NULL, debut_mur_ms INTEGER NOT NULL,
    fin_boot_id TEXT, fin_bt_ns INTEGER, fin_mur_ms INTEGER
) STRICT;
CREATE INDEX seance_rang ON seance (groupe_id, seq);
CREATE TABLE presence (
    seance_id TEXT NOT NULL, personne_id TEXT NOT NULL, etat TEXT NOT NULL, source TEXT NOT NULL,
    arrivee_heure TEXT, depart_heure TEXT, motif_absence TEXT, binome_avec TEXT,
    arrivee_boot_id TEXT, arrivee_bt_ns INTEGER, arrivee_mur_ms INTEGER,
    marque_par TEXT NOT NULL, PRIMARY KEY (seance_id, personne_id)
) STRICT;
CREATE TABLE presence_correction (
    seq INTEGER PRIMARY KEY, seance_id TEXT NOT NULL, personne_id TEXT NOT NULL, ancien TEXT NOT NULL,
    nouveau TEXT NOT NULL, motif_correction TEXT NOT NULL, auteur TEXT NOT NULL,
    apres_cloture INTEGER NOT NULL, boot_id TEXT NOT NULL, bt_ns INTEGER NOT NULL, mur_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE connexion (
    connexion_id TEXT PRIMARY KEY, seance_id TEXT NOT NULL, personne_id TEXT NOT NULL, binome_avec TEXT,
    ouverte INTEGER NOT NULL
) STRICT;
CREATE INDEX connexion_ouverte ON connexion (seance_id) WHERE ouverte = 1;
CREATE TABLE progres (
    personne_id TEXT NOT NULL, contenu_id TEXT NOT NULL, module TEXT NOT NULL, genre TEXT NOT NULL,
    progression REAL NOT NULL, temps_s INTEGER NOT NULL, justes INTEGER, questions INTEGER,
    acheve INTEGER NOT NULL, source TEXT NOT NULL, PRIMARY KEY (personne_id, contenu_id)
) STRICT;
"""

# Not views: secrets that must never travel, and the exchange's own state (same file, so one transaction).
HORS_JOURNAL = """
CREATE TABLE coffre (
    personne_id TEXT PRIMARY KEY, cle BLOB NOT NULL
) STRICT;
CREATE TABLE secret_compte (
    compte_id TEXT PRIMARY KEY, pin_argon2 TEXT NOT NULL, a_changer INTEGER NOT NULL, echecs INTEGER NOT NULL,
    bloque_boot_id TEXT, bloque_bt_ns INTEGER
) STRICT;
CREATE TABLE reglage (
    nom TEXT PRIMARY KEY, valeur TEXT NOT NULL
) STRICT;
CREATE TABLE lot (
    id TEXT PRIMARY KEY, incarnation TEXT NOT NULL, premier INTEGER NOT NULL, dernier INTEGER NOT NULL,
    apres BLOB NOT NULL, corps BLOB NOT NULL, UNIQUE (incarnation, premier)
) STRICT;
CREATE TABLE depot (
    lot_id TEXT NOT NULL, voie TEXT NOT NULL, support TEXT NOT NULL, mur_ms INTEGER NOT NULL,
    PRIMARY KEY (lot_id, voie, support)
) STRICT;
CREATE TABLE recu (
    incarnation TEXT NOT NULL, serie INTEGER NOT NULL, jusqua INTEGER NOT NULL, corps BLOB NOT NULL,
    PRIMARY KEY (incarnation, serie, jusqua)
) STRICT;
"""

# What the two streams, erasures and downward lots need; replaces three tables of the first version, rows included.
ECHANGE = """
CREATE TABLE cle_personne (
    seq INTEGER PRIMARY KEY, personne_id TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO cle_personne (personne_id) SELECT personne_id FROM coffre ORDER BY rowid;
ALTER TABLE lot RENAME TO lot_avant;
CREATE TABLE lot (
    id TEXT PRIMARY KEY, incarnation TEXT NOT NULL, flux TEXT NOT NULL, premier INTEGER NOT NULL,
    dernier INTEGER NOT NULL, apres BLOB NOT NULL, octets INTEGER NOT NULL, corps BLOB,
    UNIQUE (incarnation, flux, premier)
) STRICT;
INSERT INTO lot SELECT id, incarnation, 'activite', premier, dernier, apres, length(corps), corps FROM lot_avant;
DROP TABLE lot_avant;
ALTER TABLE recu RENAME TO recu_avant;
CREATE TABLE recu (
    incarnation TEXT NOT NULL, flux TEXT NOT NULL, serie INTEGER NOT NULL, jusqua INTEGER NOT NULL,
    ilots TEXT NOT NULL, heure_ms INTEGER NOT NULL, oublie INTEGER NOT NULL, corps BLOB NOT NULL,
    PRIMARY KEY (incarnation, flux, serie, jusqua)
) STRICT;
INSERT INTO recu SELECT incarnation, 'activite', serie, jusqua, '[]', 0, 0, corps FROM recu_avant ORDER BY rowid;
DROP TABLE recu_avant;
CREATE INDEX evenement_seance ON evenement (seance_id, seq) WHERE seance_id IS NOT NULL;
CREATE TABLE rotation (
    serie INTEGER PRIMARY KEY, cle TEXT NOT NULL, seq INTEGER NOT NULL, corps BLOB NOT NULL, acquise INTEGER NOT NULL
) STRICT;
CREATE TABLE courrier (
    id TEXT PRIMARY KEY, corps BLOB NOT NULL, mur_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE code_local (
    liste TEXT NOT NULL, code TEXT NOT NULL, libelle TEXT NOT NULL, PRIMARY KEY (liste, code)
) STRICT;
CREATE TABLE kolibri_a_effacer (
    personne_id TEXT PRIMARY KEY
) STRICT;
"""

# More views of the journal; staff names leave the clear.
VUES_ECHANGE = """
CREATE TABLE effacement (
    personne_id TEXT PRIMARY KEY, motif TEXT NOT NULL, seq INTEGER NOT NULL
) STRICT;
CREATE TABLE descente (
    genre TEXT PRIMARY KEY, serie INTEGER NOT NULL
) STRICT;
ALTER TABLE compte RENAME TO compte_avant;
CREATE TABLE compte (
    compte_id TEXT PRIMARY KEY, nom TEXT, chiffre BLOB, role TEXT NOT NULL, actif INTEGER NOT NULL
) STRICT;
INSERT INTO compte SELECT compte_id, nom, NULL, role, actif FROM compte_avant;
DROP TABLE compte_avant;
"""

#: Names of all the migrations (`migrations.py`), so that opening an up-to-date register need not load sqlite-utils.
TOUTES = ("m0001_journal", "m0002_vues", "m0003_hors_journal", "m0004_echange", "m0005_vues_echange")
