"""A bundle on a stick: taken or refused, with the real RAUC as judge; a system's health, and what people are told."""

import string
import subprocess
from collections.abc import Callable
from pathlib import Path

import avant
import commun
import confirmer
import paquet
import prendre
import pytest
from commun import MajRefusee
from recit import Recit

from pirogue_socle import histoires
from pirogue_socle.histoires import Histoire
from pirogue_socle.horloge import maintenant

PRESENTE = "0.1.12"
Faire = Callable[..., Path]


@pytest.fixture
def montage(tmp_path: Path) -> Path:
    """A mounted stick, with the folder where updates are looked for."""
    (tmp_path / "cle/PIROGUE/maj").mkdir(parents=True)
    return tmp_path / "cle"


def prendre_de(montage: Path, depot: Path, cle: paquet.Cle) -> commun.Paquet | None:
    """Take what the stick carries, as the box does when the exchange is over."""
    return prendre.prendre(
        montage, depot=depot, ephemere=depot.parent / "memoire", cles=cle.certificat, presente=PRESENTE
    )


def dit(depot: Path) -> dict[str, object]:
    """Return the story that people are shown."""
    return commun.relire(depot.parent / "memoire/histoire.json")


def test_the_newest_bundle_of_a_stick_is_taken_whole(montage: Path, depot: Path, cle: paquet.Cle, faire: Faire) -> None:
    """Estelle left last year's update on the stick beside this year's; numbers are compared as numbers."""
    for version in ("0.1.9", "0.1.13", "0.1.100"):
        faire(montage / f"PIROGUE/maj/pirogue-{version}.raucb", version)
    pris = prendre_de(montage, depot, cle)

    assert pris is not None
    assert pris.version == "0.1.100"
    assert pris.fichier.read_bytes() == (montage / "PIROGUE/maj/pirogue-0.1.100.raucb").read_bytes()
    assert dit(depot)["etape"] == "attente"


@pytest.mark.parametrize("version", ["0.1.12", "0.1.11-g4a80f40", "0.0.99", "", "demain"])
def test_a_bundle_that_is_not_newer_is_refused(
    montage: Path, depot: Path, cle: paquet.Cle, faire: Faire, version: str
) -> None:
    """The same, an older one, one that has no number."""
    faire(montage / "PIROGUE/maj/maj.raucb", version)

    with pytest.raises(MajRefusee, match="pas plus récente"):
        prendre_de(montage, depot, cle)
    assert list(depot.iterdir()) == []


def test_a_bundle_of_another_key_or_of_another_machine_is_refused(
    tmp_path: Path, montage: Path, depot: Path, cle: paquet.Cle, faire: Faire
) -> None:
    """Signed by somebody else; then signed by us, for a box of another kind."""
    bundle = montage / "PIROGUE/maj/maj.raucb"
    faire(bundle, "0.1.13", signe=paquet.fabriquer_cle(tmp_path / "autre", "autre"))
    with pytest.raises(MajRefusee, match="pas signée"):
        prendre_de(montage, depot, cle)
    faire(bundle, "0.1.13", pour="autre-boite")

    with pytest.raises(MajRefusee, match="autre machine"):
        prendre_de(montage, depot, cle)


@pytest.mark.parametrize("contenu", [b"", b"pas un paquet", b"\0" * 100_000])
def test_a_file_that_is_no_bundle_is_refused(montage: Path, depot: Path, cle: paquet.Cle, contenu: bytes) -> None:
    """An unsigned file, an empty one (that is not even seen)."""
    (montage / "PIROGUE/maj/maj.raucb").write_bytes(contenu)
    if not contenu:
        assert prendre_de(montage, depot, cle) is None
        return

    with pytest.raises(MajRefusee, match="pas signée"):
        prendre_de(montage, depot, cle)


def test_a_version_that_did_not_hold_is_not_tried_again(
    montage: Path, depot: Path, cle: paquet.Cle, faire: Faire
) -> None:
    """The same stick comes back the next morning; the next version is taken."""
    faire(montage / "PIROGUE/maj/a.raucb", "0.1.13")
    commun.poser(depot / "dernier.json", {"refusees": ["0.1.13"]})
    with pytest.raises(MajRefusee, match="n'a pas tenu"):
        prendre_de(montage, depot, cle)
    faire(montage / "PIROGUE/maj/b.raucb", "0.1.14")
    pris = prendre_de(montage, depot, cle)

    assert pris is not None
    assert pris.version == "0.1.14"


