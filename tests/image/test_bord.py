"""A day of the boat on the image that people flash: the air, the youths, sticks, the 4G key, who reaches what."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from banc import cles_usb
from gestes_formateur import entrer, ouvrir
from gestes_jeune import embarquer
from image import materiel, terre
from image.conftest import Allumer
from image.construction import Construction
from image.mise_a_jour import Atelier
from image.mises_a_jour_vues import attendre_etape
from image.premier import Premier
from image.reglages import Reglages
from image.salle import RADIOS, Poste, Salle
from image.terre import Terre

pytestmark = pytest.mark.timeout(3600)
#: QEMU's 4G key has the number of another gadget's driver, which would take it first.
MOTS = RADIOS.format(radios=3) + " module_blacklist=cdc_subset"
#: The courier's limit in the firewall's file, for sed.
FORFAIT = r"\(quota forfait_sync { over \)[0-9]*"
SONDE = "http://connectivitycheck.gstatic.com/generate_204"
#: A call from the box, and what came of it.
_APPELER = """python3 -I -c '
import socket
try:
    socket.create_connection(("{rive}", {port}), 5).close()
    print("ouvert")
except OSError:
    print("refuse")
'"""


@pytest.fixture(scope="module")
def reseau() -> Iterator[str]:
    """The network behind the 4G key."""
    with materiel.clore() as nom:
        yield nom


@pytest.fixture(scope="module")
def rive(reseau: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terre]:
    """The shore."""
    with terre.servir(tmp_path_factory.mktemp("terre"), reseau) as servie:
        yield servie


@pytest.fixture(scope="module")
def salle(allumer: Allumer, rive: Terre, reseau: str) -> Salle:
    """A box on its second day, paired with the shore, its classroom ready."""
    demarree = allumer(Reglages(mots=MOTS, reseau=reseau))
    demarree.attendre_page("/")
    rive.accueillir(demarree.appairer(rive.carte))
    ligne = f'rive_url = "http://{materiel.RIVE_MODEM}:{rive.port}"'
    boite = "/data/pirogue/boite.toml"
    demarree.machine.executer(f"touch {boite}; sed -i /^rive_url/d {boite}; echo '{ligne}' >> {boite}")
    demarree.machine.executer("systemctl restart pirogue-sync.service")
    return demarree


@pytest.fixture(scope="module")
def afi(salle: Salle) -> Poste:
    """Afi's laptop, in the classroom's network."""
    poste = salle.poste("afi", 1)
    poste.rejoindre(*salle.wifi())
    return poste


@pytest.fixture(scope="module")
def rachelle(salle: Salle, premier: Premier) -> Poste:
    """Rachelle's laptop, in the classroom's network; she has come in and opened the session."""
    poste = salle.poste("rachelle", 2)
    poste.rejoindre(*salle.wifi())
    entrer(poste, premier.classe)  # type: ignore[arg-type]  # a laptop is used as Flask's client is
    ouvrir(poste, premier.classe)  # type: ignore[arg-type]
    return poste


def test_the_portal_answers_before_kolibri_and_nothing_has_failed(premier: Premier) -> None:
    """The first start of a card: the roll never waits for the lessons."""
    assert not premier.lecons_deja
    assert premier.echecs == []
    assert premier.etat == "running"


def test_after_the_first_start_both_mounts_are_there_and_the_root_is_sealed(premier: Premier) -> None:
    """The data have grown to the card's end; the system lies read-only under a memory that is forgotten."""
    montages = {
        champs[1]: (champs[0], champs[2], champs[3].split(","))
        for champs in map(str.split, premier.montages.splitlines())
    }

    assert montages["/"][1] == "overlay"
    assert "ro" in montages["/media/root-ro"][2]
    assert montages["/boot/firmware"][1] == "vfat"
    assert "ro" in montages["/boot/firmware"][2]
    assert {"rw", "nosuid", "nodev", "noexec", "noatime"} <= set(montages["/data"][2])
    # From the image's own 128 MB to what the other partitions leave of 4 GB.
    assert premier.donnees_octets > 1_000_000_000


