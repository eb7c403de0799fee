"""Two boxes flashed with one image share no secret; each makes its own once, cut or not, and says them until read."""

import pytest

from image import naissance as naissances
from image.construction import Construction
from image.naissance import FICHIERS, Naissance
from image.premier import Premier

pytestmark = [pytest.mark.long, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def naissance(construction: Construction, tmp_path_factory: pytest.TempPathFactory) -> Naissance:
    """A box's first two days, its first start cut short."""
    return naissances.vivre(construction, tmp_path_factory.mktemp("naissance"))


def test_a_first_start_cut_short_is_finished_by_the_next(naissance: Naissance) -> None:
    """What had been drawn is kept; what had not is there now, and nothing has failed."""
    assert naissance.cle == naissance.cle_coupee
    assert naissance.secrets.keys() >= set(FICHIERS)
    assert naissance.echecs == []


def test_both_partitions_are_up_after_the_card_grew(naissance: Naissance) -> None:
    """The data take the whole card; the boot partition is there, shut (a growth once left it behind)."""
    assert naissance.data_octets > 1_000_000_000
    assert naissance.montages["/data"].split()[0] == "ext4"
    assert naissance.montages["/data"].split()[1].startswith("rw,")
    assert naissance.montages["/boot/firmware"].split()[0] == "vfat"
    assert naissance.montages["/boot/firmware"].split()[1].startswith("ro,")


def test_the_screen_the_boot_partition_and_the_command_say_one_sheet(naissance: Naissance) -> None:
    """The words, the code, the name that the coordinator chose, and the line that she got wrong."""
    mots = naissance.cle.split(" ", 1)[1]
    code = f"{naissance.code[:3]} {naissance.code[3:]}"
    amorce = naissance.amorce.removeprefix("\ufeff").replace("\r\n", "\n").strip()

    assert amorce == naissance.fiche
    assert [un for un in (mots, code, "Pirogue de Ganvié", "pirogue.txt, ligne 2") if un not in amorce] == []
    assert [
        un for un in (mots, code, "Pirogue de Ganvié", "http://pirogue.internal/") if un not in naissance.ecran
    ] == []


def test_once_read_the_sheet_is_nowhere(naissance: Naissance) -> None:
    """Boot partition, screen, code: by themselves, as soon as she has a code of her own."""
    assert "PIROGUE-A-LIRE.txt" not in naissance.amorce_apres
    assert "pirogue.txt" in naissance.amorce_apres
    assert "ro" in naissance.amorce_options_apres.split(",")
    assert "Bienvenue" not in naissance.ecran_apres


def test_the_third_start_keeps_every_secret_and_runs_nothing_of_the_first(naissance: Naissance) -> None:
    """Down to the number of the machine, which the root forgets and the start gives back."""
    assert naissance.secrets_apres == naissance.secrets
    assert naissance.machine_id_apres == naissance.machine_id
    assert set(naissance.conditions.values()) == {"no"}
    assert naissance.cle_ssh == "/data/systeme/ssh/ssh_host_ed25519_key"


def test_two_boxes_of_one_image_share_no_secret(
    naissance: Naissance, premier: Premier, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Wi-Fi words, keys, identity, cookies, Kolibri's own: read on another card of the same image."""
    autre = naissances.lire_carte(premier, tmp_path_factory.mktemp("autre"))

    assert autre.keys() == naissance.secrets.keys()
    assert [nom for nom, valeur in autre.items() if naissance.secrets[nom] == valeur] == []
