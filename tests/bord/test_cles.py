"""The stick's story, step by step: what is told, what is asked of root, whatever the person does with the stick."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pirogue_actions.client import ActeRefuse
from pirogue_bord.aide import Suivi
from pirogue_bord.cles import Cles, Support
from pirogue_bord.erreurs import AideMuette
from pirogue_socle import histoires
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import Instant

GO = 1_000_000_000
DISQUE = Support("sda", "sda", "", 8 * GO)
CLE = Support("sda1", "sda", "vfat", 8 * GO)
AUTRE_DISQUE, AUTRE = Support("sdb", "sdb", "", GO), Support("sdb1", "sdb", "exfat", GO)
FINI = Histoire("retirez", "C'est fini : tout est sur la clé.", fait=3, total=3, cle="clé n° 4")
SECONDE_NS = 1_000_000_000


@dataclass
class Root:
    """Root's helper, and what it did; the hardware's and root's side of the story is a double."""

    actes: list[str] = field(default_factory=list)
    montee: bool = False
    travail: bool = False
    echange: bool = False
    refus: dict[str, Exception] = field(default_factory=dict)
    lent: bool = False

    def _faire(self, acte: str) -> None:
        if acte in self.refus:
            raise self.refus[acte]
        self.actes.append(acte)

    def monter(self, appareil: str) -> None:
        """Mount, at once unless it is slow."""
        self._faire(f"monter {appareil}")
        self.montee, self.travail = not self.lent, self.lent

    def echanger(self, appareil: str) -> None:
        """Start the exchange."""
        self._faire(f"echanger {appareil}")
        self.echange = True

    def suivre(self) -> Suivi:
        """Say where both are."""
        self._faire("suivre")
        return Suivi(self.montee, self.travail, self.echange)

    def demonter(self) -> None:
        """Let go, as systemd does: a stick that was pulled too."""
        self._faire("demonter")
        self.montee = self.echange = False

    def eteindre(self) -> None:
        """Stop the box."""
        self._faire("eteindre")

    @property
    def gestes(self) -> list[str]:
        """Return what was asked, questions aside."""
        return [acte for acte in self.actes if acte != "suivre"]


@dataclass
class Pont:
    """The box on the trainer's desk: time passes, sticks come and go, the courier tells."""

    recit: Path
    root: Root
    contees: list[Histoire]
    cles: Cles
    bt_ns: int = 0

    @property
    def instant(self) -> Instant:
        """Return now."""
        return Instant("b1", self.bt_ns, 0)

    @property
    def etapes(self) -> list[str]:
        """Return the steps told, in order."""
        return [un.etape for un in self.contees]

    def passer(self, secondes: float = 3) -> None:
        """Let time pass, one turn each quarter of a second."""
        for _ in range(int(secondes * 4)):
            self.bt_ns += SECONDE_NS // 4
            self.cles.tour(self.instant)

    def brancher(self, *supports: Support) -> None:
        """Plug a stick in, and let it be looked at."""
        for support in supports:
            self.cles.arriver(support, self.instant)
        self.passer()

    def arracher(self, *supports: Support) -> None:
        """Pull a stick."""
        for support in reversed(supports):
            self.cles.partir(support.nom, self.instant)

    def raconter(self, histoire: Histoire) -> None:
        """Tell a step, as the courier does, and let it be seen."""
        histoires.ecrire(self.recit, histoire, instant=self.instant)
        self.passer(1)

    def finir(self, histoire: Histoire = FINI) -> None:
        """Tell the end, as the courier does before it leaves."""
        histoires.ecrire(self.recit, histoire, instant=self.instant)
        self.root.echange = False
        self.passer()


@pytest.fixture
def pont(tmp_path: Path) -> Pont:
    """A box without a stick."""
    return dresser(tmp_path)


def dresser(dossier: Path) -> Pont:
    """Make a box without a stick."""
    root, contees = Root(), list[Histoire]()

    def dire(histoire: Histoire, _: Instant) -> None:
        contees.append(histoire)

    return Pont(dossier / "recit.json", root, contees, Cles(root, recit=dossier / "recit.json", dire=dire))


