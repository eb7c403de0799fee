"""What the health checks say of the hour, the register, the lessons, the way out: real registers, real files."""

import json
import threading
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bord.arbre_machine import Boite, abimer
from pirogue_bord import guerir_kolibri, guerir_registre
from pirogue_bord.horloge import EtatHorloge
from pirogue_bord.liaison import Releve
from pirogue_bord.quai import EtatLien
from pirogue_registre import ancres, base, seances
from pirogue_registre.flux import dernier
from pirogue_socle import histoires
from pirogue_socle.histoires import Histoire
from pirogue_socle.publier import publier
from portail.racine import Racine
from sync.recus_rendus import rendre_recu


def test_the_hour_is_asked_until_somebody_tells_it(boite: Boite) -> None:
    """A start without an anchor, then Rachelle's own watch; a jump of the wall changes nothing."""
    avant = boite.regarder()["horloge"]
    instant = boite.horloge()
    ancres.confirmer_date(
        boite.bord.registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=boite.bord.rachelle
    )
    boite.horloge.sauter(jours=-30)
    apres = boite.regarder()["horloge"]

    assert (avant.etat, "dis la bonne" in avant.geste) == ("attention", True)
    assert apres.etat == "bon"
    assert apres.phrase == "8 h 00, mardi 4 mars 2025 : dit par la formatrice ou le formateur."


def test_a_dead_battery_in_the_clock_is_told(boite: Boite) -> None:
    """The hour is known, and the chip that should have kept it said another: at the next start it would mislead."""
    instant = boite.horloge()
    ancres.confirmer_date(
        boite.bord.registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=boite.bord.rachelle
    )
    for rtc in ("juste", "fausse"):
        etat = EtatHorloge(
            source="formateur",
            utc_ms=instant.mur_ms,
            incertitude_ms=60_000,
            ecart_ms=0,
            synchronisee=False,
            rtc=rtc,
            phrase="",
        )
        publier(boite.racine / "run/pirogue-bord/horloge.json", asdict(etat))
        vu = boite.regarder()["horloge"]

        assert vu.etat == {"juste": "bon", "fausse": "attention"}[rtc]
        assert (vu.mesures["pile"], vu.mesures["doute_s"]) == (rtc, 60)


def test_a_register_that_is_sound_says_when_it_was_last_written(boite: Boite) -> None:
    """The age comes from the start's own clock."""
    boite.horloge.avancer(minutes=7)
    boite.horloge.sauter(jours=400)
    vu = boite.regarder()["registre"]

    assert (vu.etat, vu.phrase) == ("bon", "Le registre est sain ; dernière écriture il y a 7 minutes.")


def test_a_torn_register_is_told_and_never_touched(boite: Boite) -> None:
    """Before the hourly check as after it; the file stays as it is."""
    fichier = boite.racine / "data/pirogue/registre/registre.sqlite3"
    base.fermer(boite.bord.registre)
    abimer(fichier)
    octets = fichier.read_bytes()
    seul = boite.regarder()["registre"]
    with pytest.raises(base.RegistreIllisible):
        guerir_registre.garder(fichier.parent, instant=boite.horloge())
    dit = boite.regarder()["registre"]

    assert (seul.etat, dit.etat) == ("panne", "panne")
    assert "Note l'appel sur papier" in dit.geste
    assert fichier.read_bytes() == octets


def test_a_register_that_vanished_beside_its_copy_is_a_breakdown(boite: Boite) -> None:
    """A portal that starts would begin an empty one without a word."""
    dossier = boite.racine / "data/pirogue/registre"
    guerir_registre.garder(dossier, instant=boite.horloge())
    base.fermer(boite.bord.registre)
    (dossier / "registre.sqlite3").unlink()
    vu = boite.regarder()["registre"]

    assert (vu.etat, vu.mesures["copies"]) == ("panne", 1)


def test_data_that_wait_too_long_are_asked_for_until_the_shore_has_them(boite: Boite) -> None:
    """Eleven sessions that nobody confirmed; then the shore's receipt, eight days before the next one."""
    registre, rachelle = boite.bord.registre, boite.bord.rachelle
    for rang in range(11):
        seance = boite.bord.ouvrir_seance()
        seances.annuler(registre, seance_id=seance, motif="meteo", instant=boite.horloge(), auteur=rachelle)
        if rang == 0:
            une = boite.regarder()["envoi"]
    onze = boite.regarder()["envoi"]
    for flux in ("activite", "identites"):
        rendre_recu(boite, jusqua=dernier(registre, flux), serie=1, flux=flux, heure_ms=boite.horloge().mur_ms)
    confirme = boite.regarder()["envoi"]
    boite.horloge.avancer(minutes=8 * 24 * 60)
    instant = boite.horloge()
    ancres.confirmer_date(registre, utc_ms=instant.mur_ms, source="formateur", instant=instant, auteur=rachelle)
    boite.bord.ouvrir_seance()
    huit_jours = boite.regarder()["envoi"]

    assert (une.etat, une.phrase) == ("bon", "À bord seulement : 1 séance pas encore confirmée.")
    assert (onze.etat, onze.mesures["seances_en_attente"]) == ("attention", 11)
    assert (confirme.etat, confirme.phrase) == ("bon", "Tout est confirmé à terre.")
    assert (huit_jours.etat, huit_jours.mesures["jours_sans_recu"]) == ("attention", 8)
    assert "dernier reçu il y a 8 jours" in huit_jours.phrase