@pytest.mark.parametrize(
    ("courrier", "attendue"),
    [("retirez", "retirez"), ("inconnue", "retirez"), ("", "retirez"), ("pleine", "pleine")],
)
def test_the_sticks_own_story_goes_on_until_the_update_is_copied(
    montage: Path, depot: Path, cle: paquet.Cle, faire: Faire, courrier: str, attendue: str
) -> None:
    """A stick that the courier does not know may carry an update; one that is full for it still says so."""
    fichier = depot.parent / "cle.json"
    if courrier:
        avant = Histoire(courrier, "Les données sont parties.", remarques=("Rends la clé à Dossou.",))
        histoires.ecrire(fichier, avant, instant=maintenant())
    faire(montage / "PIROGUE/maj/maj.raucb", "0.1.13")
    recit = Recit(fichier)
    vues: list[Histoire] = []
    suite = recit.copier
    recit.copier = lambda version, fraction: (  # type: ignore[method-assign]
        suite(version, fraction),
        vues.append(histoires.lire(fichier, instant=maintenant())),
    )[0]
    pris = prendre.prendre(
        montage,
        depot=depot,
        ephemere=depot.parent / "memoire",
        cles=cle.certificat,
        presente=PRESENTE,
        recit=recit,
    )
    assert pris is not None
    recit.finir("La mise à jour 0.1.13 est copiée.", prise=True)
    fin = histoires.lire(fichier, instant=maintenant())

    assert {un.etape for un in vues} == {"copie"}
    assert "ne débranche rien" in vues[0].phrase
    assert fin.etape == attendue
    assert "est copiée" in fin.phrase + "".join(fin.remarques)


def test_a_stick_without_an_update_is_only_a_stick(montage: Path, depot: Path, cle: paquet.Cle) -> None:
    """Dossou's usual stick: nothing is said, nothing is written."""
    assert prendre_de(montage, depot, cle) is None
    assert dit(depot) == {}


def test_a_link_on_a_stick_is_not_followed(montage: Path, depot: Path, cle: paquet.Cle, faire: Faire) -> None:
    """Root reads what is on the stick, and nothing that the stick points at."""
    vrai = faire(depot.parent / "vrai.raucb", "0.1.13")
    (montage / "PIROGUE/maj/lien.raucb").symlink_to(vrai)

    assert prendre_de(montage, depot, cle) is None


def test_a_stick_that_is_pulled_during_the_copy_leaves_the_bundle_that_waited(
    montage: Path, depot: Path, cle: paquet.Cle, faire: Faire
) -> None:
    """The source fails in the middle; the half copy is removed, the former one is whole."""
    bundle = faire(montage / "PIROGUE/maj/maj.raucb", "0.1.13")
    ancien = depot / prendre.ARRIVEE
    ancien.write_bytes(b"celle d'hier")

    def arracher(fraction: float) -> None:
        raise OSError(5, "Input/output error")

    with pytest.raises(MajRefusee, match="retirée"):
        prendre.copier(bundle, ancien, avancer=arracher)
    assert [(un.name, un.read_bytes()) for un in depot.iterdir()] == [(prendre.ARRIVEE, b"celle d'hier")]


def test_every_step_has_a_sentence_and_says_when_nothing_may_be_unplugged(tmp_path: Path) -> None:
    """The words of the screen, with their values; the dangerous steps say so."""
    for etape, phrase in commun.PHRASES.items():
        noms = {nom for _, nom, _, _ in string.Formatter().parse(phrase) if nom}
        commun.raconter(etape, dossier=tmp_path, **dict.fromkeys(noms, "0.1.13"))
        lu = commun.relire(tmp_path / "histoire.json")

        assert "0.1.13" in lu["phrase"]
        assert lu["fragile"] == ("ne débranche rien" in lu["phrase"])


