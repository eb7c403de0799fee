"""The journal survives what happens on a boat: crashes, several processes, clocks that lie."""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Callable
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipage import HUIT_HEURES_MS, Bord
from pirogue_registre import ancres, base, connexions, jeunes, journal, presences, progres, seances, vues
from pirogue_registre.progres import Progres
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_socle.horloge import Ancre, Instant, ancres_par_boot, duree_ms, estimer, maintenant

Vues = dict[str, list[tuple[object, ...]]]


def photographier(registre: base.Registre) -> Vues:
    """Return the content of every view."""
    return {vue: sorted((tuple(r) for r in registre.db.execute(f"SELECT * FROM {vue}")), key=repr) for vue in vues.VUES}


def verifier(registre: base.Registre) -> None:
    """Assert what must hold at any instant: no gap, sound file, views equal to the replay."""
    numeros = [r[0] for r in registre.db.execute("SELECT seq FROM evenement ORDER BY seq")]
    assert numeros == list(range(1, len(numeros) + 1))
    assert registre.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    avant = photographier(registre)
    journal.rejouer(registre)
    assert photographier(registre) == avant


class Coupure(Exception):
    """The power goes in the middle of a transaction."""


Acte = tuple[str, int, int]
ACTES = st.tuples(
    st.sampled_from(
        ["ouvrir", "clore", "annuler", "pointer", "corriger", "entrer", "rejoindre", "sortir", "inscrire"]
        + ["progres", "ancre", "redemarrer", "sauter", "coupure"]
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)
ETATS = ("present", "retard", "parti_avant", "absent", "excuse", "non_marque")


def jouer(bord: Bord, acte: Acte) -> None:  # noqa: C901, PLR0912 - a table of acts
    """Do one act of a day, right or wrong."""
    nom, a, b = acte
    registre, h = bord.registre, bord.horloge
    connus = jeunes.lister(registre, bord.groupe)
    qui = connus[a % len(connus)].personne_id
    ouverte = seances.en_cours(registre)
    seance = ouverte.seance_id if ouverte else "aucune"
    commun = {"seance_id": seance, "instant": h(), "auteur": bord.rachelle}
    if nom == "ouvrir":
        bord.ouvrir_seance()
    elif nom == "clore":
        seances.cloturer(registre, **commun)
    elif nom == "annuler":
        seances.annuler(registre, motif="meteo", **commun)
    elif nom == "pointer":
        presences.pointer(registre, personne_id=qui, etat=ETATS[b], **commun)
    elif nom == "corriger":
        toutes = seances.lister(registre)
        commun["seance_id"] = toutes[b % len(toutes)].seance_id if toutes else "aucune"
        presences.corriger(registre, personne_id=qui, nouveau=ETATS[b], motif="erreur_saisie", **commun)
    elif nom == "entrer":
        connexions.ouvrir(registre, seance_id=seance, personne_id=qui, instant=h())
    elif nom in ("rejoindre", "sortir"):
        ouvertes = connexions.ouvertes(registre, seance)
        ident = ouvertes[b % len(ouvertes)].connexion_id if ouvertes else "aucune"
        if nom == "rejoindre":
            connexions.rejoindre(registre, connexion_id=ident, personne_id=qui, instant=h())
        else:
            connexions.fermer(registre, connexion_id=ident, instant=h())
    elif nom == "inscrire":
        jeunes.inscrire_nouveau(
            registre, prenom="Ɖossi", sexe="F", age="13", groupe_id=bord.groupe, instant=h(), auteur="x"
        )
    elif nom == "progres":
        fait = Progres(qui, f"c{b}", "S01", "lecon", b / 5, a, None, None, b == 5, "kolibri")
        progres.noter(registre, progres=fait, instant=h())
    elif nom == "ancre":
        ancres.confirmer_date(registre, utc_ms=HUIT_HEURES_MS + b * 60_000, source="formateur", instant=h(), auteur="x")
    elif nom == "redemarrer":
        h.redemarrer(mur_ms=0 if b % 2 else None)
    elif nom == "sauter":
        h.sauter(jours=3 if b % 2 else -3)
    else:
        couper(bord, ("inscrire", a, b))


def couper(bord: Bord, acte: Acte) -> None:
    """Do an act in a transaction that the power cuts at its end: nothing of it may be there."""
    avant = journal.dernier(bord.registre), photographier(bord.registre)
    with pytest.raises(Coupure), base.transaction(bord.registre):
        jouer(bord, acte)
        raise Coupure
    assert (journal.dernier(bord.registre), photographier(bord.registre)) == avant


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actes=st.lists(ACTES, max_size=30))
def test_any_day_leaves_a_gapless_journal_and_views_equal_to_its_replay(
    fabrique_bord: Callable[[], Bord], actes: list[Acte]
) -> None:
    """Any interleaving of acts, refusals and cuts."""
    bord = fabrique_bord()
    for acte in actes:
        try:
            jouer(bord, acte)
        except ErreurPirogue:
            continue

    verifier(bord.registre)


