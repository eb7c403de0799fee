"""An update fetched at the quay: whole, in pieces, over cuts and days, within the plan; who wants it, who may ask."""

import contextlib
import errno
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipage import Horloge, preparer_bord
from pirogue_echange import demande
from pirogue_registre import ancres, base
from pirogue_rive import config as rives
from pirogue_rive import maj as offerte
from pirogue_socle.erreurs import ErreurPirogue
from pirogue_sync import budget, maj, partie
from pirogue_sync.budget import ForfaitEpuise
from pirogue_sync.conversation import RiveRefuse
from pirogue_sync.lien import Adresse, Lien, PasDeRecu, RiveInjoignable
from pirogue_sync.maj import RESERVE_OCTETS, Etat
from pirogue_sync.partie import PaquetAbime, PaquetImpossible, PlaceManquante
from pirogue_sync.patience import Gratuit
from rive.terre import MIDI
from sync.mandataire import Coupure, Jouer, Mandataire, Reponse
from sync.mises_a_jour import VIF, Essai, faire_boite
from sync.quai import preparer_quai
from sync.serveurs import Serveur

MO = 1_000_000
GRAND = 1_000 * MO


@pytest.fixture
def base_rive() -> str:
    """A bundle lies in a folder: the shore's engine does not matter."""
    return ""


@pytest.fixture
def essai(tmp_path: Path, horloge: Horloge) -> Iterator[Essai]:
    """A boat that knows the date and has a large plan, its shore, nothing offered yet."""
    bord = preparer_bord(tmp_path / "registre", horloge)
    dater(bord.registre, horloge, bord.rachelle)
    prepare = Essai(preparer_quai(bord, tmp_path / "rive"), faire_boite(tmp_path / "boite"), tmp_path)
    prepare.prevoir(GRAND)
    yield prepare
    base.fermer(bord.registre)


@pytest.fixture
def serveur(essai: Essai) -> Iterator[Serveur]:
    """The shore, serving."""
    lance = Serveur(essai.quai.config.dossier)
    yield lance
    lance.arreter()


def dater(registre: base.Registre, horloge: Horloge, qui: str) -> None:
    """Tell this start of the box the date."""
    ancres.confirmer_date(registre, utc_ms=horloge.mur_ms, source="formateur", instant=horloge(), auteur=qui)


def test_an_update_comes_whole_and_is_handed_to_root(essai: Essai, serveur: Serveur) -> None:
    """Three megabytes, one connection, percents that grow, every byte paid; then nothing more to fetch."""
    contenu = essai.offrir(3 * MO)
    with Mandataire(serveur.port) as reseau:
        etat, dits = essai.appeler(reseau.url)
        vus = reseau.montes + reseau.descendus
        encore = essai.appeler(reseau.url)

        assert reseau.connexions == 1
    (venu,) = essai.venus
    assert etat is Etat.REMISE
    assert encore == (Etat.RIEN, [])
    assert venu.read_bytes() == contenu
    assert venu.name == f"{essai.offre().sha256[:16]}-0.1.320.raucb"
    assert essai.parties == []
    assert dits[:3] == [f"Je prends la mise à jour 0.1.320 : {un} %." for un in (0, 34, 69)]
    assert "arrivée" in dits[-1]
    assert vus < GRAND - essai.reste < vus * 1.2 + 4000


def test_a_shore_that_offers_nothing_costs_one_question(essai: Essai, serveur: Serveur) -> None:
    """No update: 204, some hundred bytes; the same from a shore of before, that knows no such address."""
    etat, dits = essai.appeler(serveur.url)
    with Jouer(Reponse("404 NOT FOUND", b"non\n", genre="text/plain")) as ancienne:
        avant = essai.appeler(ancienne.url)

    assert (etat, dits) == (Etat.RIEN, [])
    assert avant == (Etat.RIEN, [])
    assert GRAND - essai.reste < 6000


@pytest.mark.parametrize("version", ["0.1.12", "0.1.11", "0.1.12-g4a80f40", "0.0.999"])
def test_what_is_not_newer_is_not_fetched(essai: Essai, serveur: Serveur, version: str) -> None:
    """The same, older ones: numbers are compared as numbers."""
    essai.offrir(MO, version=version)

    assert essai.appeler(serveur.url) == (Etat.RIEN, [])
    assert GRAND - essai.reste < 6000