def test_a_second_start_fails_nothing_either(salle: Salle) -> None:
    """The card has lived: every unit comes up again."""
    etat = salle.finir_de_demarrer()

    assert (etat, salle.echecs()) == ("running", [])


def test_the_portal_starts_with_the_data_and_waits_for_nothing_else(salle: Salle) -> None:
    """The data is known since the memory disk, before udev's second round; the rest of the box starts beside."""

    def instant(quand: str, unite: str) -> int:
        return int(salle.machine.executer(f"systemctl show -P {quand}TimestampMonotonic '{unite}'"))

    udev = instant("InactiveExit", "systemd-udevd.service")

    assert 0 < instant("ActiveEnter", r"dev-disk-by\x2dpartuuid-50495247\x2d04.device") < udev
    assert 0 < instant("InactiveExit", "pirogue-portail.service") < instant("ActiveEnter", "sysinit.target")
    assert instant("ActiveEnter", "pirogue-premier-attendre.service") == 0


def test_the_machine_s_own_watchdog_is_armed(salle: Salle) -> None:
    """Should systemd itself hang, the machine starts again after fifteen seconds."""
    vu = salle.machine.executer("cd /sys/class/watchdog/watchdog0 && cat identity state timeout").splitlines()

    assert vu == ["i6300ESB timer", "active", "15"]


def test_by_the_air_afi_meets_the_portal_signs_in_and_finds_kolibri(
    salle: Salle, premier: Premier, rachelle: Poste, afi: Poste
) -> None:
    """Lease, captive page, three pictures, present on Rachelle's roll, lessons: over WPA2 and hostapd itself."""
    avant = afi.sonder(SONDE)
    bienvenue = afi.get(SONDE)
    afi.post("/continuer", data={})
    chemin = embarquer(afi, premier.classe.afi)  # type: ignore[arg-type]
    lecons = afi.get("/cours/")
    marques = salle.a_bord("jeunes_presents", seance=salle.a_bord("seance_en_cours"))

    assert afi.bail["routeur"] == "10.10.10.10"
    assert (avant.status_code, avant.entetes["Location"]) == (302, "http://pirogue.internal/bienvenue")
    assert "Continuer" in bienvenue.text
    assert chemin.request.path == "/chemin"
    assert (lecons.status_code, "olibri" in lecons.text) == (200, True)
    assert marques[premier.classe.afi.personne_id] == "present"


def test_from_the_classroom_nothing_is_reached_but_the_pages(salle: Salle, afi: Poste) -> None:
    """SSH, Kolibri's own port, the portal's back door, the shore's: refused at once; the pages answer."""
    vus = {port: afi.joindre("10.10.10.10", port) for port in (22, 80, 443, 8080, 8081, 8082)}

    assert vus == {22: "refuse", 80: "ouvert", 443: "refuse", 8080: "refuse", 8081: "refuse", 8082: "refuse"}
    assert afi.joindre("192.168.8.1", 80) == "ouvert"  # caught: whatever is called, the box answers
    assert afi.sonder("http://192.168.8.1/").status_code == 302


@pytest.mark.parametrize("genre", ["vfat", "exfat"])
def test_a_stick_is_filled_and_announced(salle: Salle, rive: Terre, tmp_path: Path, genre: str) -> None:
    """Plugged, copied, verified, « retirez »; what is on it is what the shore reads."""
    cle = cles_usb.formater(tmp_path / "cle.img", genre)
    serie = cles_usb.nouvelle_serie("BORD")
    materiel.brancher(salle.machine, serie, cle)
    histoire = salle.attendre_histoire("retirez", "echec", "inconnue", "illisible", "protegee", "pleine")
    montee = salle.machine.executer("grep -c pirogue-cle/montee /proc/mounts || true")
    materiel.arracher(salle.machine, serie)
    salle.attendre_histoire("absente")

    assert histoire["etape"] == "retirez", histoire
    assert montee == "0"
    noms = _lister(cle, genre)
    assert any(nom.endswith(".lot") for nom in noms), noms


