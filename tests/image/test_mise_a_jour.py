"""An update's whole life aboard, from the stick to the confirmed system: refused, broken, cut in the middle, good."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from image import materiel
from image.construction import Construction
from image.machine import Machine, MachineMuette
from image.mise_a_jour import Atelier, paquet
from image.mises_a_jour_vues import apporter, attendre_etape, attendre_redemarrage, lire_lignes, voir
from image.salle import Salle

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
#: Sectors written to the slot that does not run; a hundred megabytes of six hundred.
ECRITS, MILIEU = "/sys/class/block/vda3/stat", 200_000


@dataclass
class Vie:
    """
    What was seen of each step.

    Attributes:
        depart: slot, version and state of the card that was flashed.
        refus: by kind of bundle, what the screen said and how RAUC itself ended.
        brisee: the same as `depart`, and the story, after the system that cannot be started.
        coupee: the same, after the power was cut in the middle of the installation.
        confirmee: the same, once the new system is confirmed.
        lignes_avant, lignes_apres: the journal's lines before the first update and after the last.
    """

    depart: dict[str, Any] = field(default_factory=dict)
    refus: dict[str, tuple[str, int]] = field(default_factory=dict)
    brisee: dict[str, Any] = field(default_factory=dict)
    coupee: dict[str, Any] = field(default_factory=dict)
    confirmee: dict[str, Any] = field(default_factory=dict)
    lignes_avant: list[list[Any]] = field(default_factory=list)
    lignes_apres: list[list[Any]] = field(default_factory=list)


def montrer_les_refuses(machine: Machine, atelier: Atelier, etranger: Path) -> dict[str, tuple[str, int]]:
    """Bring each bad bundle on its own stick; then ask RAUC itself for it, by hand."""
    creux = atelier.creux("creux", noyau=False)
    bons = {"etranger": atelier.suivante(), "machine": atelier.suivante(), "ancien": atelier.suivante(-1)}
    bundles = {
        "etranger": atelier.emballer(creux, bons["etranger"], cle=paquet.fabriquer_cle(etranger, "autre")),
        "machine": atelier.emballer(creux, bons["machine"], pour="autre-boite"),
        "ancien": atelier.emballer(creux, bons["ancien"]),
        "nu": atelier.dossier / "nu.raucb",
    }
    bundles["nu"].write_bytes(creux.read_bytes()[: 1 << 20])
    vus = {}
    for nom, bundle in bundles.items():
        machine.executer("rm -f /run/pirogue-maj/histoire.json")
        materiel.brancher(machine, nom, atelier.cle_usb(nom, bundle), lecture_seule=True)
        raison = attendre_etape(machine, "refusee", patience_s=120)["phrase"]
        machine.attendre_que("! mountpoint -q /run/pirogue-cle/montee", patience_s=120)
        machine.executer("mkdir -p /run/main && mount -o ro /dev/disk/by-label/MAJ /run/main")
        rauc = machine.essayer(f"rauc install /run/main/PIROGUE/maj/{bundle.name}").rc
        machine.executer("umount /run/main")
        materiel.arracher(machine, nom)
        vus[nom] = (raison, rauc)
    return vus


@pytest.fixture(scope="module")
def vie(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Vie:
    """Live it all once, U-Boot included."""
    dossier = tmp_path_factory.mktemp("atelier")
    atelier = Atelier(construction, dossier)
    brisee = atelier.emballer(atelier.creux("brisee", noyau=False), atelier.suivante(1))
    bonne = atelier.emballer(atelier.systeme(atelier.suivante(2)), atelier.suivante(2))
    machine, vie = Machine(construction.amorce_uboot, tmp_path_factory.mktemp("machine")), Vie()
    try:
        machine.allumer()
        attendre_etape(machine, "repos")
        Salle(machine).attendre_page("/")
        vie.depart = voir(machine)
        vie.lignes_avant = lire_lignes(machine)
        vie.refus = montrer_les_refuses(machine, atelier, dossier / "etranger")
        apporter(machine, atelier, "brisee", brisee)
        attendre_redemarrage(machine)
        attendre_etape(machine, "revenue")
        vie.brisee = voir(machine)
        apporter(machine, atelier, "bonne", bonne)
        machine.attendre_que(f"test $(awk '{{print $7}}' {ECRITS}) -gt {MILIEU}", patience_s=300)
        machine.couper()
        machine.allumer()
        vie.coupee = voir(machine)
        attendre_redemarrage(machine)
        attendre_etape(machine, "confirmee")
        vie.confirmee = voir(machine)
        vie.lignes_apres = lire_lignes(machine)
    except MachineMuette as muette:
        raise MachineMuette(f"{vie}\n{muette}") from muette
    finally:
        machine.couper()
        for fichier in (*dossier.glob("*.ext4"), *dossier.glob("*.raucb"), *dossier.glob("*.usb")):
            fichier.unlink()
    return vie


def test_a_card_that_was_just_flashed_starts_its_first_system_without_a_trial(
    vie: Vie, construction: Construction
) -> None:
    """Through U-Boot, as on the boat; the version is the one that was built."""
    assert (vie.depart["creneau"], vie.depart["ordre"], vie.depart["reste"]) == ("A", "AB", {"A": 9, "B": 0})
    assert vie.depart["version"] == construction.dit["version"]


@pytest.mark.parametrize(
    ("sorte", "raison"),
    [
        ("nu", "pas signée"),
        ("etranger", "pas signée"),
        ("machine", "une autre machine"),
        ("ancien", "pas plus récente"),
    ],
)
def test_a_bundle_that_must_not_be_taken_is_refused_twice(vie: Vie, sorte: str, raison: str) -> None:
    """By the box, with its reason in French; and by RAUC, when somebody insists by hand."""
    dit, rauc = vie.refus[sorte]

    assert raison in dit
    assert rauc != 0


def test_a_system_that_cannot_start_leaves_the_box_on_the_former_one_by_itself(vie: Vie) -> None:
    """Nobody touched it; people are told, and U-Boot has counted."""
    assert vie.brisee["creneau"] == "A"
    assert vie.brisee["version"] == vie.depart["version"]
    assert "a repris la version" in vie.brisee["histoire"]["phrase"]
    assert vie.brisee["reste"]["A"] == 9
    assert vie.brisee["reste"]["B"] < 3


def test_power_cut_in_the_middle_of_an_installation_starts_the_system_that_was_there(vie: Vie) -> None:
    """The half-written one is not startable; the bundle is still there and the installation goes on by itself."""
    assert (vie.coupee["creneau"], vie.coupee["reste"]["B"]) == ("A", 0)


def test_a_good_system_is_confirmed_by_its_own_health(vie: Vie) -> None:
    """The other slot runs, with the new version, for good; the former one stays good."""
    assert (vie.confirmee["creneau"], vie.confirmee["racine"]) == ("B", "PARTUUID=50495247-03")
    assert vie.confirmee["version"] != vie.depart["version"]
    assert (vie.confirmee["ordre"], vie.confirmee["reste"]) == ("BA", {"A": 9, "B": 9})


def test_no_line_of_the_journal_is_lost_on_the_way(vie: Vie) -> None:
    """What was written before three updates and a cut is there, with the same numbers."""
    assert vie.lignes_avant
    assert vie.lignes_apres[: len(vie.lignes_avant)] == vie.lignes_avant