def test_a_stick_is_seen_copied_verified_and_given_back(pont: Pont) -> None:
    """The whole story: insert → read → copy n/total → verify → pull."""
    pont.brancher(DISQUE, CLE)
    for fait in range(3):
        pont.raconter(Histoire("copie", "Je copie.", fait=fait, total=3, cle="clé n° 4"))
    pont.raconter(Histoire("verification", "Je vérifie.", fait=3, total=3, cle="clé n° 4"))
    pont.finir()

    attendues = ["inseree", "lecture", "copie", "copie", "copie", "verification", "verification", "retirez"]
    assert pont.etapes == attendues
    assert pont.contees[-1] == FINI
    assert pont.root.gestes == ["monter sda1", "echanger sda1", "demonter"]


def test_retirez_is_said_only_once_the_stick_was_let_go(pont: Pont) -> None:
    """The courier has finished; until the system has let go of the stick, nobody is told to pull it."""
    pont.brancher(DISQUE, CLE)
    pont.root.refus["demonter"] = ActeRefuse("L'échange avec la clé n'est pas fini.")
    pont.finir()
    avant = pont.cles.histoire
    pont.root.refus.clear()
    pont.passer()

    assert avant.au_travail
    assert pont.cles.histoire.etape == "retirez"
    assert pont.root.gestes[-1] == "demonter"


def test_pulled_then_the_next_stick_begins_anew(pont: Pont) -> None:
    """Dossou comes with two sticks, one after the other."""
    pont.brancher(DISQUE, CLE)
    pont.finir()
    pont.arracher(DISQUE, CLE)
    pont.passer()
    vide = pont.cles.histoire
    pont.brancher(DISQUE, CLE)

    assert vide == histoires.ABSENTE
    assert pont.cles.histoire.etape == "lecture"
    assert pont.root.gestes.count("monter sda1") == 2


def test_the_end_told_by_the_stick_before_is_not_this_one_s(pont: Pont) -> None:
    """The courier's file still says « retirez » of another stick."""
    histoires.ecrire(pont.recit, FINI, instant=pont.instant)
    pont.passer()
    pont.brancher(DISQUE, CLE)
    pont.root.echange = False
    pont.passer()

    assert pont.cles.histoire.etape == "echec"
    assert "retirez" not in pont.etapes


@pytest.mark.parametrize("moment", ["montage", "copie", "rangement"])
def test_a_stick_pulled_too_early_is_told_and_let_go(pont: Pont, moment: str) -> None:
    """Whenever it is pulled: nothing is lost, put it back; the dangling mount goes."""
    pont.root.lent = moment == "montage"
    pont.brancher(DISQUE, CLE)
    if moment == "copie":
        pont.raconter(Histoire("copie", "Je copie.", fait=1, total=3))
    if moment == "rangement":
        pont.root.refus["demonter"] = ActeRefuse("occupée")
        pont.finir()
        pont.root.refus.clear()
    if moment == "montage":
        pont.root.montee, pont.root.travail = True, False
    pont.arracher(DISQUE, CLE)
    pont.passer()

    assert pont.cles.histoire.etape == "retiree_trop_tot"
    assert "Rien n'est perdu" in pont.cles.histoire.geste
    assert pont.root.gestes[-1] == "demonter"
    assert not pont.root.montee


def test_put_back_after_it_was_pulled_too_early_it_is_done_again(pont: Pont) -> None:
    """Redo: the same stick, from the beginning to « retirez »."""
    pont.brancher(DISQUE, CLE)
    pont.arracher(DISQUE, CLE)
    pont.passer()
    pont.brancher(DISQUE, CLE)
    pont.finir()

    assert pont.etapes[-1] == "retirez"
    assert pont.root.gestes == ["monter sda1", "echanger sda1", "demonter"] * 2


def test_a_stick_put_back_at_once_waits_until_the_exchange_of_before_has_stopped(pont: Pont) -> None:
    """A pulled stick is let go by the system itself; its exchange lives on for some seconds, and finds nothing."""
    pont.brancher(DISQUE, CLE)
    pont.arracher(DISQUE, CLE)
    pont.root.montee = False
    pont.root.refus["demonter"] = AideMuette("pas encore")
    pont.brancher(DISQUE, CLE)
    avant = list(pont.root.gestes)
    pont.root.refus.clear()
    pont.passer()
    pont.finir()

    assert avant == ["monter sda1", "echanger sda1"]
    assert pont.root.gestes == ["monter sda1", "echanger sda1", "demonter"] * 2
    assert pont.etapes[-1] == "retirez"


