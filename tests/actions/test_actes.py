"""What each act does to the kernel's own tables, and who may ask it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

MO = 1_000_000
AFI, KOFFI = "10.10.10.23", "10.10.10.24"
MAC_AFI, MAC_KOFFI = "02:00:00:00:00:23", "02:00:00:00:00:24"
PORTAIL, CAPTIF, INCONNU = 64001, 64002, 64003
TOUS: dict[str, dict[str, Any]] = {
    "voisin": {"ip": AFI},
    "voisins": {},
    "stations": {},
    "lien": {},
    "accorder": {"ip": AFI, "duree_s": 1800, "octets": 20 * MO},
    "retirer": {"ip": AFI},
    "acces": {},
}
#: What systemd does for it: here, only who may ask.
PAR_SYSTEMD: dict[str, dict[str, Any]] = {"relancer_point_acces": {}, "remettre": {"forfait": "sync"}}


def elements(salle: Any) -> tuple[int, int]:
    """Return how many entries the kernel has in the set and in the map."""
    lus = json.loads(salle.lancer("nft", "-j", "list", "table", "inet", "pirogue"))["nftables"]
    acces = next(un["set"] for un in lus if un.get("set", {}).get("name") == "acces")
    forfaits = next(un["map"] for un in lus if "map" in un)
    return len(acces.get("elem", [])), len(forfaits.get("elem", []))


def test_the_box_says_which_card_is_behind_an_address(aide: Any) -> None:
    """The kernel's own table answers, for whoever spoke to the box."""
    assert aide.demander("voisin", ip=AFI, uid=CAPTIF) == {"rendu": MAC_AFI}


def test_an_address_that_never_answered_has_no_card(aide: Any) -> None:
    """A failed entry holds no address, and a made-up one is not there."""
    assert aide.demander("voisin", ip="10.10.10.99") == {"rendu": None}
    assert aide.demander("voisin", ip="10.10.10.77") == {"rendu": None}


def test_only_the_classroom_s_neighbours_are_told(aide: Any) -> None:
    """The modem is a neighbour too; it is not a laptop."""
    assert aide.demander("voisins") == {"rendu": {AFI: MAC_AFI, KOFFI: MAC_KOFFI}}


def test_without_a_radio_of_ours_nobody_counts_stations(aide: Any) -> None:
    """An access point on Ethernet knows its stations, not we."""
    assert aide.demander("stations") == {"rendu": None}


def test_the_way_out_is_told_with_what_was_spent(aide: Any, salle: Any) -> None:
    """Rachelle sees the uplink and the bundle before she grants."""
    depense = salle.depenser(300_000, 5001)
    rendu = aide.demander("lien")["rendu"]

    assert rendu == {
        "interface": "wwan0",
        "porteuse": True,
        "adresse": "192.0.2.2",
        "forfaits": {
            "sync": {"octets": depense, "max": 5 * MO},
            "formateurs": {"octets": 0, "max": 200 * MO},
        },
    }


def test_a_way_out_that_was_unplugged_is_told_as_such(aide: Any, salle: Any) -> None:
    """The cable of the dock is pulled: the interface is there, its carrier is not."""
    salle.lancer("ip", "link", "set", "fournisseur", "down")
    try:
        rendu = aide.demander("lien")["rendu"]
    finally:
        salle.lancer("ip", "link", "set", "fournisseur", "up")

    assert not rendu["porteuse"]


def test_a_way_out_that_has_no_address_yet_is_told_as_such(aide: Any, salle: Any) -> None:
    """The 4G key is plugged in and its operator gives nothing: the page says so, and shows all the rest."""
    salle.lancer("ip", "addr", "del", "192.0.2.2/24", "dev", "wwan0")
    try:
        rendu = aide.demander("lien")
    finally:
        salle.lancer("ip", "addr", "add", "192.0.2.2/24", "dev", "wwan0")

    assert (rendu["rendu"]["porteuse"], rendu["rendu"]["adresse"]) == (True, "")
    assert rendu["rendu"]["forfaits"].keys() == {"sync", "formateurs"}


def test_a_grant_is_for_the_card_that_the_box_itself_saw(aide: Any, salle: Any) -> None:
    """Three things are made, with an end; the card is the kernel's word."""
    rendu = aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)
    (acces,) = aide.demander("acces")["rendu"]

    assert rendu == {"rendu": {"mac": MAC_AFI}}
    assert {**acces, "reste_s": 0} == {"ip": AFI, "mac": MAC_AFI, "reste_s": 0, "octets": 0, "max": 20 * MO}
    assert 1700 < acces["reste_s"] <= 1800
    assert elements(salle) == (1, 1)