@pytest.mark.parametrize(
    ("memoire", "etat"),
    [
        ('{"refusees": ["0.1.320"]}', Etat.RIEN),
        ('{"refusees": ["0.1.319"]}', Etat.REMISE),
        ('{"issue": "essai", "vers": "0.1.14"}', Etat.RIEN),
        ('{"refusees": 3}', Etat.REMISE),
        ("{", Etat.REMISE),
        ("[]", Etat.REMISE),
    ],
)
def test_what_did_not_hold_is_not_fetched_again(essai: Essai, serveur: Serveur, memoire: str, etat: Etat) -> None:
    """Root's memory is read; a damaged one refuses nothing. During a trial, nothing is fetched."""
    (essai.boite.depot / "dernier.json").write_text(memoire)
    essai.offrir(MO)

    assert essai.appeler(serveur.url)[0] is etat


def test_a_machine_without_a_version_asks_for_nothing(essai: Essai) -> None:
    """A demonstration, a PC: there is nobody to install it. Nobody is called."""
    essai.boite.version.unlink()

    assert essai.appeler("http://127.0.0.1:9") == (Etat.RIEN, [])


def test_nothing_is_fetched_while_another_one_waits(essai: Essai) -> None:
    """Taken by root and waiting for the end of a class; or handed over and not taken yet. Nobody is called."""
    (essai.boite.depot / "arrivee.raucb").write_bytes(b"celle de la cle")
    chez_root = essai.appeler("http://127.0.0.1:9")
    (essai.boite.depot / "arrivee.raucb").unlink()
    (essai.boite.dossier / "0123-0.1.13.raucb").write_bytes(b"remise")

    assert chez_root == (Etat.RIEN, [])
    assert essai.appeler("http://127.0.0.1:9") == (Etat.RIEN, [])


def test_a_bundle_that_root_refuses_does_not_cost_the_plan_for_ever(essai: Essai, serveur: Serveur) -> None:
    """Fetched, refused, fetched once more, refused: the third time it is left ashore; another one is fetched."""
    essai.offrir(MO)
    etats = []
    for _ in range(4):
        etats.append(essai.appeler(serveur.url)[0])
        for venu in essai.venus:
            venu.unlink()
    essai.offrir(MO, version="0.1.321", graine=2)

    assert etats == [Etat.REMISE, Etat.REMISE, Etat.RIEN, Etat.RIEN]
    assert essai.appeler(serveur.url)[0] is Etat.REMISE


def test_a_slice_ends_between_two_pieces_and_the_next_goes_on(essai: Essai, serveur: Serveur) -> None:
    """What is written aboard meanwhile leaves first: the watch takes its turn."""
    contenu = essai.offrir(3 * MO)
    etats, tailles = [], []
    while not essai.venus:
        etats.append(essai.appeler(serveur.url, continuer=lambda: False)[0])
        tailles += [un.stat().st_size for un in essai.parties]

    assert etats == [Etat.EN_COURS, Etat.EN_COURS, Etat.REMISE]
    assert tailles == [maj.MORCEAU_OCTETS, 2 * maj.MORCEAU_OCTETS]
    assert essai.venus[0].read_bytes() == contenu


def test_the_plan_of_a_day_leaves_its_reserve_and_the_next_day_goes_on(
    essai: Essai, serveur: Serveur, horloge: Horloge
) -> None:
    """Two megabytes a day, one of them kept for the day's data: four days, not a byte twice."""
    contenu = essai.offrir(3 * MO)
    essai.prevoir(2 * MO)
    restes, phrases, tailles = [], [], []
    for _ in range(10):
        try:
            if essai.appeler(serveur.url)[0] is Etat.REMISE:
                break
        except ForfaitEpuise as erreur:
            phrases.append(f"{erreur} {erreur.geste}")
            tailles.append(essai.parties[0].stat().st_size)
        restes.append(essai.reste)
        horloge.avancer(minutes=24 * 60)

    assert len(restes) == 3
    assert min(restes) >= RESERVE_OCTETS
    assert min(b - a for a, b in zip([0, *tailles], tailles, strict=False)) > 700_000
    assert all("en est à" in phrase and "demain" in phrase for phrase in phrases)
    assert essai.venus[0].read_bytes() == contenu