SAIN = {"boot_id": "b1", "bt_ns": 100_000_000_000, "constats": [{"code": "disque", "etat": "bon"}]}


@pytest.mark.parametrize(
    ("releve", "defaut"),
    [
        (SAIN, ""),
        (SAIN | {"boot_id": "b0"}, "pas encore dit"),
        (SAIN | {"bt_ns": -200_000_000_000}, "pas encore dit"),
        ({}, "pas encore dit"),
        (SAIN | {"constats": [{"code": "kolibri", "etat": "panne"}]}, "en panne : kolibri"),
        (SAIN | {"constats": [{"code": "carte", "etat": "panne"}]}, ""),
        (SAIN | {"constats": [{"code": un, "etat": "panne"} for un in ("alimentation", "temperature")]}, ""),
        (SAIN | {"constats": [{"code": "lien", "etat": "attention"}, {"code": "bouton", "etat": "inconnu"}]}, ""),
    ],
)
def test_a_system_is_well_when_nothing_is_worse_than_before(releve: dict[str, object], defaut: str) -> None:
    """A card that was already failing, a weak battery are not its fault; words of another start prove nothing."""
    vu = confirmer.sante(releve, boot_id="b1", bt_ns=110_000_000_000, tolerees=frozenset({"carte"}))

    assert defaut in vu
    assert bool(defaut) == bool(vu)


def test_a_system_has_until_its_time_is_over_to_become_well() -> None:
    """Three looks, the last one good; then one that never is."""
    vus = iter(["le portail ne répond pas", "le portail ne répond pas", ""])

    assert confirmer.juger(lambda: next(vus), fin_s=float("inf"), pause_s=0) == ""
    assert confirmer.juger(lambda: "en panne : carte", fin_s=0, pause_s=0) == "en panne : carte"


def test_a_system_that_never_started_is_told_to_people_and_remembered(depot: Path) -> None:
    """The box is back on the former one: that is said, and the version is not tried again."""
    commun.poser(depot / "dernier.json", {"issue": "essai", "creneau": "B", "vers": "0.1.13"})
    confirmer.dire_issue("A", depot=depot, ephemere=depot.parent / "memoire")

    assert dit(depot)["etape"] == "revenue"
    assert commun.refusees(depot) == ("0.1.13",)


def test_a_box_in_its_usual_state_says_its_version(depot: Path) -> None:
    """After a confirmed update, nothing but the version."""
    commun.poser(depot / "dernier.json", {"issue": "confirmee", "creneau": "B", "vers": "0.1.13"})
    confirmer.dire_issue("B", depot=depot, ephemere=depot.parent / "memoire")

    assert dit(depot)["etape"] == "repos"


@pytest.mark.parametrize("contenu", ["", "[]", "{", '{"refusees": 3}', '{"refusees": [1, "0.1.13"]}'])
def test_a_damaged_memory_of_the_last_update_is_no_fault(depot: Path, contenu: str) -> None:
    """The file was cut: at worst a bad version is tried once more."""
    (depot / "dernier.json").write_text(contenu)

    assert commun.refusees(depot) in ((), ("0.1.13",))


def test_rauc_itself_refuses_what_is_not_newer_or_comes_during_a_trial(tmp_path: Path, faire: Faire) -> None:
    """Its last question, about the bundle that it has mounted: the manifest is inside, under the signed root hash."""
    bundle, monte = faire(tmp_path / "maj.raucb", "0.1.13"), tmp_path / "monte"
    subprocess.run(["unsquashfs", "-q", "-n", "-d", str(monte), str(bundle)], check=True, capture_output=True)
    version = avant.demandee({"RAUC_BUNDLE_MOUNT_POINT": str(monte)})

    assert version == "0.1.13"
    assert avant.raison(version, presente=PRESENTE, confirme=lambda: True) == ""
    assert "à l'essai" in avant.raison(version, presente=PRESENTE, confirme=lambda: False)
    assert "pas plus récente" in avant.raison(version, presente="0.1.13", confirme=lambda: True)
    assert "pas plus récente" in avant.raison(avant.demandee({}), presente=PRESENTE, confirme=lambda: True)
