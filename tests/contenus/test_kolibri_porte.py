"""Kolibri's door: whoever holds no fresh link of ours stays out. A real Kolibri, over HTTP."""

import hashlib
import hmac
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from kolibri_essai import KolibriEssai, Navigateur, Serveurs
from pirogue_contenus import kolibri_boite
from pirogue_contenus.kolibri_annuaire import en_vie, oublier, pousser
from pirogue_contenus.kolibri_erreurs import KolibriAbsent, KolibriRefuse
from pirogue_contenus.kolibri_jeton import PersonneKolibri, lien_entree, lien_sortie
from pirogue_contenus.kolibri_progres import PREFIXE
from pirogue_socle.horloge import NS_PAR_MS, maintenant

PORTAIL = "http://portail.essai:5000"


def kolibri_id(essai: KolibriEssai, personne: PersonneKolibri) -> tuple[str, str]:
    """Return Kolibri's id and user name of one of ours."""
    with closing(sqlite3.connect(f"file:{essai.maison}/db.sqlite3?mode=ro", uri=True)) as db:
        requete = "SELECT id, username FROM kolibriauth_facilityuser WHERE _morango_source_id = ?"
        identifiant, nom = db.execute(requete, (PREFIXE + personne.sub,)).fetchone()
        return str(identifiant), str(nom)


def etablissement(essai: KolibriEssai) -> str:
    """Return Kolibri's id of the facility."""
    return str(Navigateur().lire(f"{essai.base}/api/auth/facility/").json[0]["id"])


def jeton_de_session(secret: str, utilisateur: str) -> str:
    """Return what Kolibri's TokenGenerator makes: a session token for one user, signed with `secret`."""
    instant = int(time.time())
    chiffres, reste = "", instant
    while reste:
        reste, rang = divmod(reste, 36)
        chiffres = "0123456789abcdefghijklmnopqrstuvwxyz"[rang] + chiffres
    cle = hashlib.sha256(("django.contrib.auth.tokens.PasswordResetTokenGenerator" + secret).encode()).digest()
    somme = hmac.new(cle, f"{utilisateur}{instant}".encode(), hashlib.sha256).hexdigest()
    return f"{chiffres}-{somme[::2]}"


def test_the_link_opens_the_lesson_once(kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri) -> None:
    """The first opening signs Afi in and leads to her lesson; the second one finds a closed door."""
    lien = kolibri.lien(afi, "/fr-fr/learn/#/topics/c/abc")

    entree = portable.lire(lien)
    qui = portable.qui(kolibri.base)
    retour = Navigateur().lire(lien)

    assert (entree.statut, entree.vers) == (302, "/fr-fr/learn/#/topics/c/abc")
    assert qui == "Afi D."
    assert retour.statut == 403
    assert "il ne sert qu’une fois" in retour.texte
    assert f'href="{PORTAIL}/"' in retour.texte