def test_a_stick_pulled_too_early_loses_nothing_and_is_done_again(salle: Salle, tmp_path: Path) -> None:
    """Pulled while the box works on it: said so; put back: filled."""
    cle = cles_usb.formater(tmp_path / "cle.img", "vfat")
    serie = cles_usb.nouvelle_serie("TOT")
    materiel.brancher(salle.machine, serie, cle)
    salle.attendre_histoire("lecture", "copie", "verification")
    options = salle.machine.executer("sed -n 's,.* /run/pirogue-cle/montee [a-z0-9]* \\(.*\\) 0 0$,\\1,p' /proc/mounts")
    materiel.arracher(salle.machine, serie)
    tot = salle.attendre_histoire("retiree_trop_tot")
    monte = salle.machine.attendre_que("! grep pirogue-cle/montee /proc/mounts")
    serie = cles_usb.nouvelle_serie("TOT")
    materiel.brancher(salle.machine, serie, cle)
    fin = salle.attendre_histoire("retirez", "echec", "illisible")
    materiel.arracher(salle.machine, serie)
    salle.attendre_histoire("absente")

    assert {"nosuid", "nodev", "noexec", "noatime"} <= set(options.split(","))
    assert "Rien n'est perdu" in tot["geste"]
    assert monte == ""
    assert fin["etape"] == "retirez", fin
    assert any(nom.endswith(".lot") for nom in _lister(cle, "vfat"))


def test_a_stick_that_cannot_be_used_is_told_with_what_to_do(salle: Salle, tmp_path: Path) -> None:
    """Its switch is on « lock »; it has no file system; nothing of the box fails."""
    serie = cles_usb.nouvelle_serie("VERROU")
    materiel.brancher(salle.machine, serie, cles_usb.formater(tmp_path / "verrou.img", "vfat"), lecture_seule=True)
    protegee = salle.attendre_histoire("protegee", "retirez", "echec", "illisible")
    materiel.arracher(salle.machine, serie)
    serie = cles_usb.nouvelle_serie("VIERGE")
    materiel.brancher(salle.machine, serie, cles_usb.vierge(tmp_path / "vierge.img"))
    inconnue = salle.attendre_histoire("inconnue")
    materiel.arracher(salle.machine, serie)

    assert (protegee["etape"], "Déverrouille" in protegee["geste"]) == ("protegee", True)
    assert "FAT32" in inconnue["geste"]
    assert salle.echecs() == []


def test_a_stick_that_types_is_never_heard(salle: Salle) -> None:
    """A keyboard that comes after the start is not let in."""
    avant = salle.machine.executer("ls /dev/input 2>/dev/null | wc -l")
    materiel.brancher_clavier(salle.machine)
    vu = salle.machine.attendre_que("grep -l 'QEMU USB Keyboard' /sys/bus/usb/devices/*/product")
    appareil = vu.rsplit("/", 1)[0]
    salle.machine.executer("udevadm settle")
    permis = salle.machine.executer(f"cat {appareil}/*:*/authorized")
    pilotes = salle.machine.executer(f"ls -d {appareil}/*:*/driver 2>/dev/null || true")

    assert (permis, pilotes) == ("0", "")
    assert salle.machine.executer("ls /dev/input 2>/dev/null | wc -l") == avant


def test_a_4g_key_brings_the_lots_ashore_and_the_receipt_back(
    salle: Salle, premier: Premier, rive: Terre, rachelle: Poste
) -> None:
    """It appears, gets its address, the courier finds the shore: all that happened is there, and the chip says so."""
    dernier = salle.a_bord("dernier")
    # One at a time: the key's control interface is let in before its data interface, without which it has no driver.
    salle.machine.executer("udevadm control --children-max=1")
    materiel.brancher_modem(salle.machine)
    adresse = salle.machine.attendre_que("ip -4 -br addr show wwan0 | grep -o '192.168.8.[0-9]*'")
    puce = salle.attendre_acte("puce", "confirme")
    arrives = rive.arrives(premier.classe.relais)
    salle.machine.executer("udevadm control --children-max=0")
    interdit = salle.machine.essayer(_APPELER.format(rive=materiel.RIVE_MODEM, port=rive.port)).sortie
    permis = salle.machine.essayer(
        "setpriv --reuid=pirogue-sync --regid=pirogue-sync --clear-groups "
        + _APPELER.format(rive=materiel.RIVE_MODEM, port=rive.port)
    ).sortie
    compte = salle.machine.executer("nft list quota inet pirogue forfait_sync")
    page = rachelle.get("/formateur/donnees")
    materiel.arracher_modem(salle.machine)

    assert adresse.startswith("192.168.8.")
    assert (puce, arrives >= dernier) == ("confirme", True)
    assert (permis.strip(), interdit.strip()) == ("ouvert", "refuse"), "root may not spend the courier's bundle"
    depense = re.search(r"used (\d+) (\w*bytes)", compte)
    assert depense is not None, compte
    assert int(depense.group(1)) > 0
    assert page.status_code == 200