def test_a_plan_that_is_used_up_does_not_even_call(essai: Essai) -> None:
    """The reserve is all that is left: it is for the data."""
    essai.prevoir(RESERVE_OCTETS + 10_000)

    with pytest.raises(ForfaitEpuise, match="ne laisse rien"):
        essai.appeler("http://127.0.0.1:9")


def test_what_came_damaged_is_thrown_away_and_fetched_again(essai: Essai, serveur: Serveur) -> None:
    """A bit of the part flips on the card between two calls: a sentence, then all of it once more."""
    contenu = essai.offrir(2 * MO)
    essai.appeler(serveur.url, continuer=lambda: False)
    (venu,) = essai.parties
    with venu.open("r+b") as ecrit:
        ecrit.seek(1000)
        ecrit.write(bytes([contenu[1000] ^ 1]))
    with pytest.raises(PaquetAbime, match="abîmée"):
        essai.appeler(serveur.url)
    restes = (essai.parties, essai.venus)

    assert restes == ([], [])
    assert essai.appeler(serveur.url)[0] is Etat.REMISE
    assert essai.venus[0].read_bytes() == contenu


def test_another_version_offered_in_the_middle_is_the_one_that_comes(essai: Essai, serveur: Serveur) -> None:
    """The part of the former one is forgotten, never gone on with."""
    essai.offrir(3 * MO)
    essai.appeler(serveur.url, continuer=lambda: False)
    contenu = essai.offrir(2 * MO, version="0.1.321", graine=2)
    etat, _ = essai.appeler(serveur.url)

    assert etat is Etat.REMISE
    assert [un.read_bytes() for un in essai.venus] == [contenu]
    assert essai.parties == []


def test_an_update_replaced_between_two_pieces_is_asked_for_again(essai: Essai, serveur: Serveur) -> None:
    """The next piece is not there any more: a sentence; the next call learns of the other one."""
    essai.offrir(3 * MO)

    def remplacer() -> bool:
        essai.offrir(MO, version="0.1.321", graine=2)
        return True

    with pytest.raises(PasDeRecu, match=r"n'offre plus la mise à jour 0\.1\.320"):
        essai.appeler(serveur.url, continuer=remplacer)
    assert essai.appeler(serveur.url)[0] is Etat.REMISE
    assert "0.1.321" in essai.venus[0].name


def test_a_withdrawn_update_is_no_update(essai: Essai, serveur: Serveur) -> None:
    """`pirogue rive maj --retirer`: a boat that has begun stops, and gives back the room on its card."""
    essai.offrir(2 * MO)
    essai.appeler(serveur.url, continuer=lambda: False)
    (commencee,) = essai.parties
    with rives.ouvrir(essai.quai.config) as rive:
        offerte.retirer(rive, par="console", instant=MIDI)

    assert essai.appeler(serveur.url) == (Etat.RIEN, [])
    assert not commencee.exists()
    assert list((essai.quai.config.dossier / "maj").iterdir()) == []


def test_who_is_not_a_relay_of_ours_gets_nothing(essai: Essai, serveur: Serveur) -> None:
    """No signature, a signature of another address, an unknown relay: 403, and not a byte of the bundle."""
    essai.offrir(MO)
    cles, sha256 = essai.quai.cles, essai.offre().sha256
    relais = cles.carte.id
    bonne = f"/v1/maj/{sha256}?relais={relais}"
    signe = demande.signer(cles, bonne)
    entete = {demande.ENTETE: signe}
    demandes = [
        serveur.demander("GET", "/v1/maj"),
        serveur.demander("GET", bonne),
        serveur.demander("GET", f"/v1/maj?relais={relais}", **entete),
        serveur.demander("GET", bonne.replace(relais, "autre"), **entete),
        serveur.demander("GET", bonne, **{demande.ENTETE: "abc"}),
    ]
    statut, _, octets = serveur.demander("GET", bonne, **entete)

    assert {un[0] for un in demandes} == {403}
    assert all(len(un[2]) < 200 for un in demandes)
    assert (statut, len(octets)) == (200, MO)