def test_an_absent_laptop_is_granted_nothing(aide: Any, salle: Any) -> None:
    """Nobody is behind this address: there is no card to let out."""
    rendu = aide.demander("accorder", ip="10.10.10.99", duree_s=1800, octets=20 * MO)

    assert "refus" in rendu
    assert elements(salle) == (0, 0)


def test_granting_again_replaces_what_was_there(aide: Any, salle: Any) -> None:
    """Another half hour is a new share, not the rest of the old one."""
    aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)
    salle.lancer("nft", "add", "quota", "inet", "pirogue", "poste_10_10_10_23", "{ over 20000000 bytes }")
    rendu = aide.demander("accorder", ip=AFI, duree_s=600, octets=30 * MO)
    (acces,) = aide.demander("acces")["rendu"]

    assert "rendu" in rendu
    assert acces["max"] == 30 * MO
    assert acces["reste_s"] <= 600
    assert elements(salle) == (1, 1)


def test_another_laptop_at_the_same_address_takes_the_grant_s_place(aide: Any, salle: Any) -> None:
    """A lease went to another card: granting it leaves nothing to the first."""
    aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)
    salle.lancer("ip", "neigh", "replace", AFI, "lladdr", MAC_KOFFI, "dev", "ap0", "nud", "stale")
    try:
        rendu = aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)
        (acces,) = aide.demander("acces")["rendu"]
    finally:
        salle.lancer("ip", "neigh", "replace", AFI, "lladdr", MAC_AFI, "dev", "ap0", "nud", "stale")

    assert rendu == {"rendu": {"mac": MAC_KOFFI}}
    assert acces["mac"] == MAC_KOFFI
    assert elements(salle) == (1, 1)


def test_taking_back_leaves_nothing_behind(aide: Any, salle: Any) -> None:
    """And the other laptop keeps its own; taking back twice is no fault."""
    for ip in (AFI, KOFFI):
        aide.demander("accorder", ip=ip, duree_s=1800, octets=20 * MO)
    rendus = [aide.demander("retirer", ip=AFI) for _ in range(2)]

    assert rendus == [{"rendu": None}, {"rendu": None}]
    assert [un["ip"] for un in aide.demander("acces")["rendu"]] == [KOFFI]
    assert "poste_10_10_10_23" not in salle.quotas()
    assert elements(salle) == (1, 1)


def ecrire_octroi(salle: Any, ip: str, mac: str, duree: str) -> None:
    """Write a grant by hand, shorter than one may ask."""
    nom = "poste_" + ip.replace(".", "_")
    salle.lancer("nft", "add", "quota", "inet", "pirogue", nom, "{ over 20000000 bytes }")
    salle.lancer("nft", "add", "element", "inet", "pirogue", "acces", f"{{ {mac} . {ip} timeout {duree} }}")
    salle.lancer("nft", "add", "element", "inet", "pirogue", "forfaits", f'{{ {ip} timeout {duree} : "{nom}" }}')


def test_the_share_of_an_ended_grant_goes_at_the_next_act(aide: Any, salle: Any, patienter: Any) -> None:
    """A month of grants must not fill the kernel with dead shares."""
    ecrire_octroi(salle, AFI, MAC_AFI, "300ms")
    aide.demander("accorder", ip=KOFFI, duree_s=1800, octets=20 * MO)

    def reste() -> bool:
        aide.demander("acces")
        return "poste_10_10_10_23" not in salle.quotas()

    patienter(reste, quoi="the share of an ended grant stayed")
    assert [un["ip"] for un in aide.demander("acces")["rendu"]] == [KOFFI]
    assert "poste_10_10_10_24" in salle.quotas()


def test_a_laptop_whose_time_has_just_ended_may_be_granted_again(aide: Any, salle: Any, patienter: Any) -> None:
    """The kernel holds an ended entry for up to a second; Rachelle's tap in that second counts."""
    ecrire_octroi(salle, AFI, MAC_AFI, "200ms")
    patienter(lambda: elements(salle) == (0, 0), quoi="the grant never ended")
    rendu = aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)

    assert rendu == {"rendu": {"mac": MAC_AFI}}
    assert elements(salle) == (1, 1)


def test_the_share_counts_the_laptop_s_octets(aide: Any, salle: Any) -> None:
    """What `acces` tells is the kernel's count of real datagrams."""
    aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)
    salle.lancer("ip", "addr", "add", f"{AFI}/24", "dev", "ap0")
    try:
        depense = salle.depenser(30_000, 6000, source=AFI)
        (acces,) = aide.demander("acces")["rendu"]
    finally:
        salle.lancer("ip", "addr", "del", f"{AFI}/24", "dev", "ap0")

    assert acces["octets"] == depense