def test_a_link_changed_on_the_way_opens_nothing(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """Koffi cannot turn Afi's link into his own, nor sign one with another key."""
    lien = kolibri.lien(afi)
    morceau = lien.index("t=") + 6
    autre = lien[:morceau] + ("A" if lien[morceau] != "A" else "B") + lien[morceau + 1 :]
    forge = lien_entree(base=kolibri.base, cle=b"x" * 64, personne=afi, suite="/", instant=maintenant())

    statuts = [portable.lire(adresse).statut for adresse in (autre, forge, kolibri.base + "/pirogue/entrer")]

    assert statuts == [403, 403, 403]
    assert portable.qui(kolibri.base) == ""


def test_an_old_link_or_another_boxs_opens_nothing(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """A link dies after a minute of boot time, and in any other boot, whatever the wall clock says."""
    present = maintenant()
    perime = replace(present, bt_ns=present.bt_ns - 61_000 * NS_PAR_MS, mur_ms=present.mur_ms)
    ailleurs = replace(present, boot_id="0" * 32)
    mur_fou = replace(present, mur_ms=0)

    def entrer_a(instant: object) -> int:
        return portable.lire(
            lien_entree(base=kolibri.base, cle=kolibri.cle, personne=afi, suite="/", instant=instant)  # type: ignore[arg-type]
        ).statut

    assert entrer_a(perime) == 403
    assert entrer_a(ailleurs) == 403
    assert entrer_a(mur_fou) == 302


def test_a_used_link_stays_used_after_kolibri_restarts(maison: Path, serveurs: Serveurs, afi: PersonneKolibri) -> None:
    """The mark of a used link is on the disk, not in the memory of the process."""
    essai = serveurs.servir(maison)
    lien = essai.lien(afi)
    assert Navigateur().lire(lien).statut == 302

    de_nouveau = serveurs.servir(maison)
    rejoue = Navigateur().lire(lien.replace(essai.base, de_nouveau.base))

    assert rejoue.statut == 403


def test_the_door_stands_under_the_portals_own_address_too(
    maison: Path, serveurs: Serveurs, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """On the box Kolibri is served under /cours: entry, page, script and way out all stay under it."""
    options = maison / "options.ini"
    options.write_text(
        options.read_text(encoding="utf-8").replace("URL_PATH_PREFIX = /", "URL_PATH_PREFIX = cours/"), encoding="utf-8"
    )
    essai = serveurs.servir(maison, prefixe="/cours")
    pousser(base=essai.base, cle=essai.cle, personnes=[afi])

    entree = portable.lire(essai.lien(afi, "/fr-fr/learn/#/topics/c/abc"))
    page = portable.lire(f"{essai.base}/fr-fr/learn/").texte

    assert (entree.statut, entree.vers) == (302, "/cours/fr-fr/learn/#/topics/c/abc")
    assert portable.qui(essai.base) == "Afi D."
    assert '<script src="/cours/static/pirogue_kolibri/retour.js"' in page
    assert portable.lire(lien_sortie(essai.base)).vers == PORTAIL + "/"
    assert portable.qui(essai.base) == ""


def test_the_administrator_never_comes_by_the_portals_door(
    kolibri: KolibriEssai, portable: Navigateur, rachelle: PersonneKolibri
) -> None:
    """Whoever has been given the device's rights in Kolibri enters with a password, not with a link."""
    pousser(base=kolibri.base, cle=kolibri.cle, personnes=[rachelle])
    with closing(sqlite3.connect(kolibri.maison / "db.sqlite3", timeout=20)) as db, db:
        db.execute(
            "INSERT INTO device_devicepermissions (user_id, is_superuser, can_manage_content) VALUES (?, 1, 1)",
            (kolibri_id(kolibri, rachelle)[0],),
        )

    reponse = portable.lire(kolibri.lien(rachelle))

    assert reponse.statut == 403
    assert portable.qui(kolibri.base) == ""


def test_the_next_pair_finds_nothing_of_the_last_one(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri, koffi: PersonneKolibri
) -> None:
    """On a shared laptop: entry signs the other one out; «J'ai fini» leaves nobody and leads to the portal."""
    portable.lire(kolibri.lien(afi))
    ancienne = portable.cookie("kolibri")
    portable.lire(kolibri.lien(koffi))
    apres_entree = portable.qui(kolibri.base)
    sortie = portable.lire(lien_sortie(kolibri.base))

    assert apres_entree == "Koffi A."
    assert (sortie.statut, sortie.vers) == (302, PORTAIL + "/")
    assert portable.qui(kolibri.base) == ""
    with closing(sqlite3.connect(f"file:{kolibri.maison}/sessions.sqlite3?mode=ro", uri=True)) as db:
        assert db.execute("SELECT 1 FROM kolibriauth_session WHERE session_key = ?", (ancienne,)).fetchone() is None


def test_a_session_lives_by_boot_time(
    kolibri: KolibriEssai, afi: PersonneKolibri, koffi: PersonneKolibri, rachelle: PersonneKolibri
) -> None:
    """Over an hour unused, or opened before the power cut: over. In use: it goes on, whatever the date becomes."""
    present = maintenant()
    bt_ms = present.bt_ns // NS_PAR_MS
    vus = {
        "Afi D.": (present.boot_id, bt_ms - 61 * 60_000),
        "Koffi A.": ("0" * 32, bt_ms),
        "Rachelle": (present.boot_id, bt_ms - 50 * 60_000),
    }
    portables = [Navigateur() for _ in vus]
    code = "from kolibri.core.auth.backends import SessionStore\n"
    for portable, personne in zip(portables, (afi, koffi, rachelle), strict=True):
        portable.lire(kolibri.lien(personne))
        code += f"s = SessionStore({portable.cookie('kolibri')!r})\n"
        code += f"s['pirogue_vu'] = {list(vus[personne.nom])!r}\ns.save()\n"
    subprocess.run(
        [sys.executable, "-m", "kolibri", "manage", "--skip-update", "shell", "-c", code],
        env=os.environ | kolibri_boite.environnement(kolibri.maison),
        check=True,
        capture_output=True,
    )

    assert [portable.qui(kolibri.base) for portable in portables] == ["", "", "Rachelle"]


def test_kolibris_own_sign_out_leads_to_the_portal(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """Nobody is left in front of Kolibri's password page."""
    portable.lire(kolibri.lien(afi))

    sortie = portable.lire(f"{kolibri.base}/fr-fr/logout/")

    assert (sortie.statut, sortie.vers) == (302, PORTAIL + "/")


def test_the_way_back_is_on_every_page(kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri) -> None:
    """The pages that Kolibri serves carry our script, with the portal's address, and the script is served."""
    portable.lire(kolibri.lien(afi))

    page = portable.lire(f"{kolibri.base}/fr-fr/learn/").texte
    script = re.search(r'<script src="([^"]*retour\.js)" data-chemin="([^"]*)"', page)

    assert script is not None
    assert script[2] == f"{PORTAIL}/chemin"
    assert "← Mon chemin" in portable.lire(kolibri.base + script[1]).texte


def test_a_session_signed_with_the_published_key_is_refused(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """
    Every Kolibri of the world ships the same secret; ours does not use it.

    The control: the same token made with this box's own secret is accepted, so only the key made the difference.
    """
    pousser(base=kolibri.base, cle=kolibri.cle, personnes=[afi])
    utilisateur = kolibri_id(kolibri, afi)[0]
    kolibri_installe = find_spec("kolibri")
    assert kolibri_installe is not None
    assert kolibri_installe.origin is not None
    reglages = Path(kolibri_installe.origin).parent / "deployment/default/settings/base.py"
    publie = re.search(r'^SECRET_KEY = "(.*)"$', reglages.read_text(encoding="utf-8"), re.MULTILINE)
    assert publie is not None
    boite = (kolibri.maison / "cle_django").read_text(encoding="ascii").strip()

    def presenter(secret: str) -> int:
        corps = {"user_id": utilisateur, "auth_token": jeton_de_session(secret, utilisateur)}
        return portable.demander("POST", f"{kolibri.base}/api/auth/session/", corps).statut

    assert presenter(publie[1]) in {400, 401}
    assert portable.qui(kolibri.base) == ""
    assert presenter(boite) == 200


def test_a_trainee_has_no_password_to_guess_or_to_claim(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """Kolibri's own sign-in page lets no trainee in, with no password or any, and none can be claimed."""
    pousser(base=kolibri.base, cle=kolibri.cle, personnes=[afi])
    nom = kolibri_id(kolibri, afi)[1]
    ecole = etablissement(kolibri)

    def essayer(**corps: str) -> int:
        tout = {"username": nom, "facility": ecole, **corps}
        return portable.demander("POST", f"{kolibri.base}/api/auth/session/", tout).statut

    reclame = portable.demander(
        "POST",
        f"{kolibri.base}/api/auth/setnonspecifiedpassword",
        {"username": nom, "password": "koffi", "facility": ecole},
    )

    assert {essayer(), essayer(password=""), essayer(password="NOT_SPECIFIED"), essayer(password=nom)} <= {400, 401}
    assert reclame.statut == 404
    assert portable.qui(kolibri.base) == ""


def test_nobody_signs_up_or_visits_by_himself(kolibri: KolibriEssai, portable: Navigateur) -> None:
    """Guest access and sign-up are off: the portal alone brings people."""
    ecole = etablissement(kolibri)
    inscription = {"username": "intrus", "full_name": "Intrus", "password": "secret", "facility": ecole}

    portable.lire(f"{kolibri.base}/api/auth/session/current/")
    statuts = {
        portable.demander("POST", f"{kolibri.base}{chemin}", inscription).statut
        for chemin in ("/api/auth/signup/", "/api/public/signup/")
    }
    visite = portable.lire(f"{kolibri.base}/fr-fr/guestaccess/")
    reglages = portable.lire(f"{kolibri.base}/api/auth/facility/").json[0]["dataset"]

    assert not statuts & {200, 201}
    assert visite.vers.startswith("/fr-fr/auth/")
    assert not [cle for cle, valeur in reglages.items() if cle.startswith("learner_can") and valeur]
    with closing(sqlite3.connect(f"file:{kolibri.maison}/db.sqlite3?mode=ro", uri=True)) as db:
        autres = "enable_mark_attendance, picture_password_settings, show_download_button_in_learn"
        assert db.execute(f"SELECT {autres} FROM kolibriauth_facilitydataset").fetchall() == [(0, None, 0)]
    assert not portable.lire(f"{kolibri.base}/api/auth/facilityusername/?search=a&facility={ecole}").json


def test_people_are_pushed_once_with_any_name(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri
) -> None:
    """Names with ɖ, apostrophes and pictures arrive whole; pushing again, or under a new class, makes no double."""
    coquille = replace(afi, nom="Ɖɔ̀nù d'Aƒi 🐢 <b>", code="7K3Q" + afi.sub[:2].upper(), classes=("5e « B »",))

    for personne in (coquille, coquille, replace(coquille, classes=("5e C",))):
        pousser(base=kolibri.base, cle=kolibri.cle, personnes=[personne])
    portable.lire(kolibri.lien(replace(coquille, classes=("5e C",))))

    with closing(sqlite3.connect(f"file:{kolibri.maison}/db.sqlite3?mode=ro", uri=True)) as db:
        classes = db.execute(
            "SELECT c.name FROM kolibriauth_membership m JOIN kolibriauth_collection c ON c.id = m.collection_id "
            "WHERE m.user_id = ?",
            (kolibri_id(kolibri, coquille)[0],),
        ).fetchall()
    assert portable.qui(kolibri.base) == "Ɖɔ̀nù d'Aƒi 🐢 <b>"
    assert classes == [("5e C",)]


def test_an_erased_trainee_is_forgotten_by_kolibri_and_nobody_else_is(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri, koffi: PersonneKolibri
) -> None:
    """User, class and sessions go; asking again, or for someone unknown, is no fault; a forged order is refused."""
    pousser(base=kolibri.base, cle=kolibri.cle, personnes=[afi, koffi])
    portable.lire(kolibri.lien(afi))
    present = portable.qui(kolibri.base)
    with pytest.raises(KolibriRefuse):
        oublier(base=kolibri.base, cle=b"x" * 64, personnes=[koffi.sub])
    for _ in range(2):
        oublier(base=kolibri.base, cle=kolibri.cle, personnes=[afi.sub, "f" * 32])
    with closing(sqlite3.connect(f"file:{kolibri.maison}/db.sqlite3?mode=ro", uri=True)) as db:
        requete = "SELECT count(*) FROM kolibriauth_facilityuser WHERE _morango_source_id = ?"
        restes = [db.execute(requete, (PREFIXE + une.sub,)).fetchone()[0] for une in (afi, koffi)]

    assert present == "Afi D."
    assert restes == [0, 1]
    assert portable.qui(kolibri.base) == ""


def test_two_trainees_with_one_name_are_two_people(
    kolibri: KolibriEssai, afi: PersonneKolibri, koffi: PersonneKolibri
) -> None:
    """Kolibri wants unique user names, and shows them; our id is what makes a person."""
    nom = f"Sèna d'A{afi.sub[:4]}"

    for _ in range(2):
        pousser(base=kolibri.base, cle=kolibri.cle, personnes=[replace(afi, nom=nom), replace(koffi, nom=nom)])

    assert kolibri_id(kolibri, afi)[1] == f"Sèna_d_A{afi.sub[:4]}"
    assert kolibri_id(kolibri, koffi)[1] == f"Sèna_d_A{afi.sub[:4]}_{koffi.sub[:6]}"


def test_the_trainer_is_a_coach_and_the_trainee_is_not(
    kolibri: KolibriEssai, portable: Navigateur, afi: PersonneKolibri, rachelle: PersonneKolibri
) -> None:
    """Roles come from the portal, and go with it."""
    portable.lire(kolibri.lien(replace(afi, role="coach")))
    abusive = portable.session(kolibri.base)["kind"]
    portable.lire(kolibri.lien(afi))
    jeune = portable.session(kolibri.base)["kind"]
    portable.lire(kolibri.lien(rachelle))
    formatrice = portable.session(kolibri.base)["kind"]

    assert "coach" in abusive
    assert jeune == ["learner"]
    assert "coach" in formatrice


def test_a_push_that_we_did_not_sign_is_refused(kolibri: KolibriEssai, afi: PersonneKolibri) -> None:
    """Anybody on the Wi-Fi can call that address; only the portal holds the key."""
    with pytest.raises(KolibriRefuse):
        pousser(base=kolibri.base, cle=b"y" * 64, personnes=[afi])

    nu = Navigateur().demander("POST", f"{kolibri.base}/pirogue/api/annuaire", {"personnes": []})
    assert nu.statut == 403


def test_an_entry_link_is_no_push_and_the_reverse(kolibri: KolibriEssai, afi: PersonneKolibri) -> None:
    """A signature is for one use: a trainee's link, seen in her address bar, pushes nobody."""
    jeton = kolibri.lien(afi).split("t=")[1]

    with socket.create_connection(("127.0.0.1", int(kolibri.base.rsplit(":", 1)[1])), timeout=10) as prise:
        corps = jeton.encode()
        prise.sendall(
            b"POST /pirogue/api/annuaire HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(corps), corps)
        )
        reponse = prise.recv(64)

    assert reponse.startswith(b"HTTP/1.1 403")


def test_without_kolibri_the_portal_is_told_so_at_once(afi: PersonneKolibri) -> None:
    """A closed port, or a mute one, is said in a sentence and within the delay."""
    with socket.socket() as muet:
        muet.bind(("127.0.0.1", 0))
        muet.listen()
        bases = ["http://127.0.0.1:9", f"http://127.0.0.1:{muet.getsockname()[1]}"]
        debut = maintenant()
        for base in bases:
            assert not en_vie(base=base, delai_s=0.3)
            with pytest.raises(KolibriAbsent):
                pousser(base=base, cle=b"z" * 64, personnes=[afi], delai_s=0.3)

    assert maintenant().bt_ns - debut.bt_ns < 3_000_000_000