class Kolibri:
    """A door that answers as Kolibri's does."""

    def __init__(self, chemin: str) -> None:
        class Porte(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                """Answer the status page alone."""
                self.send_response(200 if self.path == f"{chemin}/status/" else 404)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self.serveur = HTTPServer(("127.0.0.1", 0), Porte)
        self.fil = threading.Thread(target=self.serveur.serve_forever, kwargs={"poll_interval": 0.01})
        self.fil.start()

    def __enter__(self) -> int:
        """Return the port."""
        return self.serveur.server_port

    def __exit__(self, *_: object) -> None:
        """Shut the door."""
        self.serveur.shutdown()
        self.fil.join()
        self.serveur.server_close()


def test_lessons_that_answer_lessons_that_prepare_and_lessons_that_fell(boite: Boite) -> None:
    """Asked at Kolibri's own door, under the path that the front server gives it."""
    boite.config = replace(boite.config, kolibri_base="http://pirogue.internal/cours/", kolibri_port=9)
    aucune = boite.regarder()["kolibri"]
    boite.unite("kolibri.service", active="activating")
    prepare = boite.regarder()["kolibri"]
    boite.unite("kolibri.service", active="failed")
    tombe = boite.regarder()["kolibri"]
    with Kolibri("/cours") as port:
        boite.config = replace(boite.config, kolibri_port=port)
        repond = boite.regarder()["kolibri"]

    assert (aucune.etat, "sans Kolibri" in aucune.phrase) == ("bon", True)
    assert (prepare.etat, "l'appel marche déjà" in prepare.geste) == ("attention", True)
    assert (tombe.etat, tombe.phrase) == ("attention", "Les leçons sont arrêtées.")
    assert (repond.etat, repond.phrase) == ("bon", "Les leçons répondent.")


@pytest.mark.parametrize(
    ("connue", "avance_jours", "phrase"),
    [
        (True, 0, "Les leçons ont été réparées à partir de la copie d'aujourd'hui."),
        (True, 1, "Les leçons ont été réparées à partir de la copie de mardi."),
        (True, 20, "Les leçons ont été réparées à partir de la copie du 4/3/2025."),
        (False, 1, "Les leçons ont été réparées à partir de la copie précédente."),
    ],
)
def test_lessons_that_were_healed_say_from_which_day(
    boite: Boite, *, connue: bool, avance_jours: int, phrase: str
) -> None:
    """The day of the copy is told only where somebody told the hour of that start; never the wall's own word."""
    copie = boite.horloge()
    if connue:
        ancres.confirmer_date(
            boite.bord.registre, utc_ms=copie.mur_ms, source="formateur", instant=copie, auteur="pirogue"
        )
    boite.horloge.avancer(minutes=avance_jours * 24 * 60)
    if not connue:
        boite.horloge.redemarrer(mur_ms=0)
    soin = guerir_kolibri.Soin(
        quoi="copie",
        boot_id=copie.boot_id,
        bt_ns=copie.bt_ns,
        mur_ms=copie.mur_ms,
        copie_boot_id=copie.boot_id,
        copie_bt_ns=copie.bt_ns,
        copie_mur_ms=copie.mur_ms,
    )
    boite.ecrire("data/pirogue/kolibri/copies/histoire.json", json.dumps(asdict(soin)))
    with Kolibri("") as port:
        boite.config = replace(boite.config, kolibri_port=port)
        vu = boite.regarder()["kolibri"]
        boite.ecrire("data/pirogue/kolibri/copies/histoire.json", json.dumps(asdict(soin) | {"demarrages": 3}))
        oublie = boite.regarder()["kolibri"]

    assert (vu.etat, vu.phrase) == ("attention", phrase)
    assert (oublie.etat, oublie.phrase) == ("bon", "Les leçons répondent.")


def test_the_last_stick_is_told_as_the_body_tells_it(boite: Boite) -> None:
    """None yet; one that was pulled too early; one that went well; yesterday's is forgotten."""
    fichier = boite.racine / "run/pirogue-bord" / histoires.NOM
    rien = boite.regarder()["cle"]
    ratee = Histoire("retiree_trop_tot", "La clé a été retirée trop tôt.", "Remets-la : rien n'est perdu.")
    histoires.ecrire(fichier, ratee, instant=boite.horloge())
    trop_tot = boite.regarder()["cle"]
    histoires.ecrire(fichier, Histoire("retirez", "C'est fini.", fait=4, total=4), instant=boite.horloge())
    finie = boite.regarder()["cle"]
    boite.horloge.redemarrer()
    hier = boite.regarder()["cle"]

    assert (rien.etat, hier.phrase) == ("bon", "Pas de clé depuis l'allumage.")
    assert (trop_tot.etat, trop_tot.geste) == ("attention", "Remets-la : rien n'est perdu.")
    assert (finie.etat, finie.mesures["fait"]) == ("bon", 4)


def test_the_way_out_is_told_with_what_is_left_of_its_bundle(boite: Boite, tmp_path: Path) -> None:
    """No dongle is no fault on a lake; a spent bundle is said."""
    aide = Racine(tmp_path / "actions.sock")
    try:
        boite.config = replace(boite.config, actions=aide.prise)
        reseau = boite.regarder()["lien"]
        aide.forfaits["sync"]["octets"] = 5_000_000
        fini = boite.regarder()["lien"]
        aide.forfaits["sync"]["octets"] = 0
        courrier = boite.racine / "run/pirogue-lien/lien.json"
        courrier.parent.mkdir()
        instant = boite.horloge()
        cle = Releve(genre="hilink", connecte=True, pour_cent=60, operateur="Essai", emis_octets=1, recus_octets=1)
        vu = EtatLien(boot_id=instant.boot_id, bt_ns=instant.bt_ns, lien=True, a_quai=True, cle=cle)
        publier(courrier, asdict(vu))
        repond = boite.regarder()["lien"]
        publier(courrier, asdict(replace(vu, a_quai=False, phrase="La rive a un problème, ou trop à faire.")))
        refuse = boite.regarder()["lien"]
        aide.lien = None
        rien = boite.regarder()["lien"]
        aide.refus["lien"] = "« nft » ne répond pas."
        muet = boite.regarder()["lien"]
    finally:
        aide.fermer()

    assert (reseau.etat, reseau.mesures["reste_mo"]) == ("bon", 4)
    assert (fini.etat, "clé USB" in fini.geste) == ("attention", True)
    assert (repond.etat, repond.phrase) == ("bon", "La 4G marche, la rive répond.")
    assert (repond.mesures["signal_pour_cent"], repond.mesures["operateur"]) == (60, "Essai")
    assert (refuse.etat, "La rive a un problème" in refuse.phrase) == ("attention", True)
    assert (rien.etat, rien.mesures) == ("bon", {"branchee": 0})
    assert muet.etat == "inconnu"


def test_a_system_on_trial_and_one_that_was_taken_back_are_told(boite: Boite) -> None:
    """Slot and version, the updater's own words, nothing on a machine with one system."""
    en_service = boite.regarder()["mise_a_jour"]
    boite.ecrire("data/systeme/maj/dernier.json", json.dumps({"issue": "essai", "creneau": "A", "vers": "12"}))
    essai = boite.regarder()["mise_a_jour"]
    boite.ecrire("data/systeme/maj/dernier.json", json.dumps({"issue": "confirmee", "creneau": "A", "vers": "12"}))
    boite.ecrire("run/pirogue-maj/histoire.json", json.dumps({"etape": "revenue", "phrase": "Elle n'a pas tenu."}))
    revenue = boite.regarder()["mise_a_jour"]
    boite.ecrire("proc/cmdline", "root=/dev/sda1\n")
    pc = boite.regarder()["mise_a_jour"]

    assert (en_service.etat, en_service.mesures["creneau"]) == ("bon", "A")
    assert en_service.phrase == "Version 12, en service."
    assert (essai.etat, essai.mesures["essai"]) == ("attention", 1)
    assert (revenue.etat, revenue.phrase) == ("attention", "Elle n'a pas tenu.")
    assert pc.etat == "inconnu"


def test_an_update_that_comes_by_the_quay_is_told_beside_the_version(boite: Boite) -> None:
    """How far it is, as the courier tells it; once root has it, the updater's own words."""
    instant = boite.horloge()
    vu = EtatLien(boot_id=instant.boot_id, bt_ns=instant.bt_ns, lien=True, maj="Je prends la mise à jour 13 : 42 %.")
    boite.ecrire("run/pirogue-lien/lien.json", json.dumps(asdict(vu)))
    vient = boite.regarder()["mise_a_jour"]
    boite.ecrire("run/pirogue-maj/histoire.json", json.dumps({"etape": "attente", "phrase": "Prête."}))
    venue = boite.regarder()["mise_a_jour"]

    assert (vient.etat, vient.phrase) == ("bon", "Version 12, en service. Je prends la mise à jour 13 : 42 %.")
    assert venue.phrase == "Prête."