@pytest.mark.parametrize("acte", sorted({*TOUS, *PAR_SYSTEMD}))
def test_the_probes_responder_may_ask_for_one_act_only(aide: Any, acte: str) -> None:
    """It stands nearest to strangers: were it taken over, it could ask who is at an address, no more."""
    rendu = aide.demander(acte, uid=CAPTIF, **(TOUS | PAR_SYSTEMD)[acte])

    assert ("rendu" in rendu) == (acte == "voisin")


@pytest.mark.parametrize("acte", sorted({*TOUS, *PAR_SYSTEMD}))
def test_another_user_of_the_box_is_refused_everything(aide: Any, acte: str) -> None:
    """Kolibri, the courier, a shell: none is in the table."""
    assert aide.demander(acte, uid=INCONNU, **(TOUS | PAR_SYSTEMD)[acte]) == {"refus": "Cet acte n'est pas pour toi."}


@pytest.mark.parametrize(
    ("acte", "arguments"),
    [
        ("remettre", {"forfait": "sync.service"}),
        ("remettre", {"forfait": ["sync"]}),
        ("remettre", {}),
        ("voisin", {"ip": "10.10.10.10"}),
        ("voisin", {"ip": "10.10.10.0"}),
        ("voisin", {"ip": "10.10.10.255"}),
        ("voisin", {"ip": "8.8.8.8"}),
        ("voisin", {"ip": "10.10.10.23; reboot"}),
        ("voisin", {"ip": "10.10.10.23\n"}),
        ("voisin", {"ip": "010.010.010.023"}),
        ("voisin", {"ip": "::ffff:10.10.10.23"}),
        ("voisin", {"ip": 168430103}),
        ("voisin", {"ip": None}),
        ("voisin", {}),
        ("voisin", {"ip": AFI, "de_plus": 1}),
        ("retirer", {"ip": "-f /etc/shadow"}),
        ("accorder", {"ip": AFI, "duree_s": 59, "octets": 20 * MO}),
        ("accorder", {"ip": AFI, "duree_s": 14_401, "octets": 20 * MO}),
        ("accorder", {"ip": AFI, "duree_s": True, "octets": 20 * MO}),
        ("accorder", {"ip": AFI, "duree_s": 1800.5, "octets": 20 * MO}),
        ("accorder", {"ip": AFI, "duree_s": "1800", "octets": 20 * MO}),
        ("accorder", {"ip": AFI, "duree_s": 1800, "octets": MO - 1}),
        ("accorder", {"ip": AFI, "duree_s": 1800, "octets": 2_000_000_001}),
        ("accorder", {"ip": AFI, "duree_s": 1800, "octets": 20 * MO, "mac": MAC_KOFFI}),
        ("eteindre", {}),
        ("__class__", {}),
    ],
)
def test_an_argument_out_of_bounds_is_refused_before_anything_is_run(
    aide: Any, salle: Any, acte: str, arguments: dict[str, Any]
) -> None:
    """In French, with nothing done and no program started."""
    avant = len(aide.programmes())
    rendu = aide.demander(acte, **arguments)

    assert rendu["refus"].endswith(".")
    assert len(aide.programmes()) == avant
    assert elements(salle) == (0, 0)


def test_without_a_firewall_nothing_is_granted(aide: Any, salle: Any) -> None:
    """The table is not loaded: say so rather than pretend."""
    salle.lancer("nft", "flush", "ruleset")
    rendu = aide.demander("accorder", ip=AFI, duree_s=1800, octets=20 * MO)

    assert "nft" in rendu["refus"]


def test_ten_grants_at_once_all_stand(aide: Any, salle: Any, en_meme_temps: Callable[..., list[Any]]) -> None:
    """Two trainers' tablets, five taps each: the kernel's table is never half written."""
    ips = [f"10.10.10.{n}" for n in range(30, 40)]
    for ip in ips:
        salle.lancer("ip", "neigh", "replace", ip, "lladdr", MAC_AFI[:-2] + ip[-2:], "dev", "ap0", "nud", "stale")
    rendus = en_meme_temps(
        [lambda ip=ip: aide.demander("accorder", ip=ip, duree_s=600, octets=MO, uid=PORTAIL) for ip in ips[:7]]
        + [lambda ip=ip: aide.demander("accorder", ip=ip, duree_s=600, octets=MO, uid=0) for ip in ips[7:]]
    )

    faits, parts = elements(salle), [nom for nom in salle.quotas() if nom.startswith("poste_")]
    for ip in ips:
        salle.lancer("ip", "neigh", "del", ip, "dev", "ap0")

    assert [un for un in rendus if "rendu" not in un] == []
    assert faits == (10, 10)
    assert len(parts) == 10