def test_when_its_bundle_is_spent_nothing_leaves_and_nothing_is_lost(
    salle: Salle, premier: Premier, rive: Terre, rachelle: Poste
) -> None:
    """The kernel holds the courier to its octets, the page says so; a new bundle, and the roll is ashore."""
    machine, classe = salle.machine, premier.classe
    machine.executer("systemctl stop pirogue-forfaits.timer")
    machine.executer(f"sed 's/{FORFAIT}/\\11000/' /etc/nftables.conf | nft -f -")
    avant = rive.arrives(classe.relais)
    seance = salle.a_bord("seance_en_cours")
    salle.a_bord("pointer", seance=seance, jeune=classe.koffi.personne_id, auteur=classe.rachelle)
    materiel.brancher_modem(machine)
    machine.attendre_que("nft list quota inet pirogue forfait_sync | grep -E 'used [0-9]{4}'")
    sans = (salle.a_bord("puce"), rive.arrives(classe.relais))
    dit = salle.regarder_maintenant("lien")
    materiel.arracher_modem(machine)
    machine.executer("nft -f /etc/nftables.conf && systemctl start pirogue-forfaits.timer")
    machine.executer("systemctl restart pirogue-sync.service")  # the next morning: it has no failure to remember
    materiel.brancher_modem(machine)
    puce = salle.attendre_acte("puce", "confirme")
    arrives = rive.arrives(classe.relais)
    materiel.arracher_modem(machine)

    assert sans[0] != "confirme"
    assert sans[1] == avant
    assert (dit["etat"], "forfait" in dit["phrase"]) == ("attention", True)
    assert (puce, arrives > avant) == ("confirme", True)


def test_an_update_comes_aboard_by_the_quay_and_waits_for_the_end_of_the_class(
    salle: Salle, premier: Premier, rive: Terre, rachelle: Poste, construction: Construction, tmp_path: Path
) -> None:
    """After the day's data; root believes the signature alone, and installs nothing under a class."""
    machine, atelier, classe = salle.machine, Atelier(construction, tmp_path), premier.classe
    version = atelier.suivante()
    qui = {"rachelle": classe.rachelle, "groupe": classe.groupe, "prenom": "Sessi", "nom": "Ahouansou", "sexe": "F"}
    salle.a_bord("inscrire", **qui)
    # A morning again: at a quay that was left a moment ago, the courier still remembers what it tried there.
    machine.executer("systemctl restart pirogue-sync.service")
    rive.offrir(atelier.emballer(atelier.creux("quai", noyau=False), version), version)
    materiel.brancher_modem(machine)
    dit = attendre_etape(machine, "attente", "installation", "refusee")
    materiel.arracher_modem(machine)
    machine.executer("systemctl stop pirogue-maj-installer.path pirogue-maj-installer.service")
    arrivee = int(machine.executer("stat -c %s /data/systeme/maj/arrivee.raucb"))
    machine.executer("rm /data/systeme/maj/arrivee.raucb")

    assert (dit["etape"], version in dit["phrase"]) == ("attente", True), dit
    assert arrivee > 100_000


def _lister(image: Path, genre: str) -> list[str]:
    """Return the files of `PIROGUE/montee` on a stick's image, with tools that know nothing of the box."""
    if genre == "vfat":
        mots = ["mdir", "-b", "-i", str(image), "::PIROGUE/montee"]
    else:
        mots = ["strings", "-e", "l", str(image)]
    return subprocess.run(mots, capture_output=True, text=True, check=True).stdout.split()
