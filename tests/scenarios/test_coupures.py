"""kill -9 of the real portal and of the real shore, between any two steps and in the middle of them."""

import contextlib
import json
import random
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from embarcadere import PIROGUE, Service, pirogue, port_libre, sans_config
from equipage import Bord
from gestes_formateur import PIN, toucher
from gestes_jeune import embarquer, envoyer, montrer, texte
from pirogue_cli import donnees_essai
from pirogue_echange import cles as trousseau
from pirogue_registre import base, comptes, jeunes, journal, lieux, seances, vues
from pirogue_registre.base import Registre
from pirogue_registre.jeunes import Jeune
from pirogue_rive import arrivees
from pirogue_rive import config as rives
from pirogue_rive import schema as schema_rive
from pirogue_socle import config as reglages
from pirogue_socle.config import Config
from pirogue_socle.horloge import maintenant
from pirogue_sync import quatre_g
from pirogue_sync.quatre_g import PasDeRecu, RiveInjoignable
from sync.quai import Quai, nouvelle_rive, preparer_quai, sceller_par, vivre_une_journee
from sync.quai import vues as vues_rive
from visiteur import Page, Visiteur, envoyer_et_couper

#: What may be written twice when an answer was lost and a form sent again: none of it counts anybody twice.
REPETABLES = {"ancre", "tetes_comptees", "connexion_ouverte"}
INSTANTS = ("boot_id", "bt_ns", "mur_ms", "utc_ms", "seq", "chiffre", "code_jeune", "animal", "connexion_id")


@dataclass(frozen=True)
class Etat:
    """All that a register holds, in a form that two runs of one day share."""

    evenements: list[str]
    vues: dict[str, list[str]]


def configurer(dossier: Path) -> Config:
    """Write the configuration of a boat and its shore, on free ports, and return it."""
    port = port_libre()
    (dossier / "pirogue.toml").write_text(
        f"""
donnees = "bord"
terre = "rive"
portail_port = {port}
portail_base = "http://localhost:{port}/"
portail_hotes = ["localhost:{port}"]
kolibri_port = {port + 1}
kolibri_port_zip = {port + 2}
kolibri_base = "http://localhost:{port + 1}/"
rive_port = {port + 10}
rive_url = "http://localhost:{port + 10}"
"""
    )
    return reglages.lire(dossier / "pirogue.toml")


@dataclass(frozen=True)
class Boite:
    """A box whose portal runs, with its trainer's one-time code."""

    dossier: Path
    config: Config
    code: str
    portail: Service

    def lire(self) -> Registre:
        """Open its register beside the portal."""
        return base.ouvrir(self.config.registre)