ECRIVAIN = """
    import sys
    from pathlib import Path
    from pirogue_registre import base, journal
    from pirogue_socle.horloge import maintenant
    registre = base.ouvrir(Path(sys.argv[1]))
    for rang in range(100000):
        seq = journal.ecrire(registre, type="tetes_comptees", valeurs={"tetes": rang}, instant=maintenant(),
                             auteur=sys.argv[2], seance_id=sys.argv[2])
        print(seq, flush=True)
"""


def test_what_was_acknowledged_before_kill_9_is_there(bord: Bord, tmp_path: Path) -> None:
    """Writers are killed at a random moment, five times: every number they announced is in the journal."""
    dossier = tmp_path / "registre"
    for tour in range(5):
        ecrivains = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(ECRIVAIN), str(dossier), f"e{tour}{rang}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for rang in range(2)
        ]
        annonces: list[tuple[str, int]] = []
        for rang, ecrivain in enumerate(ecrivains):
            assert ecrivain.stdout is not None
            annonces += [(f"e{tour}{rang}", int(ecrivain.stdout.readline())) for _ in range(random.randint(1, 40))]
        for rang, ecrivain in enumerate(ecrivains):
            ecrivain.send_signal(signal.SIGKILL)
            reste = ecrivain.communicate()[0].splitlines(keepends=True)
            annonces += [(f"e{tour}{rang}", int(ligne)) for ligne in reste if ligne.endswith("\n")]

        auteurs = dict(bord.registre.db.execute("SELECT seq, auteur FROM evenement").fetchall())
        assert all(auteurs[seq] == auteur for auteur, seq in annonces)

    verifier(bord.registre)


def test_a_write_is_announced_only_after_the_disk_has_it(bord: Bord, tmp_path: Path) -> None:
    """Between two announcements the kernel was asked to put the journal on the disk: a power cut finds it there."""
    trace = tmp_path / "trace"
    code = textwrap.dedent(ECRIVAIN).replace("100000", "5")
    commande = ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,write", sys.executable, "-c", code]
    subprocess.run([*commande, str(tmp_path / "registre"), "e"], stdout=subprocess.PIPE, check=True)

    appels = re.findall(r"fdatasync|fsync|write\(1, \"\d", trace.read_text(encoding="utf-8"))
    annonces = [rang for rang, appel in enumerate(appels) if appel.startswith("write")]
    assert len(annonces) == 5
    assert all("sync" in "".join(appels[avant:apres]) for avant, apres in pairwise([0, *annonces]))


def test_three_users_of_one_group_write_at_once_and_lose_nothing(bord: Bord, tmp_path: Path) -> None:
    """Portal, sync and Kolibri's reader run under their own uids, in the register's group, with umask 0077."""
    assert os.geteuid() == 0, "ce test change d'utilisateur : lance-le en root (sudo make test)"
    dossier, groupe = tmp_path / "registre", 2100
    maintenant()  # what this reads and imports is in memory before we become someone else
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    for chemin in (dossier, *dossier.iterdir()):
        os.chown(chemin, 0, groupe)
    enfants = [_ecrire_sous(uid, groupe, dossier, combien=40) for uid in (2001, 2002, 2003)]

    codes = [os.waitstatus_to_exitcode(os.waitpid(enfant, 0)[1]) for enfant in enfants]

    assert codes == [0, 0, 0]
    comptes = bord.registre.db.execute(
        "SELECT auteur, count(*) FROM evenement WHERE type = 'tetes_comptees' GROUP BY auteur ORDER BY auteur"
    )
    assert [tuple(c) for c in comptes] == [("2001", 40), ("2002", 40), ("2003", 40)]
    verifier(bord.registre)


def test_a_register_made_by_one_user_is_brought_up_to_date_by_another(tmp_path: Path) -> None:
    """The portal starts first, under umask 0077; after an upgrade it is the sync that finds a table missing."""
    assert os.geteuid() == 0, "ce test change d'utilisateur : lance-le en root (sudo make test)"
    dossier, groupe = tmp_path / "registre", 2100
    maintenant()
    for parent in (tmp_path, *tmp_path.parents):
        if parent != Path("/") and not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o011)
    dossier.mkdir()
    os.chown(dossier, 0, groupe)
    dossier.chmod(0o2770)
    codes = [os.waitstatus_to_exitcode(os.waitpid(_ecrire_sous(2001, groupe, dossier, combien=1), 0)[1])]
    with closing(sqlite3.connect(dossier / "registre.sqlite3")) as db:
        db.executescript(
            "DROP TABLE coffre; DROP TABLE secret_compte; DROP TABLE reglage; DROP TABLE lot; DROP TABLE depot;"
            "DROP TABLE recu; DELETE FROM _sqlite_migrations WHERE name = 'm0003_hors_journal';"
        )
    codes.append(os.waitstatus_to_exitcode(os.waitpid(_ecrire_sous(2002, groupe, dossier, combien=1), 0)[1]))

    assert codes == [0, 0]