@pytest.mark.parametrize(
    ("dit", "statut", "bornes"),
    [
        ("bytes=0-0", 206, (0, 1)),
        ("bytes=999990-", 206, (999_990, MO)),
        ("bytes=-10", 206, (999_990, MO)),
        ("bytes=999990-2000000", 206, (999_990, MO)),
        ("bytes=1000000-", 416, None),
        ("lignes=0-1", 200, (0, MO)),
        ("bytes=9-3", 200, (0, MO)),
        ("bytes=0-1,5-9", 200, (0, MO)),
    ],
)
def test_any_part_of_a_bundle_may_be_asked_for(
    essai: Essai, serveur: Serveur, dit: str, statut: int, bornes: tuple[int, int] | None
) -> None:
    """RFC 9110: one range; what is not understood is ignored, what does not exist refused."""
    contenu = essai.offrir(MO)
    adresse = f"/v1/maj/{essai.offre().sha256}?relais={essai.quai.cles.carte.id}"
    rendu = serveur.demander("GET", adresse, **{demande.ENTETE: demande.signer(essai.quai.cles, adresse), "Range": dit})

    assert rendu[0] == statut
    assert rendu[2] == (contenu[slice(*bornes)] if bornes else b"")


def test_a_box_that_the_shore_forgot_is_told_so(essai: Essai, serveur: Serveur) -> None:
    """Its card was removed ashore."""
    essai.offrir(MO)
    (essai.quai.config.dossier / "relais" / f"{essai.quai.cles.carte.id}.json").unlink()

    with pytest.raises(RiveRefuse):
        essai.appeler(serveur.url)


def test_a_page_that_answers_for_the_shore_is_no_update(essai: Essai) -> None:
    """An operator's portal, an offer that makes no sense: nothing is written."""
    faux = json.dumps({"version": "../../etc", "octets": 10, "sha256": "0" * 64}, separators=(",", ":"), sort_keys=True)
    for corps, genre in (
        (b"<html>Payez</html>", "text/html"),
        (b"{}", "application/json"),
        (faux.encode(), "application/json"),
    ):
        with Jouer(Reponse("200 OK", corps, genre=genre)) as loin, pytest.raises(PasDeRecu):
            essai.appeler(loin.url)

    assert list(essai.boite.dossier.iterdir()) == []


def test_a_part_that_was_not_asked_for_is_not_taken() -> None:
    """Other bytes than those asked for, under the same status: not one is handed on, the link is hung up."""
    pris: list[bytes] = []
    bornes = "Content-Range: bytes 5-104/200\r\n"
    reponse = Reponse("206 Partial Content", b"x" * 100, genre="application/octet-stream", entetes=bornes)
    with Jouer(reponse) as loin, Lien(Adresse(url=loin.url), limites=VIF, compteur=Gratuit()) as lien:
        statuts = [
            lien.tirer("/v1/maj/x", debut=debut, octets=octets, entetes={}, vers=pris.append)
            for debut, octets in ((0, 100), (5, 99), (5, 100), (5, 100))
        ]

    assert [statut == 206 for statut in statuts] == [False, False, True, True]
    assert b"".join(pris) == b"x" * 200