@pytest.fixture(scope="module")
def modele(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A box on its first morning: Rachelle, six youths."""
    dossier = tmp_path_factory.mktemp("modele")
    essai = donnees_essai.preparer(configurer(dossier))
    (dossier / "code").write_text(essai.code)
    return dossier


@pytest.fixture
def boite(modele: Path, tmp_path: Path) -> Iterator[Boite]:
    """The same box at the same morning, with its portal."""
    dossier = tmp_path / "boite"
    shutil.copytree(modele, dossier)
    config = configurer(dossier)
    portail = Service("portail", dossier / "pirogue.toml", config.portail_port)
    yield Boite(dossier, config, (dossier / "code").read_text(), portail)
    portail.arreter()


@pytest.fixture(scope="module")
def temoin(modele: Path, tmp_path_factory: pytest.TempPathFactory) -> Etat:
    """The day without a cut."""
    dossier = tmp_path_factory.mktemp("temoin") / "boite"
    shutil.copytree(modele, dossier)
    config = configurer(dossier)
    portail = Service("portail", dossier / "pirogue.toml", config.portail_port)
    boite = Boite(dossier, config, (dossier / "code").read_text(), portail)
    try:
        vivre(boite, Visiteur(config.portail_port), Visiteur(config.portail_port))
        return photographier(boite)
    finally:
        portail.arreter()


def photographier(boite: Boite) -> Etat:
    """Assert that the register is sound and equal to its replay; return what it holds, ids and instants put aside."""
    registre = boite.lire()
    try:
        numeros = [r[0] for r in registre.db.execute("SELECT seq FROM evenement ORDER BY seq")]
        assert numeros == list(range(1, len(numeros) + 1))
        assert registre.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        avant = lire_vues(registre)
        journal.rejouer(registre)
        assert lire_vues(registre) == avant
        bruts = registre.db.execute(
            "SELECT type, personne_id, seance_id, auteur, valeurs FROM evenement ORDER BY seq"
        ).fetchall()
        connus: dict[str, str] = {}
        evenements = [normaliser([r[0], r[1], r[2], r[3], sans_instants(json.loads(r[4]))], connus) for r in bruts]
        return Etat(
            evenements,
            {
                nom: sorted(normaliser(sans_instants(ligne), connus) for ligne in lignes)
                for nom, lignes in avant.items()
            },
        )
    finally:
        base.fermer(registre)


def lire_vues(registre: Registre) -> dict[str, list[dict[str, object]]]:
    """Return every view, row by row."""
    return {nom: sorted((dict(r) for r in registre.db.execute(f"SELECT * FROM {nom}")), key=repr) for nom in vues.VUES}


def sans_instants(ligne: dict[str, object]) -> dict[str, object]:
    """Take away what tells the time, and what is drawn at random."""
    return {cle: valeur for cle, valeur in ligne.items() if not cle.endswith(INSTANTS)}


def normaliser(valeur: object, connus: dict[str, str]) -> str:
    """Return a text where ids are ranks of first appearance and hours of the wall are not told."""
    lu = json.dumps(valeur, ensure_ascii=False, sort_keys=True, default=repr)
    lu = re.sub(r'"(?!08:20)\d\d:\d\d"', '"HH:MM"', lu)
    return re.sub(r"\b[0-9a-f]{32}\b", lambda m: connus.setdefault(m.group(), f"id{len(connus)}"), lu)


def vivre(boite: Boite, formatrice: Visiteur, portable: Visiteur) -> None:
    """Live the day: Rachelle's door and session, a pair, the roll, a newcomer, the close, a correction."""
    registre = boite.lire()
    try:
        equipage = {un.prenom: un for un in jeunes.lister(registre, lieux.lister_groupes(registre)[0].groupe_id)}
        rachelle = comptes.lister(registre)[0].compte_id
        entrer(boite, formatrice, rachelle)
        toucher(formatrice, formatrice.get("/formateur/ouvrir"), "Ouvrir", postes="11")
        embarquer_a_deux(portable, equipage["Afi"], equipage["Koffi"])
        ouverte = seances.en_cours(registre)
        assert ouverte is not None
        seance = f"/formateur/seances/{ouverte.seance_id}"
        appeler(formatrice, f"{seance}/appel", equipage)
        accueillir_nouvelle(formatrice, f"{seance}/nouveau")
        envoyer(portable, "/fini")
        appel = formatrice.get(f"{seance}/appel")
        toucher(formatrice, appel, "Oui, 6")
        toucher(formatrice, formatrice.get(f"{seance}/appel"), "Clôturer la séance")
        corriger = formatrice.get(f"{seance}/corriger/{equipage['Jules'].personne_id}")
        toucher(formatrice, corriger, "Corriger", nouveau="present", motif="arrive_apres_appel")
    finally:
        base.fermer(registre)


def entrer(boite: Boite, formatrice: Visiteur, rachelle: str) -> None:
    """Rachelle's door: one-time code, her own, the date."""
    page = formatrice.get(f"/formateur/code/{rachelle}")
    toucher(formatrice, page, "J'entre", pin=boite.code)
    page = formatrice.get("/formateur/mon-code")
    toucher(formatrice, page, "C'est mon code", pin=PIN, encore=PIN)
    page = formatrice.get("/formateur/date")
    toucher(formatrice, page, "Oui")


def embarquer_a_deux(portable: Visiteur, afi: Jeune, koffi: Jeune) -> None:
    """Afi, then Koffi beside her."""
    embarquer(portable, afi)
    envoyer(portable, "/deux", reponse="oui")
    montrer(portable, koffi)
    envoyer(portable, "/toi", reponse="oui")

    assert "Afi + Koffi" in texte(portable.get("/chemin"))


def appeler(formatrice: Visiteur, appel: str, equipage: dict[str, Jeune]) -> None:
    """Sèna is there, Mahugnon late at 8 h 20, Jules absent, Ɖɛna present like everyone left."""
    toucher(formatrice, formatrice.get(appel), "Sèna Z.")
    page = formatrice.get(f"{appel}/{equipage['Mahugnon'].personne_id}/heure")
    toucher(formatrice, page, "En retard", arrivee="08:20")
    toucher(formatrice, formatrice.get(appel), "Jules T. est absent")
    reste = formatrice.get(appel)
    toucher(formatrice, reste, "Tous présents")


def accueillir_nouvelle(formatrice: Visiteur, adresse: str) -> None:
    """Gloria comes for the first time; asked whether she is the Gloria just written down, Rachelle says yes."""
    page = toucher(formatrice, formatrice.get(adresse), "C'est noté", prenom="Gloria", sexe="F", age="13")
    if "Est-ce la même personne" in texte(page):
        toucher(formatrice, page, "Oui, c'est elle")


def test_the_portal_killed_between_any_two_gestures_changes_nothing(boite: Boite, temoin: Etat) -> None:
    """Kill -9 before every single gesture of the day; the journal is the one of a day without a cut."""
    coupures = []

    def couper() -> None:
        coupures.append(1)
        boite.portail.renaitre()

    port = boite.config.portail_port
    vivre(boite, Visiteur(port, couper), Visiteur(port, couper))

    assert len(coupures) >= 30
    assert photographier(boite) == temoin


def test_every_form_cut_in_the_middle_and_sent_again_counts_once(boite: Boite, temoin: Etat) -> None:
    """Each form goes off, the portal dies at some moment of it or just after, the person sends it again."""
    port, tirage = boite.config.portail_port, random.Random(random.getrandbits(32))

    def couper(requete: bytes) -> None:
        if b"/formateur/code/" in requete or b"/formateur/mon-code" in requete:
            return  # a person who sees her code refused types another: this is not the same gesture again
        instant = None if tirage.random() < 0.5 else tirage.uniform(0, 0.02)
        envoyer_et_couper(port, requete, boite.portail.tuer, apres_s=instant)
        boite.portail.demarrer()

    vivre(boite, Visiteur(port, avant_envoi=couper), Visiteur(port, avant_envoi=couper))
    vu = photographier(boite)

    for nom, lignes in temoin.vues.items():
        if nom not in ("ancre", "connexion"):
            assert sorted(sans_ids(vu.vues[nom])) == sorted(sans_ids(lignes)), nom
    assert sans_ids(uniques(vu.evenements)) == sans_ids(uniques(temoin.evenements))
    assert sum('ouverte": 1' in ligne for ligne in vu.vues["connexion"]) == 0


def uniques(evenements: list[str]) -> list[str]:
    """Return the events that may not be written twice."""
    return [un for un in evenements if json.loads(un)[0] not in REPETABLES]


def sans_ids(lignes: list[str]) -> list[str]:
    """Forget ids: a repeated event shifts the ranks."""
    return [re.sub(r"\bid\d+\b", "id", ligne) for ligne in lignes]


def test_a_tap_cut_at_any_millisecond_is_there_or_not_and_never_twice(boite: Boite) -> None:
    """A dozen taps on one line, each cut; Rachelle looks at the line, and touches again if it has not moved."""
    formatrice, port = Visiteur(boite.config.portail_port), boite.config.portail_port
    registre = boite.lire()
    entrer(boite, formatrice, comptes.lister(registre)[0].compte_id)
    page = toucher(formatrice, formatrice.get("/formateur/ouvrir"), "Ouvrir", postes="11")
    appel, avant = page.path, journal.dernier(registre)
    vus = ["non_marque"]
    for _ in range(12):
        adresse, depuis = ligne_de(formatrice.get(appel), "Afi D.")
        corps = f"depuis={depuis}".encode()
        requete = formatrice.requete("POST", adresse, corps)
        envoyer_et_couper(port, requete, boite.portail.tuer, apres_s=random.uniform(0, 0.015))
        boite.portail.demarrer()
        if ligne_de(formatrice.get(appel), "Afi D.")[1] == depuis:
            formatrice.post(adresse, data={"depuis": depuis})
        vus.append(ligne_de(formatrice.get(appel), "Afi D.")[1])
    ecrits = [
        json.loads(r[0])["etat"]
        for r in registre.db.execute("SELECT valeurs FROM evenement WHERE seq > ? ORDER BY seq", (avant,))
    ]
    base.fermer(registre)

    assert ecrits == vus[1:]
    assert vus[1:6] == ["present", "retard", "absent", "excuse", "present"]
    photographier(boite)


def ligne_de(page: Page, nom: str) -> tuple[str, str]:
    """Return where a line of the roll sends its tap, and the state that it shows."""
    for adresse, depuis, reste in re.findall(
        r'<form method="post" action="([^"]+)"><input type="hidden" name="depuis" value="(\w+)">(.*?)</form>',
        page.text,
        re.S,
    ):
        if nom in reste and "rangee" in reste:
            return adresse, depuis
    pytest.fail(f"{nom} is not on the roll")


@pytest.mark.parametrize(
    ("demande", "statut", "dit"),
    [
        (b"GET /chemin HTTP/1.1\r\nHost: meteo.example\r\n\r\n", 302, b"L'adresse de la pirogue est http://localhost"),
        (b"GET /chemin HTTP/1.1\r\n\r\n", 302, b"L'adresse de la pirogue est http://localhost"),
        (b"POST /qui HTTP/1.1\r\nHost: meteo.example\r\nContent-Length: 0\r\n\r\n", 421, b"pas la n\xc3\xb4tre"),
        (b"GET http://meteo.example/ HTTP/1.1\r\nHost: meteo.example\r\n\r\n", 302, b"L'adresse de la pirogue"),
        (
            b"GET /formateur/aujourdhui HTTP/1.1\r\nHost: @\r\nCookie: pirogue_formateur=x.y.z\r\n\r\n",
            303,
            b"/formateur/",
        ),
        (b"GET /chemin HTTP/1.1\r\nHost: @\r\nCookie: pirogue_portail=eyJjb25uZXhpb24iOiJ4In0.a.b\r\n\r\n", 303, b"/"),
    ],
)
def test_a_foreign_name_or_a_forged_cookie_opens_nothing_of_the_real_portal(
    boite_posee: Boite, demande: bytes, statut: int, dit: bytes
) -> None:
    """Over the wire, through gunicorn, as no test client would write it."""
    port = boite_posee.config.portail_port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as prise:
        prise.sendall(demande.replace(b"Host: @", f"Host: localhost:{port}".encode()))
        prise.shutdown(socket.SHUT_WR)
        recu = b""
        while morceau := prise.recv(65536):
            recu += morceau

    assert int(recu.split()[1]) == statut, recu
    assert dit in recu


@pytest.fixture(scope="module")
def boite_posee(modele: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Boite]:
    """A box whose portal stays up for several tests that write nothing."""
    dossier = tmp_path_factory.mktemp("posee") / "boite"
    shutil.copytree(modele, dossier)
    config = configurer(dossier)
    portail = Service("portail", dossier / "pirogue.toml", config.portail_port)
    yield Boite(dossier, config, "", portail)
    portail.arreter()


@dataclass(frozen=True)
class Quai4G:
    """A boat with many lots to send, and its shore as a real process."""

    quai: Quai
    config: Config
    rive: Service

    def appeler(self, dire: Callable[[str], None]) -> None:
        """Let the boat call the shore."""
        quatre_g.echanger(
            self.quai.bord.registre,
            url=self.config.rive_url,
            trousseau=self.quai.trousseau,
            instant=maintenant(),
            progres=dire,
        )


@pytest.fixture
def quai(bord: Bord, tmp_path: Path) -> Iterator[Quai4G]:
    """A boat and its shore, where the commands look for them."""
    prepare = preparer_quai(bord, tmp_path / "rive")
    for nom in ("bord", ".demo"):
        (tmp_path / nom).symlink_to(tmp_path)
    config = configurer(tmp_path)
    config.cles.mkdir(parents=True)
    trousseau.enregistrer(prepare.cles, config.cles / "relais.cles")
    (config.cles / "rive.json").write_bytes(trousseau.ecrire_carte(prepare.carte_rive))
    rive = Service("rive", tmp_path / "pirogue.toml", config.rive_port)
    yield Quai4G(prepare, config, rive)
    rive.arreter()


def lancer_a_l_envoi(coupeur: threading.Timer, phrase: str, *, tout_de_suite: bool) -> None:
    """Start the clock of the cut when the lots leave."""
    if "envoie" in phrase:
        coupeur.start()
        if tout_de_suite:
            coupeur.join()


def evenements_a_terre(vues: dict[str, list[tuple[Any, ...]]]) -> int:
    """Return how many events of the journal the shore holds without a gap."""
    colonnes = [colonne.name for colonne in schema_rive.avancee.columns]
    tetes = [dict(zip(colonnes, tete, strict=True)) for tete in vues["avancee"]]
    return sum(tete["jusqua"] for tete in tetes if tete["flux"] == "activite")


def test_the_shore_killed_during_the_sending_holds_every_event_once(quai: Quai4G, tmp_path: Path) -> None:
    """Kill -9 ashore while lots come in, several times; sent again, all is there once, and the chip turns green."""
    bord, coupes = quai.quai.bord, 0
    # Aboard, the bytes of a confirmed lot are dropped: a copy of each is kept aside for the witness.
    bord.registre.db.execute("CREATE TABLE copie (rang INTEGER PRIMARY KEY, corps BLOB)")
    bord.registre.db.execute(
        "CREATE TRIGGER copier AFTER INSERT ON lot BEGIN INSERT INTO copie (corps) VALUES (new.corps); END"
    )
    for delai_s in (0, *(random.uniform(0, 0.2) for _ in range(7))):
        for _ in range(3):
            vivre_une_journee(bord)
            bord.horloge.redemarrer()
        sceller_par(quai.quai, 3)
        coupeur = threading.Timer(delai_s, quai.rive.tuer)
        try:
            quai.appeler(partial(lancer_a_l_envoi, coupeur, tout_de_suite=not delai_s))
        except (RiveInjoignable, PasDeRecu):
            coupes += 1
        coupeur.join()
        quai.rive.demarrer()
    dit = pirogue(tmp_path, "sync", "4g")
    pirogue(tmp_path, "sync", "4g")  # the hour that the receipt taught
    encore = pirogue(tmp_path, "sync", "4g")
    temoin = rives.ouvrir_rive(nouvelle_rive(quai.quai.config, tmp_path / "temoin"))
    for (corps,) in bord.registre.db.execute("SELECT corps FROM copie ORDER BY rang").fetchall():
        arrivees.prendre(temoin, corps, voie="4g", instant=maintenant())
    attendu = vues_rive(temoin)
    temoin.moteur.dispose()

    assert coupes >= 1
    assert dit.returncode == 0, dit.stderr
    assert "Confirmé à terre" in dit.stdout
    assert "Lots déposés : 0" in encore.stdout
    with rives.ouvrir(quai.quai.config) as rive:
        vu = vues_rive(rive)
    assert vu == attendu
    assert evenements_a_terre(vu) == journal.dernier(bord.registre)


def test_the_boat_killed_while_it_sends_sends_again_and_nothing_counts_twice(quai: Quai4G, tmp_path: Path) -> None:
    """Kill -9 of `pirogue sync 4g` at any moment, several times; then it ends well."""
    vivre_une_journee(quai.quai.bord)
    sceller_par(quai.quai, 1)
    for _ in range(6):
        envoi = subprocess.Popen([PIROGUE, "sync", "4g"], cwd=tmp_path, env=sans_config(), stdout=subprocess.DEVNULL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            envoi.wait(random.uniform(0.2, 0.8))
        envoi.kill()
        envoi.wait()
    dit = pirogue(tmp_path, "sync", "4g")
    pirogue(tmp_path, "sync", "4g")  # the hour that the receipt taught

    assert "Confirmé à terre" in dit.stdout, dit.stderr
    with rives.ouvrir(quai.quai.config) as rive:
        assert evenements_a_terre(vues_rive(rive)) == journal.dernier(quai.quai.bord.registre)