@pytest.mark.parametrize("etape", ["pleine", "protegee", "illisible", "inconnue", "echec"])
def test_what_stopped_the_courier_is_told_with_what_to_do(pont: Pont, etape: str) -> None:
    """Full, protected, unreadable: the courier's own words, once the stick is let go."""
    pont.brancher(DISQUE, CLE)
    pont.finir(Histoire(etape, "La clé est pleine.", "Prends une autre clé."))

    assert pont.cles.histoire == Histoire(etape, "La clé est pleine.", "Prends une autre clé.")
    assert pont.root.gestes[-1] == "demonter"


def test_a_failure_stays_told_for_a_while_after_the_stick_is_gone(pont: Pont) -> None:
    """Rachelle reads it ten minutes later at most; then the screen is quiet again."""
    pont.brancher(DISQUE, replace(CLE, genre="ntfs"))
    pont.arracher(DISQUE, CLE)
    pont.passer(300)
    encore = pont.cles.histoire
    pont.passer(400)

    assert encore.etape == "inconnue"
    assert pont.cles.histoire == histoires.ABSENTE


@pytest.mark.parametrize(
    "supports", [(DISQUE,), (DISQUE, replace(CLE, genre="ntfs")), (DISQUE, replace(CLE, genre=""))]
)
def test_a_stick_that_the_box_cannot_read_is_never_mounted(pont: Pont, supports: tuple[Support, ...]) -> None:
    """Not formatted, another system's, no partition: what to do is said."""
    pont.brancher(*supports)

    assert pont.cles.histoire.etape == "inconnue"
    assert "FAT32" in pont.cles.histoire.geste
    assert pont.root.gestes == []


def test_a_stick_without_partitions_is_taken_too(pont: Pont) -> None:
    """Formatted over the whole of it, as some cameras do."""
    pont.brancher(replace(DISQUE, genre="exfat"))

    assert pont.root.gestes == ["monter sda", "echanger sda"]


def test_of_several_partitions_the_one_that_can_be_written_is_taken(pont: Pont) -> None:
    """A small ext4 first, a vfat behind it."""
    pont.brancher(DISQUE, replace(CLE, genre="ext4"), Support("sda2", "sda", "vfat", GO))

    assert pont.root.gestes[0] == "monter sda2"


def test_a_reader_without_a_card_is_not_a_stick(pont: Pont) -> None:
    """Four empty slots of a card reader, then a card in one."""
    vides = [Support(f"sd{lettre}", f"sd{lettre}", "", 0) for lettre in "abcd"]
    pont.brancher(*vides)
    avant = list(pont.etapes)
    pont.brancher(replace(vides[2], octets=GO), Support("sdc1", "sdc", "vfat", GO))

    assert avant == []
    assert pont.root.gestes[0] == "monter sdc1"


def test_one_stick_at_a_time_the_second_waits_for_its_turn(pont: Pont) -> None:
    """The second is taken once the first is out, not before."""
    pont.brancher(DISQUE, CLE)
    pont.brancher(AUTRE_DISQUE, AUTRE)
    pont.finir()
    pont.passer(30)
    pendant = list(pont.root.gestes)
    pont.arracher(DISQUE, CLE)
    pont.passer()

    assert pendant == ["monter sda1", "echanger sda1", "demonter"]
    assert pont.root.gestes[-2:] == ["monter sdb1", "echanger sdb1"]


def test_the_second_stick_may_leave_without_a_word(pont: Pont) -> None:
    """Nobody touched it."""
    pont.brancher(DISQUE, CLE)
    pont.brancher(AUTRE_DISQUE, AUTRE)
    pont.arracher(AUTRE_DISQUE, AUTRE)
    pont.finir()

    assert pont.cles.histoire == FINI


def test_a_stick_that_does_not_mount_is_said_unreadable(pont: Pont) -> None:
    """Its file system is broken: systemd gave up."""
    pont.root.lent = True
    pont.brancher(DISQUE, CLE)
    pont.root.travail = False
    pont.passer()

    assert pont.cles.histoire.etape == "illisible"
    assert "echanger sda1" not in pont.root.gestes


def test_a_stick_that_never_answers_is_given_up(pont: Pont) -> None:
    """It hangs for ever: after a while it is said bad, and the box lives."""
    pont.root.lent = True
    pont.brancher(DISQUE, CLE)
    pont.passer(60)
    avant = pont.cles.histoire
    pont.passer(60)
    pont.root.travail = pont.root.montee = False
    pont.passer()

    assert avant.au_travail
    assert pont.cles.histoire.etape == "illisible"


