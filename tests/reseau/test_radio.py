"""The access point's settings: legal in the air of Benin, within the firmware's strength, read by Debian's hostapd."""

import subprocess
from pathlib import Path

import pytest

from reseau import regdb
from reseau.rendu import rendre, variables

MODELES = {"interne": 19, "usb": 30}


def reglages_de(fichier: Path) -> dict[str, str]:
    """Read hostapd's file: its last word on each thing."""
    lignes = [ligne.split("=", 1) for ligne in fichier.read_text(encoding="utf-8").splitlines() if "=" in ligne]
    return {nom: valeur for nom, valeur in lignes if not nom.startswith("#")}


def rendre_hostapd(dossier: Path, **reglages: object) -> Path:
    """Render the role and return hostapd's file."""
    rendre(dossier, "point_acces", reglages={f"point_acces_{nom}": valeur for nom, valeur in reglages.items()})
    return dossier / "etc/hostapd/hostapd.conf"


def dire_de_hostapd(fichier: Path) -> str:
    """Start Debian's hostapd on a file and return what it says: without such a radio it ends by itself."""
    fait = subprocess.run(["hostapd", fichier], check=False, capture_output=True, text=True, timeout=20)
    return fait.stdout + fait.stderr


@pytest.mark.parametrize("canal", [1, 6, 11])
def test_the_channel_is_allowed_where_the_boat_sails(tmp_path: Path, canal: int) -> None:
    """The kernel would refuse any other, and the network would not appear."""
    lu = reglages_de(rendre_hostapd(tmp_path, canal=canal))
    pays = regdb.lire()

    assert lu["channel"] == str(canal)
    assert regdb.permet(pays[lu.get("country_code", regdb.MONDE)], canal=int(lu["channel"]), largeur_khz=20_000)
    assert "HT40" not in lu["ht_capab"]


def test_benin_is_not_in_the_database_and_so_not_in_our_file(tmp_path: Path) -> None:
    """A country that the kernel does not know changes nothing; another's would be a lie."""
    lu = reglages_de(rendre_hostapd(tmp_path))

    assert "BJ" not in regdb.lire()
    assert "country_code" not in lu


@pytest.mark.parametrize("canal", [12, 13, 36, 100, 149])
def test_the_same_proof_refuses_what_the_world_s_rules_refuse(canal: int) -> None:
    """A proof that says yes to everything proves nothing: these channels may only be listened to."""
    assert not regdb.permet(regdb.lire()[regdb.MONDE], canal=canal)


def test_the_same_proof_knows_what_a_country_allows() -> None:
    """France allows channel 13; Japan alone had 14, and only for 802.11b."""
    pays = regdb.lire()

    assert regdb.permet(pays["FR"], canal=13)
    assert not regdb.permet(pays["FR"], canal=14)
    assert len(pays) > 150


def test_a_country_that_is_set_is_told_to_the_kernel(tmp_path: Path) -> None:
    """The same image sails elsewhere by one variable."""
    lu = reglages_de(rendre_hostapd(tmp_path, pays="TG"))

    assert (lu["country_code"], lu["ieee80211d"]) == ("TG", "1")
    assert regdb.permet(regdb.lire()["TG"], canal=int(lu["channel"]))


@pytest.mark.parametrize("radio", MODELES)
def test_no_more_laptops_than_the_firmware_takes(tmp_path: Path, radio: str) -> None:
    """One more takes all the others down; refused, it tells its person at once."""
    lu = reglages_de(rendre_hostapd(tmp_path, radio=radio))

    assert int(lu["max_num_sta"]) == MODELES[radio]


def test_the_firmware_as_delivered_takes_eight() -> None:
    """The number follows the firmware: both are one choice."""
    reglages = variables("point_acces", reglages={"point_acces_micrologiciel": "origine"})

    assert reglages["point_acces_stations_max"] == 8


def test_one_variable_chooses_the_radio() -> None:
    """The card of the classroom follows; firewall, names and addresses follow the card."""
    cartes = {
        radio: variables("point_acces", reglages={"point_acces_radio": radio})["point_acces_interface"]
        for radio in ("interne", "usb", "externe")
    }

    assert cartes == {"interne": "wlan0", "usb": "wlusb0", "externe": "eth0"}


def test_every_file_of_the_network_follows_the_chosen_card(tmp_path: Path) -> None:
    """A firewall that guards another card guards nothing."""
    rendre(tmp_path, "point_acces", reglages={"point_acces_radio": "externe"})

    assert 'define salle = "eth0"' in (tmp_path / "etc/nftables.conf").read_text()
    assert "interface=eth0" in (tmp_path / "etc/pirogue/dnsmasq/capture.conf").read_text()
    assert "Name=eth0" in (tmp_path / "etc/systemd/network/10-pirogue-salle.network").read_text()


def test_the_air_is_not_slowed_and_laptops_are_apart(tmp_path: Path) -> None:
    """No 802.11b rate (5.5 and 11 Mb/s among them), stations isolated, WPA2 alone, protected management."""
    lu = reglages_de(rendre_hostapd(tmp_path))
    debits = {int(debit) for debit in lu["supported_rates"].split()}

    assert debits & {10, 20, 55, 110} == set()
    assert {int(debit) for debit in lu["basic_rates"].split()} <= debits
    assert (lu["ap_isolate"], lu["wpa"], lu["rsn_pairwise"], lu["ieee80211w"]) == ("1", "2", "CCMP", "1")
    assert "wpa_passphrase" not in lu
    assert lu["vendor_elements"] == "dd080050f21102000200"


def test_debian_s_hostapd_reads_every_line(tmp_path: Path) -> None:
    """It then ends for want of such a radio; a word that it does not know is said with its line."""
    bon, mauvais = tmp_path / "bon", tmp_path / "mauvais"
    for dossier in (bon, mauvais):
        rendre_hostapd(dossier, interface="pasderadio0")
    with (mauvais / "etc/hostapd/hostapd.conf").open("a", encoding="utf-8") as fichier:
        fichier.write("un_mot_inconnu=1\n")
    dit = dire_de_hostapd(bon / "etc/hostapd/hostapd.conf")

    assert "errors found in configuration" not in dit
    assert "Line " not in dit
    assert "pasderadio0" in dit
    assert "unknown configuration item 'un_mot_inconnu'" in dire_de_hostapd(mauvais / "etc/hostapd/hostapd.conf")


def test_the_access_point_never_starts_without_its_own_key(tmp_path: Path) -> None:
    """No key of ours is in any file: systemd waits for the one that was drawn for this box."""
    rendre_hostapd(tmp_path, cle="/data/pirogue/reseau/wifi.psk")
    unite = (tmp_path / "etc/systemd/system/hostapd.service.d/pirogue.conf").read_text(encoding="utf-8")

    assert "ConditionPathExists=/data/pirogue/reseau/wifi.psk" in unite
    assert "Restart=always" in unite


def test_both_units_of_the_names_are_held_on_a_short_leash(tmp_path: Path) -> None:
    """Judged by systemd itself; DHCP needs raw sockets and the right to write neighbours."""
    rendre(tmp_path, "point_acces")
    unite = tmp_path / "etc/systemd/system/pirogue-dnsmasq@.service"
    copie = tmp_path / "pirogue-dnsmasq@capture.service"
    copie.write_bytes(unite.read_bytes())
    fait = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", copie],
        check=False,
        capture_output=True,
        text=True,
    )

    assert fait.returncode == 0, fait.stdout