def test_a_card_without_room_refuses_before_the_first_byte(
    essai: Essai, serveur: Serveur, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundle, and 600 MB for what root and the class still write."""
    essai.offrir(2 * MO)
    vrai = os.statvfs(essai.boite.dossier)
    manque = (partie.PLACE_LIBRE_OCTETS + 2 * MO) // vrai.f_frsize - 1
    champs = list(vrai)
    champs[4] = manque  # f_bavail
    monkeypatch.setattr(partie.os, "statvfs", lambda _: os.statvfs_result((*champs[:10],)))

    with pytest.raises(PlaceManquante, match="pas assez de place"):
        essai.appeler(serveur.url)
    assert essai.parties == []


PLEINE = """
import sys
from pathlib import Path
from pirogue_echange.offre import Offre
from pirogue_sync import partie
offre = Offre("0.1.320", 1_000_000, "0" * 64)
partie.PLACE_LIBRE_OCTETS = 0
dossier = Path(sys.argv[1])
try:
    with partie.prolonger(dossier, offre) as ajouter:
        ajouter(b"a" * 300_000)
        ajouter(b"b" * 300_000)
except partie.PlaceManquante as erreur:
    print(erreur, erreur.geste)
print(dossier.joinpath("0" * 64 + ".partie").stat().st_size)
"""


def test_a_card_that_fills_up_meanwhile_says_so_and_keeps_what_is_there(tmp_path: Path) -> None:
    """A real file system of half a megabyte: what was written stays a part that can be gone on with."""
    plein = tmp_path / "carte"
    plein.mkdir()
    course = tmp_path / "course.py"
    course.write_text(PLEINE)
    commande = f"mount -t tmpfs -o size=512k none {plein} && {sys.executable} {course} {plein}"
    fait = subprocess.run(
        ["unshare", "--mount", "sh", "-c", commande],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    phrase, taille = fait.stdout.splitlines()

    assert "La carte de la boîte est pleine" in phrase
    assert int(taille) == 512 * 1024


def test_a_folder_that_refuses_is_a_sentence(essai: Essai, serveur: Serveur, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worn card that has become read-only; the network is not blamed for it."""
    essai.offrir(MO)

    def refuser(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(partie.os, "write", refuser)

    with pytest.raises(PaquetImpossible, match="ne peut pas être gardée"):
        essai.appeler(serveur.url)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    jours=st.lists(
        st.tuples(
            st.integers(RESERVE_OCTETS, RESERVE_OCTETS + 500_000),
            st.lists(
                st.builds(
                    Coupure,
                    descente=st.integers(0, 400_000),
                    maniere=st.sampled_from(["rst", "fin"]),
                ),
                max_size=4,
            ),
            st.sampled_from(["rien", "arret", "tranche"]),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_sequence_of_cuts_plans_and_stops_leaves_a_true_beginning_or_the_whole(
    essai: Essai, serveur: Serveur, jours: list[tuple[int, list[Coupure], str]]
) -> None:
    """
    Whatever the network, the plan and the power do: what is aboard is a prefix of the true file, or the file.

    And the plan: never exceeded, never below the reserve.
    """
    for reste in (*essai.parties, *essai.venus, *essai.boite.dossier.glob("*.json")):
        reste.unlink()
    contenu = essai.offrir(600_000)
    for plan, coupures, accident in jours:
        essai.quai.bord.horloge.avancer(minutes=24 * 60)
        essai.prevoir(plan)
        with Mandataire(serveur.port, coupures=coupures) as reseau:
            with contextlib.suppress(RiveInjoignable, ForfaitEpuise, PasDeRecu):
                essai.appeler(reseau.url, essais=2, continuer=lambda dit=accident: dit != "tranche")
            vus = reseau.montes + reseau.descendus
        venu = b"".join(un.read_bytes() for un in (*essai.parties, *essai.venus))

        assert essai.reste >= min(plan, RESERVE_OCTETS)
        assert vus <= plan - RESERVE_OCTETS
        assert contenu.startswith(venu)
        assert not essai.venus or venu == contenu
        if accident == "arret" and essai.parties:  # the power went before the last bytes were on the card
            with essai.parties[0].open("r+b") as ecrit:
                ecrit.truncate(len(venu) // 2)
    essai.quai.bord.horloge.avancer(minutes=24 * 60)
    essai.prevoir(GRAND)
    if not essai.venus:
        essai.appeler(serveur.url)

    assert [un.read_bytes() for un in essai.venus] == [contenu]


def test_a_box_killed_in_the_middle_goes_on(essai: Essai, serveur: Serveur) -> None:
    """Kill -9 between two pieces: what is on the card is a beginning; the plan has paid for it."""
    contenu = essai.offrir(3 * MO)

    def mourir() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        essai.appeler(serveur.url, continuer=mourir)
    (venu,) = essai.parties
    debut = venu.read_bytes()
    depense = GRAND - essai.reste
    etat, dits = essai.appeler(serveur.url)

    assert contenu.startswith(debut)
    assert depense > len(debut) > 0
    assert etat is Etat.REMISE
    assert dits[0] == "Je prends la mise à jour 0.1.320 : 34 %."


def test_every_refusal_says_what_to_do() -> None:
    """One sentence, one gesture, one code each."""
    erreurs: list[type[ErreurPirogue]] = [PlaceManquante, PaquetAbime, PaquetImpossible]

    assert len({un.code for un in erreurs}) == 3
    assert all(un.geste.endswith(".") for un in erreurs)
    assert budget.BUDGET_OCTETS > 2 * RESERVE_OCTETS