def _ecrire_sous(uid: int, gid: int, dossier: Path, *, combien: int) -> int:
    """Fork a writer that becomes another user; return its process id."""
    enfant = os.fork()
    if enfant:
        return enfant
    try:
        os.umask(0o077)
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        registre = base.ouvrir(dossier)
        for rang in range(combien):
            journal.ecrire(
                registre,
                type="tetes_comptees",
                valeurs={"tetes": rang},
                instant=maintenant(),
                auteur=str(uid),
                seance_id="s",
            )
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked child must never return into pytest
        traceback.print_exc()
        os._exit(1)


def test_the_journal_refuses_to_be_rewritten(bord: Bord) -> None:
    """Not even our own code may touch a line that is written."""
    for geste in (
        "UPDATE evenement SET auteur = 'x'",
        "DELETE FROM evenement",
        "INSERT INTO evenement SELECT 99, 'z', type, version, personne_id, seance_id, valeurs, auteur, boot_id,"
        " bt_ns, mur_ms, qualite FROM evenement WHERE seq = 1",
    ):
        with pytest.raises(Exception, match="the journal"):
            bord.registre.db.execute(geste)

    verifier(bord.registre)


def test_a_full_disk_gets_a_sentence_and_loses_nothing(bord: Bord) -> None:
    """SQLite is held to the pages that it has; the act is refused whole, the register stays sound."""
    pages = bord.registre.db.execute("PRAGMA page_count").fetchone()[0]
    bord.registre.db.execute(f"PRAGMA max_page_count = {pages}")
    avant = journal.dernier(bord.registre)

    with pytest.raises(base.DisquePlein, match="plein"):
        for _ in range(500):
            avant = journal.dernier(bord.registre)
            bord.ouvrir_seance()
            ouverte = seances.en_cours(bord.registre)
            assert ouverte is not None
            seances.annuler(
                bord.registre, seance_id=ouverte.seance_id, motif="meteo", instant=bord.horloge(), auteur="x"
            )

    assert journal.dernier(bord.registre) - avant in (0, 1)
    verifier(bord.registre)


def test_clock_jumps_a_1970_boot_and_equal_wall_times_change_no_order(bord: Bord) -> None:
    """The wall jumps by three days both ways, then the box boots in 1970: numbers and hours stay right."""
    ancres.confirmer_date(bord.registre, utc_ms=HUIT_HEURES_MS, source="formateur", instant=bord.horloge(), auteur="x")
    seance = bord.ouvrir_seance()
    for jours in (3, -6, 3):
        bord.horloge.sauter(jours=jours)
        bord.horloge.avancer(minutes=30)
        presences.pointer(
            bord.registre,
            seance_id=seance,
            personne_id=bord.afi,
            etat="absent" if jours == 3 else "present",
            instant=bord.horloge(),
            auteur="x",
        )
    seances.cloturer(bord.registre, seance_id=seance, instant=bord.horloge(), auteur="x")
    bord.horloge.redemarrer(mur_ms=0)
    bord.ouvrir_seance("S02")

    derniere, premiere = seances.lister(bord.registre)

    assert (premiere.module, derniere.module) == ("S01", "S02")
    duree = seances.fin_ms(bord.registre, premiere, instant=bord.horloge()) - seances.debut_ms(bord.registre, premiere)
    assert duree // 60_000 == 90
    assert seances.debut_ms(bord.registre, premiere) // 60_000 == HUIT_HEURES_MS // 60_000
    assert seances.fin_ms(bord.registre, derniere, instant=bord.horloge()) >= seances.debut_ms(bord.registre, derniere)


INSTANTS = st.builds(Instant, st.sampled_from(["a", "b", "c"]), st.integers(0, 10**15), st.integers(-(10**12), 10**13))
ANCRES = st.builds(
    Ancre,
    st.sampled_from(["a", "b"]),
    st.integers(0, 10**15),
    st.integers(10**12, 2 * 10**12),
    st.sampled_from(["rive", "ntp", "formateur"]),
)


@given(debut=INSTANTS, fin=INSTANTS, connues=st.lists(ANCRES, max_size=5))
def test_no_duration_is_negative_whatever_the_clocks_say(debut: Instant, fin: Instant, connues: list[Ancre]) -> None:
    """Boots, walls and anchors in any disorder."""
    par_boot = ancres_par_boot(connues)

    assert duree_ms(debut, fin, par_boot) >= 0
    if debut.boot_id == fin.boot_id and debut.bt_ns <= fin.bt_ns:
        assert estimer(fin, {}) == fin.mur_ms
        assert duree_ms(debut, fin, par_boot) == (fin.bt_ns - debut.bt_ns) // 1_000_000