def test_root_s_refusal_is_told_in_its_own_words(pont: Pont) -> None:
    """It looked again at what the device really is."""
    pont.root.refus["monter sda1"] = ActeRefuse("Ce n'est pas une clé USB.")
    pont.brancher(DISQUE, CLE)

    assert (pont.cles.histoire.etape, pont.cles.histoire.phrase) == ("inconnue", "Ce n'est pas une clé USB.")


def test_without_root_s_helper_the_person_knows_what_to_do(pont: Pont) -> None:
    """It is being restarted: pull, wait, put back."""
    pont.root.refus["monter sda1"] = AideMuette("La boîte ne répond pas pour cette clé.")
    pont.brancher(DISQUE, CLE)
    perdue = pont.cles.histoire
    pont.root.refus.clear()
    pont.arracher(DISQUE, CLE)
    pont.brancher(DISQUE, CLE)

    assert (perdue.etape, perdue.geste) == ("echec", AideMuette.geste)
    assert pont.cles.histoire.etape == "lecture"


def test_a_helper_that_falls_silent_in_the_middle_is_asked_again(pont: Pont) -> None:
    """It restarts while the stick is being copied: the story goes on where it was."""
    pont.brancher(DISQUE, CLE)
    pont.root.refus["suivre"] = AideMuette("La boîte ne répond pas pour cette clé.")
    pont.finir()
    pendant = pont.cles.histoire.etape
    pont.root.refus.clear()
    pont.passer()

    assert pendant == "lecture"
    assert pont.cles.histoire == FINI


def test_a_body_that_restarts_goes_on_with_the_stick_in_hand(pont: Pont) -> None:
    """It was killed during the copy; the courier was not."""
    pont.root.montee = pont.root.echange = True
    for support in (DISQUE, CLE):
        pont.cles.arriver(support, pont.instant)
    pont.cles.reprendre("sda1", pont.instant)
    pont.raconter(Histoire("copie", "Je copie.", fait=2, total=3))
    pont.finir()

    assert pont.etapes == ["lecture", "copie", "verification", "retirez"]
    assert pont.root.gestes == ["demonter"]


def test_a_body_that_restarts_lets_go_of_a_stick_that_left_meanwhile(pont: Pont) -> None:
    """Pulled while nobody looked: the mount dangles, the next stick needs its place."""
    pont.root.montee = True
    pont.cles.reprendre("", pont.instant)
    pont.passer()
    pont.brancher(DISQUE, CLE)

    assert pont.root.gestes == ["demonter", "monter sda1", "echanger sda1"]


GESTES: dict[str, Callable[[Pont], None]] = {
    "brancher": lambda pont: pont.brancher(DISQUE, CLE),
    "brancher_autre": lambda pont: pont.brancher(AUTRE_DISQUE, AUTRE),
    "arracher": lambda pont: pont.arracher(DISQUE, CLE),
    "arracher_autre": lambda pont: pont.arracher(AUTRE_DISQUE, AUTRE),
    "attendre": lambda pont: pont.passer(2),
    "copier": lambda pont: pont.raconter(Histoire("copie", "Je copie.", fait=1, total=2)),
    "finir": lambda pont: pont.finir(),
    "rater": lambda pont: pont.finir(Histoire("pleine", "La clé est pleine.", "Prends une autre clé.")),
}


@settings(max_examples=150)
@given(gestes=st.lists(st.sampled_from(sorted(GESTES)), max_size=25))
def test_whatever_people_do_one_stick_is_in_hand_and_retirez_is_never_said_of_a_mounted_one(
    tmp_path_factory: pytest.TempPathFactory, gestes: list[str]
) -> None:
    """Sticks come, go, are swapped and pulled in any order; in the end a good stick still works."""
    pont = dresser(tmp_path_factory.mktemp("pont"))
    montes = 0
    for geste in gestes:
        GESTES[geste](pont)
        montes = max(montes, sum(acte.startswith("monter") for acte in pont.root.gestes) - _rendus(pont))
        assert not (pont.cles.histoire.etape == "retirez" and pont.root.montee)
        assert pont.cles.occupee == pont.cles.histoire.au_travail
    for support in (AUTRE, AUTRE_DISQUE, CLE, DISQUE):
        pont.arracher(support)
    pont.passer()
    pont.brancher(DISQUE, CLE)
    pont.finir()

    assert montes <= 1
    assert pont.cles.histoire == FINI


def _rendus(pont: Pont) -> int:
    """Return how many mounts were let go."""
    return pont.root.gestes.count("demonter")
