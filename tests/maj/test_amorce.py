"""What U-Boot starts, with the script that the boot partition carries: trials, fall-backs, a cut at every write."""

import itertools
import shutil
from pathlib import Path

import creneau
import pytest
from creneau import CONFIRME, Etat

from maj import amorce


def copies(etat: Etat, avant: Etat) -> dict[str, bytes]:
    """Return the two files of a boot partition: the state in force, then the one before."""
    return dict(zip(creneau.FICHIERS, (creneau.sceller(etat), creneau.sceller(avant)), strict=True))


def relire(carte: Path) -> list[Etat | None]:
    """Return what the card's two copies say."""
    return [creneau.desceller(amorce.lire_copie(carte, nom)) for nom in creneau.FICHIERS]


ESSAI = Etat("BA", {"A": CONFIRME, "B": 3}, suite=1)
AVANT = Etat("AB", {"A": CONFIRME, "B": 0}, suite=0)


@pytest.fixture(scope="module")
def carte_en_essai(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card whose second slot is on trial."""
    return amorce.faire_carte(tmp_path_factory.mktemp("carte"), copies=copies(ESSAI, AVANT))


def test_a_system_on_trial_that_never_confirms_gives_its_place_back(carte_en_essai: Path, tmp_path: Path) -> None:
    """Three starts without a word from it, then the system that was good, each time."""
    carte = Path(shutil.copy(carte_en_essai, tmp_path))

    assert [amorce.demarrer(carte).noyau for _ in range(5)] == ["B", "B", "B", "A", "A"]
    assert creneau.choisir(relire(carte))[0] == Etat("BA", {"A": CONFIRME, "B": 0}, suite=1)


def test_a_confirmed_system_starts_without_a_write(tmp_path: Path) -> None:
    """A card wears, and a cut finds nothing being written."""
    sur = Etat("BA", {"A": CONFIRME, "B": CONFIRME})
    carte = amorce.faire_carte(tmp_path, copies=copies(sur, sur))
    vu = amorce.demarrer(carte, journal=tmp_path / "journal")

    assert vu.noyau == "B"
    assert amorce.lire_ecrits(tmp_path / "journal") == []


@pytest.mark.parametrize("reste", [CONFIRME, 3])
def test_a_system_that_cannot_be_read_gives_way_within_the_same_start(tmp_path: Path, reste: int) -> None:
    """Nobody has to switch the box off and on, whether the broken one was confirmed or on trial."""
    etat = Etat("BA", {"A": CONFIRME, "B": reste})
    carte = amorce.faire_carte(tmp_path, copies=copies(etat, AVANT))
    amorce.abimer(carte, "B")
    vu = amorce.demarrer(carte)

    assert vu.noyau == "A"
    assert any("slot B failed to load" in annonce for annonce in vu.annonces)


@pytest.mark.parametrize("perdues", [("slot.env",), ("slot2.env",), creneau.FICHIERS])
@pytest.mark.parametrize("comment", ["absente", "vide", "dechiree"])
def test_the_box_starts_whatever_became_of_the_copies(
    carte_en_essai: Path, tmp_path: Path, perdues: tuple[str, ...], comment: str
) -> None:
    """One copy is enough; without any, the first system that can be read starts."""
    abimees = {"vide": b"", "dechiree": creneau.sceller(ESSAI)[:256] + b"\xff" * 256}
    scellees = copies(ESSAI, AVANT)
    for nom in perdues:
        scellees.pop(nom)
        if comment in abimees:
            scellees[nom] = abimees[comment]
    vu = amorce.demarrer(amorce.faire_carte(tmp_path, copies=scellees))

    assert vu.noyau == ("B" if perdues == ("slot2.env",) else "A")


def test_a_cut_while_a_trial_is_counted_leaves_the_count_before_or_after(carte_en_essai: Path, tmp_path: Path) -> None:
    """Every subset of the sectors that U-Boot wrote, each also torn in its middle: it starts, the count is right."""
    carte = Path(shutil.copy(carte_en_essai, tmp_path))
    amorce.demarrer(carte, journal=tmp_path / "journal")
    ecrits = amorce.lire_ecrits(tmp_path / "journal")
    coupes = [sous for n in range(len(ecrits) + 1) for sous in itertools.combinations(ecrits, n)]
    coupes += [((ou, octets[:256]),) for ou, octets in ecrits]
    vus = []
    for coupe in coupes:
        coupee = Path(shutil.copy(carte_en_essai, tmp_path / "coupee"))
        with coupee.open("r+b") as flux:
            for ou, octets in coupe:
                flux.seek(ou)
                flux.write(octets)
        vus.append((creneau.choisir(relire(coupee))[0], amorce.demarrer(coupee).noyau))

    assert 2 <= len(ecrits) <= 4
    assert {noyau for _, noyau in vus} == {"B"}
    assert {etat.reste["B"] for etat, _ in vus if etat} == {2, 3}
    assert all(etat and etat.ordre == "BA" and etat.reste["A"] == CONFIRME for etat, _ in vus)


@pytest.mark.parametrize(("premiere", "seconde"), list(itertools.product(range(3), range(3))))
def test_both_readers_take_the_same_copy_for_the_newer(tmp_path: Path, premiere: int, seconde: int) -> None:
    """U-Boot and Python agree for every pair of counters, also those that no write leaves."""
    paire = [
        Etat("AB", {"A": CONFIRME, "B": 0}, suite=premiere),
        Etat("BA", {"A": 0, "B": CONFIRME}, suite=seconde),
    ]
    carte = amorce.faire_carte(tmp_path, copies=copies(*paire))
    choisi = creneau.choisir(relire(carte))[0]

    assert choisi in paire
    assert amorce.demarrer(carte).noyau == choisi.ordre[0]


@pytest.mark.parametrize("mots", ["pirogue.rw", " ".join(f"systemd.mask=inutile-{n}.service" for n in range(20))])
def test_a_workshop_can_give_the_kernel_its_own_words(tmp_path: Path, mots: str) -> None:
    """`atelier.txt`, written on a PC: one word or twenty reach the kernel, and nothing else of the start changes."""
    scellees = copies(ESSAI, AVANT) | {"atelier.txt": f"arguments={mots}\nORDRE=A B\n".encode()}
    carte = amorce.faire_carte(tmp_path, copies=scellees)
    vu = amorce.demarrer(carte)

    assert vu.noyau == "B"
    assert f"ro rootwait net.ifnames=0 panic=10 fsck.repair=yes rauc.slot=B {mots}" in vu.console


def test_workshop_words_that_are_too_many_for_u_boot_are_left_out(tmp_path: Path) -> None:
    """The box starts with its own words alone, rather than with none."""
    scellees = copies(ESSAI, AVANT) | {"atelier.txt": b"arguments=" + b"x " * 3000 + b"\n"}
    vu = amorce.demarrer(amorce.faire_carte(tmp_path, copies=scellees))

    assert vu.noyau == "B"
    assert "root=PARTUUID=50495247-03 ro rootwait" in vu.console
