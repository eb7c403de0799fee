"""The state of the two systems, from the running one: what RAUC asks, and what is left of a write that was cut."""

from pathlib import Path

import creneau
import pytest
from creneau import CONFIRME, Etat
from hypothesis import given
from hypothesis import strategies as st

ETATS = st.builds(
    Etat,
    ordre=st.sampled_from(["AB", "BA"]),
    reste=st.fixed_dictionaries({creneau_: st.integers(0, 9) for creneau_ in "AB"}),
    suite=st.integers(0, 2),
)


@pytest.fixture
def amorce(tmp_path: Path) -> Path:
    """A boot partition as it leaves the workshop."""
    for nom in creneau.FICHIERS:
        (tmp_path / nom).write_bytes(creneau.sceller(creneau.NEUF))
    return tmp_path


@given(ETATS)
def test_what_was_sealed_is_read_again(etat: Etat) -> None:
    """Any state, the same after the seal; 512 octets, a sector."""
    assert creneau.desceller(creneau.sceller(etat)) == etat
    assert len(creneau.sceller(etat)) == creneau.TAILLE_OCTETS


@given(ETATS, st.integers(0, 511), st.integers(1, 255))
def test_one_octet_that_changed_breaks_the_seal(etat: Etat, ou: int, masque: int) -> None:
    """No copy is half believed."""
    octets = bytearray(creneau.sceller(etat))
    octets[ou] ^= masque

    assert creneau.desceller(bytes(octets)) is None


@given(st.binary(max_size=1024))
def test_what_is_not_ours_is_refused_without_a_fault(octets: bytes) -> None:
    """A file that a person edited, or a sector that a dying card gave back."""
    assert creneau.desceller(octets) is None


@given(st.lists(ETATS, min_size=1, max_size=8), st.integers(0, 512))
def test_a_write_cut_anywhere_leaves_the_former_state(
    tmp_path_factory: pytest.TempPathFactory, etats: list[Etat], coupe: int
) -> None:
    """After any number of whole writes, the last is cut at an octet: the one before it is in force."""
    amorce = tmp_path_factory.mktemp("amorce")
    for nom in creneau.FICHIERS:
        (amorce / nom).write_bytes(creneau.sceller(creneau.NEUF))
    for etat in etats[:-1]:
        creneau.ecrire(etat, amorce)
    avant = creneau.lire(amorce)
    copies = {nom: (amorce / nom).read_bytes() for nom in creneau.FICHIERS}
    creneau.ecrire(etats[-1], amorce)
    apres = creneau.lire(amorce)
    (changee,) = [nom for nom in creneau.FICHIERS if (amorce / nom).read_bytes() != copies[nom]]
    neuve = (amorce / changee).read_bytes()
    (amorce / changee).write_bytes(neuve[:coupe] + copies[changee][coupe:])

    assert creneau.lire(amorce) in (avant, apres)
    assert (apres.ordre, apres.reste) == (etats[-1].ordre, etats[-1].reste)


def test_an_installed_system_is_tried_three_times_and_the_former_one_stays_good(amorce: Path) -> None:
    """What RAUC asks in turn when it installs: not startable while it is written, then first."""
    creneau.repondre(["set-state", "B", "bad"], amorce=amorce)
    creneau.repondre(["set-primary", "B"], amorce=amorce)

    assert creneau.repondre(["get-primary"], amorce=amorce) == "B"
    assert creneau.lire(amorce).reste == {"A": CONFIRME, "B": creneau.ESSAIS}
    assert [creneau.repondre(["get-state", un], amorce=amorce) for un in "AB"] == ["good", "good"]


def test_a_system_that_failed_is_no_longer_the_first(amorce: Path) -> None:
    """RAUC is told what U-Boot will do, not what was wished."""
    creneau.repondre(["set-primary", "B"], amorce=amorce)
    creneau.repondre(["set-state", "B", "bad"], amorce=amorce)

    assert creneau.repondre(["get-primary"], amorce=amorce) == "A"


def test_a_copy_that_is_gone_is_made_again_at_the_next_write(amorce: Path) -> None:
    """Somebody cleaned the boot partition on a PC."""
    (amorce / "slot.env").unlink()
    for _ in range(2):
        creneau.ecrire(creneau.lire(amorce).noter("B", 3), amorce)

    assert all(creneau.desceller((amorce / nom).read_bytes()) for nom in creneau.FICHIERS)


def test_without_a_whole_copy_nothing_is_guessed_on_a_machine_that_has_no_slot(amorce: Path) -> None:
    """Which system is good is told by the one that runs, by nothing else."""
    for nom in creneau.FICHIERS:
        (amorce / nom).write_bytes(b"?")

    with pytest.raises(creneau.EtatIllisible):
        creneau.repondre(["get-primary"], amorce=amorce, ici=lambda: creneau.courant("root=/dev/sda1"))


@pytest.mark.parametrize("mots", [[], ["set-primary", "C"], ["set-state", "A", "maybe"], ["get-state"]])
def test_a_word_outside_the_interface_changes_nothing(amorce: Path, mots: list[str]) -> None:
    """A newer RAUC that asks more gets an error, not a guess."""
    with pytest.raises(ValueError, match="ordre inconnu"):
        creneau.repondre(mots, amorce=amorce)
    assert creneau.lire(amorce) == creneau.NEUF


@pytest.mark.parametrize(("ligne", "lu"), [("ro rauc.slot=A quiet", "A"), ("rauc.slot=B", "B")])
def test_the_running_system_is_the_one_the_kernel_was_given(ligne: str, lu: str) -> None:
    """The command line that `boot.cmd` writes."""
    assert creneau.courant(ligne) == lu


def test_a_machine_that_was_not_started_by_our_script_has_no_slot() -> None:
    """A live Debian that wears the roles is never updated that way."""
    with pytest.raises(creneau.EtatIllisible):
        creneau.courant("root=/dev/sda1 rauc.slot=C")
