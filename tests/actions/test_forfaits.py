"""What was spent stays spent: through reboots, kills, damaged cards, a firewall loaded behind our back."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pirogue_actions import forfaits

SYNC, FORMATEURS = "forfait_sync", "forfait_formateurs"
PORTS = {SYNC: 5001, FORMATEURS: 5002}
MAXIMUM_FORMATEURS = 200_000_000


def tenir(salle: Any, fichier: Path, *mots: str, regles: Path | None = None) -> str:
    """Run the keeper in the box; return what it said."""
    mots = (*mots, "--fichier", str(fichier), "--regles", str(regles or salle.regles))
    fait = subprocess.run(
        [*salle.prefixe, sys.executable, "-m", "pirogue_actions.forfaits", *mots],
        capture_output=True,
        text=True,
        check=False,
    )
    assert fait.returncode == 0, fait.stderr
    return fait.stderr


def depense(salle: Any) -> dict[str, int]:
    """Return what the kernel says was spent."""
    quotas = salle.quotas()
    return {nom: quotas[nom][0] for nom in PORTS}


@pytest.fixture
def fichier(tmp_path: Path) -> Path:
    """Where the box keeps its counts."""
    return tmp_path / "reseau" / "forfaits.json"


def test_what_was_spent_is_spent_after_a_reboot(salle: Any, fichier: Path) -> None:
    """A clean stop, a firewall loaded anew, a start: to the octet, and the limits are the same."""
    salle.depenser(400_000, PORTS[SYNC])
    salle.depenser(700_000, PORTS[FORMATEURS])
    avant = salle.quotas()
    tenir(salle, fichier, "sauver", "--toujours")
    salle.charger()
    a_zero = depense(salle)
    tenir(salle, fichier, "restaurer")

    assert a_zero == {SYNC: 0, FORMATEURS: 0}
    assert salle.quotas() == avant


def test_a_courier_that_spent_its_share_stays_cut_after_a_reboot(salle: Any, fichier: Path) -> None:
    """Five megabytes are five megabytes: switching the boat off and on buys nothing."""
    salle.depenser(5_100_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    salle.charger()
    tenir(salle, fichier, "restaurer")
    salle.lancer("nft", "add", "rule", "inet", "pirogue", "sortie", "udp", "dport", "5001", "counter")
    salle.depenser(50_000, PORTS[SYNC])
    regles = json.loads(salle.lancer("nft", "-j", "list", "chain", "inet", "pirogue", "sortie"))["nftables"]
    compteur = next(
        part["counter"] for un in regles for part in un.get("rule", {}).get("expr", []) if "counter" in part
    )

    assert compteur["packets"] == 0


@pytest.mark.parametrize("dossier", [False, True])
def test_the_first_start_of_all_finds_nothing_spent(salle: Any, fichier: Path, *, dossier: bool) -> None:
    """No file is not a damaged one; nothing is said, nor written: the folder may be made meanwhile, read-only to us."""
    if dossier:
        fichier.parent.mkdir()

    assert tenir(salle, fichier, "restaurer") == ""
    assert depense(salle) == {SYNC: 0, FORMATEURS: 0}
    assert not fichier.parent.exists() or not list(fichier.parent.iterdir())


def test_a_start_that_changes_nothing_leaves_the_grants_alone(salle: Any, fichier: Path) -> None:
    """Restarted by hand in mid-class: the firewall already holds the counts and is not loaded again."""
    salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    salle.lancer(
        "nft", "add", "element", "inet", "pirogue", "acces", "{ 02:00:00:00:00:23 . 10.10.10.23 timeout 600s }"
    )
    tenir(salle, fichier, "restaurer")

    assert "02:00:00:00:00:23" in salle.lancer("nft", "list", "set", "inet", "pirogue", "acces")


def test_a_quiet_minute_writes_nothing_on_the_card(salle: Any, fichier: Path) -> None:
    """Under 256 kB of growth, the file is not touched; at stop it is."""
    salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver")
    premier = fichier.stat().st_ino
    salle.depenser(100_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver")
    calme = fichier.stat().st_ino
    tenir(salle, fichier, "sauver", "--toujours")

    assert calme == premier
    assert fichier.stat().st_ino != premier
    assert forfaits.relire(fichier)[0][SYNC] == depense(salle)[SYNC]


def test_a_firewall_loaded_behind_our_back_gets_its_past_back(salle: Any, fichier: Path) -> None:
    """Somebody ran `nft -f` : at the next minute the past and what was spent since are added up."""
    avant = salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver")
    salle.charger()
    depuis = salle.depenser(100_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver")

    assert depense(salle)[SYNC] == avant + depuis
    assert forfaits.relire(fichier)[0][SYNC] == avant + depuis


def test_a_new_bundle_starts_from_nothing_and_the_other_total_stays(salle: Any, fichier: Path) -> None:
    """Estelle bought data for the trainers: their total is empty, at once and after a reboot."""
    salle.depenser(400_000, PORTS[SYNC])
    salle.depenser(700_000, PORTS[FORMATEURS])
    tenir(salle, fichier, "sauver", "--toujours")
    reste = depense(salle)[SYNC]
    tenir(salle, fichier, "remettre", "formateurs")
    tout_de_suite = depense(salle)
    salle.charger()
    tenir(salle, fichier, "restaurer")

    assert tout_de_suite == {SYNC: reste, FORMATEURS: 0}
    assert depense(salle) == {SYNC: reste, FORMATEURS: 0}


def test_a_damaged_file_gives_way_to_the_copy_before_it(salle: Any, fichier: Path) -> None:
    """A card that lost a block: a sentence, and the count of the last write but one."""
    salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    avant = depense(salle)
    salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    fichier.write_bytes(fichier.read_bytes().replace(b"8", b"3").replace(b"0", b"1", 1))
    salle.charger()
    dit = tenir(salle, fichier, "restaurer")

    assert "copie d'avant" in dit
    assert depense(salle) == avant
    assert tenir(salle, fichier, "restaurer") == ""


@pytest.mark.parametrize("ruine", [b"", b"{}", b"[1]", b"\xff" * 64, b'{"octets": {}, "somme": 0}'])
def test_when_nothing_can_be_read_the_courier_goes_and_the_bundle_is_closed(
    salle: Any, fichier: Path, ruine: bytes
) -> None:
    """The attendance must leave and costs little; a bundle that may be spent is not spent twice."""
    fichier.parent.mkdir()
    for copie in (fichier, fichier.with_suffix(".avant")):
        copie.write_bytes(ruine)
    dit = tenir(salle, fichier, "restaurer")
    ferme = depense(salle)
    tenir(salle, fichier, "sauver")
    encore = depense(salle)
    tenir(salle, fichier, "remettre")

    assert "remettre" in dit
    assert ferme == {SYNC: 0, FORMATEURS: MAXIMUM_FORMATEURS}
    assert encore == ferme
    assert depense(salle) == {SYNC: 0, FORMATEURS: 0}


def test_a_bundle_made_smaller_is_spent_not_reloaded_every_minute(salle: Any, fichier: Path, tmp_path: Path) -> None:
    """More was spent than the new limit: the share is shut, and the firewall left alone."""
    salle.depenser(4_000_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    petites = tmp_path / "petites.conf"
    petites.write_text(salle.regles.read_text().replace("over 5000000", "over 1000000"))
    salle.lancer("nft", "-f", str(petites))
    tenir(salle, fichier, "restaurer", regles=petites)
    salle.lancer("nft", "add", "set", "inet", "pirogue", "temoin", "{ type ipv4_addr; }")
    tenir(salle, fichier, "sauver", regles=petites)

    assert salle.quotas()[SYNC] == (1_000_000, 1_000_000)
    assert "temoin" in salle.lancer("nft", "list", "sets")


def test_rules_that_do_not_name_the_totals_are_refused(salle: Any, fichier: Path, tmp_path: Path) -> None:
    """Nothing is loaded from a file that is not ours."""
    salle.depenser(400_000, PORTS[SYNC])
    tenir(salle, fichier, "sauver", "--toujours")
    salle.charger()
    autres = tmp_path / "autres.conf"
    autres.write_text("flush ruleset\n")
    mots = ["restaurer", "--fichier", str(fichier), "--regles", str(autres)]
    fait = subprocess.run(
        [*salle.prefixe, sys.executable, "-m", "pirogue_actions.forfaits", *mots],
        capture_output=True,
        text=True,
        check=False,
    )

    assert fait.returncode == 1
    assert SYNC in fait.stderr
    assert set(salle.quotas()) == set(PORTS)


#: Each way in which a write touches the disk; the process is killed as it enters the n-th one.
APPELS = [(appel, rang) for appel in ("write", "fsync", "rename", "link", "linkat", "unlink") for rang in (1, 2)]
ECRITURE = """
import sys
from pathlib import Path
from pirogue_actions import forfaits
forfaits.ecrire(Path(sys.argv[1]), {"forfait_sync": 2, "forfait_formateurs": 2})
"""


@pytest.mark.parametrize(("appel", "rang"), APPELS)
def test_a_kill_at_any_step_of_the_write_leaves_a_whole_file(tmp_path: Path, appel: str, rang: int) -> None:
    """The new count or the one before, nothing else; and the next write succeeds."""
    fichier = tmp_path / "forfaits.json"
    for octets in (0, 1):
        forfaits.ecrire(fichier, {SYNC: octets, FORMATEURS: octets})
    injection = f"inject={appel}:signal=SIGKILL:when={rang}"
    mots = ["strace", "-qq", "-o", "/dev/null", "-P", str(tmp_path), "-e", f"trace={appel}", "-e", injection]
    for nom in ("forfaits.json", "forfaits.neuf", "forfaits.lien", "forfaits.avant"):
        mots += ["-P", str(tmp_path / nom)]
    tue = subprocess.run([*mots, sys.executable, "-c", ECRITURE, str(fichier)], capture_output=True, check=False)
    octets, phrase = forfaits.relire(fichier)
    forfaits.ecrire(fichier, {SYNC: 3, FORMATEURS: 3})

    assert tue.returncode in (0, -9, 137)
    assert phrase == ""
    assert octets[SYNC] in (1, 2)
    assert forfaits.relire(fichier) == ({SYNC: 3, FORMATEURS: 3}, "")


def test_the_kills_above_do_kill(tmp_path: Path) -> None:
    """At its first fsync the writer dies: the table of steps is not idle."""
    fichier = tmp_path / "forfaits.json"
    mots = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", "inject=fsync:signal=SIGKILL:when=1"]
    tue = subprocess.run([*mots, sys.executable, "-c", ECRITURE, str(fichier)], capture_output=True, check=False)

    assert tue.returncode != 0
    assert not fichier.exists()


GESTES = st.lists(
    st.one_of(
        st.tuples(st.just("depenser"), st.sampled_from([50_000, 200_000, 600_000])),
        st.just(("minute", 0)),
        st.just(("arret", 0)),
        st.just(("coupure", 0)),
    ),
    max_size=8,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(gestes=GESTES)
def test_the_total_never_goes_down_by_more_than_a_minute(salle: Any, gestes: list[tuple[str, int]]) -> None:
    """Whatever the order of minutes, stops and power cuts; and it never counts what was not spent."""
    dossier = Path(tempfile.mkdtemp())
    fichier = dossier / "forfaits.json"
    salle.charger()
    vrai = depuis_la_minute = 0
    try:
        for geste, octets in gestes:
            if geste == "depenser":
                offert = salle.depenser(octets, PORTS[FORMATEURS])
                vrai, depuis_la_minute = vrai + offert, depuis_la_minute + offert
            elif geste == "minute":
                tenir(salle, fichier, "sauver")
                depuis_la_minute = 0
            else:
                if geste == "arret":
                    tenir(salle, fichier, "sauver", "--toujours")
                salle.charger()
                tenir(salle, fichier, "restaurer")
                compte = depense(salle)[FORMATEURS]
                perdu = vrai - compte

                assert perdu >= 0
                assert perdu <= (0 if geste == "arret" else depuis_la_minute + forfaits.PAS_OCTETS)
                vrai, depuis_la_minute = compte, 0
    finally:
        shutil.rmtree(dossier)
