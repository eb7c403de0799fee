"""
`make bench-image`: the built image, measured under emulation. Quote the ratios: a TCG machine is no Pi.

Build and sizes as the builder wrote them; then, on one QEMU, boots of the box and of the same Debian without anything
of ours, by turns, with the same radio; then a class of twenty in guests of 1 and 2 GB: memory, sectors written.
"""

import dataclasses
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Collection
from pathlib import Path

from mesure import tableau

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from image import construction as constructions
from image.construction import Construction
from image.lecture_carte import lister_disque
from image.machine import Machine
from image.premier import COMME_PORTAIL, Premier, vivre
from image.reglages import Amorce, Reglages
from image.salle import PYTHON, RADIOS, Salle

ICI = Path(__file__).parent
PARTIES = ("demarrages", "classes")
TOURS = 3
#: A class in small: so long, one act of each laptop every so often (what is emulated is no Pi), told for an hour.
CLASSE_S, PAUSE_S = 300.0, 15.0
#: Offspot's base image 1.2.1 as its own tutorial shows it being fetched (« offspot-base-arm64-1.2.1.img  3.23 GiB »);
#: what it serves comes on top. MoodleBox writes its size on its page by asking GitHub: no figure is published in text.
OFFSPOT_OCTETS = int(3.23 * 2**30)
NOTRES = (
    "hostapd nginx kolibri chrony ModemManager nftables systemd-resolved systemd-networkd ssh "
    "pirogue-dnsmasq@capture pirogue-dnsmasq@reel"
)
WIFI = "hostapd.service pirogue-dnsmasq@capture.service pirogue-dnsmasq@reel.service"
#: In the memory disk, it has systemd know the card before udev's second round (0017): bare Debian has no such rule.
REGLE_CARTE = "usr/lib/udev/rules.d/99-pirogue-carte.rules"
COPIES = "pirogue-registre-garder.service pirogue-kolibri-garder.service"
CARTE = "la carte, en tout"
#: Asks for both pages from within: the tests' own hand comes late, and weighs more.
#: One question that waits behind the front server, not one every instant: on this machine a program costs 0.2 s.
SONDE = """[Unit]
DefaultDependencies=no
Conflicts=shutdown.target
After=nginx.service
[Service]
StartupCPUWeight=1000
ExecStart=/bin/sh -c 'for p in / /cours/; do until busybox wget -q -T 50 -O /dev/null \
 --header "Host: pirogue.internal" http://127.0.0.1$p 2>/dev/null; do sleep 0.3; done; \
 cut -d" " -f1 /proc/uptime >>/run/pages-vues; done'
"""
_MEMOIRE = """
import pathlib, re, sys
somme = {}
for dossier in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        groupe = (dossier / "cgroup").read_text().strip().rpartition("/")[2]
        pss = re.search(r"^Pss: +(\\d+)", (dossier / "smaps_rollup").read_text(), re.M)
    except OSError:
        continue
    if pss:
        somme[groupe] = somme.get(groupe, 0) + int(pss[1]) / 1000
print(repr(somme))
"""


def mesurer(parties: Collection[str]) -> None:
    """Measure and print what is asked for."""
    construction = constructions.obtenir()
    _construction(construction)
    with tempfile.TemporaryDirectory(dir="/tmp") as dossier:
        premier = vivre(construction, Path(dossier) / "premier")
        if "demarrages" in parties:
            _demarrages(construction, premier, Path(dossier))
        for memoire_mio in (2048, 1024) if "classes" in parties else ():
            _classe(premier, Path(dossier), memoire_mio)


def _construction(construction: Construction) -> None:
    durees, tailles = construction.dit["durees_s"], construction.dit["tailles_octets"]
    lignes = [[nom, float(duree)] for nom, duree in durees.items()]
    tableau("Construction (s), la dernière fois", ["étape", "s"], [*lignes, ["en tout", sum(durees.values())]])
    lignes = [[nom.replace("_", " "), octets / 1e6, octets / OFFSPOT_OCTETS] for nom, octets in tailles.items()]
    tableau("Tailles (Mo), et part de l'image de base d'Offspot (3 468 Mo)", ["partie", "Mo", "part"], lignes)


def _demarrages(construction: Construction, premier: Premier, dossier: Path) -> None:
    """Start by turns the box and the bare Debian; print how old the machine is when each is there."""
    masques = " ".join(f"systemd.mask={unite}" for unite in _unites(construction))
    sans_regle = _sans_regle(premier.amorce, dossier)
    portail, wifi, kolibri, nu = [], [], [], []
    for tour in range(TOURS):
        machine = Machine(
            sans_regle,
            dossier / f"nu{tour}",
            Reglages(mots=f"{RADIOS.format(radios=1)} {masques}", memoire_mio=2048),
        )
        try:
            machine.allumer()
            Salle(machine).finir_de_demarrer()
            us = machine.executer("systemctl show -P ActiveEnterTimestampMonotonic multi-user.target")
            nu.append(int(us) / 1e6)
        finally:
            machine.couper()
        mots = f"{RADIOS.format(radios=1)} systemd.wants=b.service"
        reglages = Reglages(mots=mots, memoire_mio=2048, accreditations=(("systemd.extra-unit.b.service", SONDE),))
        machine = Machine(premier.amorce, dossier / f"boite{tour}", reglages)
        try:
            machine.allumer()
            vues = machine.attendre_que("test $(wc -l </run/pages-vues) = 2 && cat /run/pages-vues", patience_s=600)
            for age_s, mesures in zip(vues.split(), (portail, kolibri), strict=True):
                mesures.append(float(age_s))
            us = machine.executer(f"systemctl show -P ActiveEnterTimestampMonotonic {WIFI}").split()
            wifi.append(max(int(un) for un in us) / 1e6)
        finally:
            machine.couper()
    reference = statistics.median(nu)
    lignes = [
        [nom, min(mesures), statistics.median(mesures), max(mesures), statistics.median(mesures) / reference]
        for nom, mesures in (
            ("Debian nu, multi-user", nu),
            ("le portail répond", portail),
            ("le Wi-Fi et ses adresses", wifi),
            ("Kolibri répond", kolibri),
        )
    ]
    lignes.append(
        [
            "premier démarrage : portail",
            premier.portail_s,
            premier.portail_s,
            premier.portail_s,
            premier.portail_s / reference,
        ]
    )
    lignes.append(
        [
            "premier démarrage : Kolibri",
            premier.kolibri_s,
            premier.kolibri_s,
            premier.kolibri_s,
            premier.kolibri_s / reference,
        ]
    )
    tableau("Démarrage (s depuis le noyau)", ["ce qui est là", "min", "médiane", "max", "× Debian nu"], lignes)


def _sans_regle(amorce: Amorce, dossier: Path) -> Amorce:
    """Return the same start without our rule for udev: an archive that follows the memory disk empties the file."""
    assert amorce.disque is not None
    assert REGLE_CARTE in lister_disque(amorce.disque)
    vide, disque = dossier / "vide", dossier / "disque-nu"
    (vide / REGLE_CARTE).parent.mkdir(parents=True)
    (vide / REGLE_CARTE).touch()
    mots = ["cpio", "--quiet", "-o", "-H", "newc"]
    archive = subprocess.run(mots, input=REGLE_CARTE.encode(), capture_output=True, check=True, cwd=vide).stdout
    octets = amorce.disque.read_bytes()
    # Each archive begins on four octets.
    disque.write_bytes(octets + bytes(-len(octets) % 4) + archive)
    return dataclasses.replace(amorce, disque=disque)


def _unites(construction: Construction) -> list[str]:
    """Return the units that the bare Debian does without: ours, and what we asked Debian for."""
    arbre = Path(construction.dit["arbre"]) / "etc/systemd/system"
    notres = {
        un.name
        for motif in ("pirogue-*.service", "pirogue-*.socket", "pirogue-*.timer")
        for un in arbre.glob(motif)
        if "@." not in un.name
    }
    return sorted(notres | {f"{nom}.service" for nom in NOTRES.split()})


def _classe(premier: Premier, dossier: Path, memoire_mio: int) -> None:
    """Hold a class of twenty in a guest; print memory and what was written."""
    machine = Machine(
        premier.amorce,
        dossier / f"classe{memoire_mio}",
        Reglages(mots=RADIOS.format(radios=1), memoire_mio=memoire_mio),
    )
    try:
        machine.allumer()
        salle = Salle(machine)
        salle.attendre_page("/cours/", patience_s=600)
        salle.finir_de_demarrer()
        machine.poser("/run/essai/boite_classe.py", (ICI / "boite_classe.py").read_bytes())
        repos = _memoire(machine)
        classe = f"cd / && {COMME_PORTAIL} {PYTHON} /run/essai/boite_classe.py"
        tenue = f"{classe} {CLASSE_S} {PAUSE_S}"
        machine.executer(f"{classe} preparer")
        # Once an hour each: they are measured apart, or five minutes would count them twelve times.
        machine.executer(f"systemctl stop {COPIES.replace('.service', '.timer')}")
        avant = _ecrits(machine)
        dit = json.loads(machine.executer(tenue, patience_s=4 * CLASSE_S))
        charge = _memoire(machine)
        apres = _ecrits(machine)
        machine.executer(f"systemctl start {COPIES}")
        copies = _ecrits(machine)
        # The journal of the file system has no owner: what is written outside Kolibri is seen without it.
        machine.executer("systemctl stop kolibri.service")
        debut = _ecrits(machine)
        seule = json.loads(machine.executer(tenue, patience_s=4 * CLASSE_S))
        fin = _ecrits(machine)
        libre = int(machine.executer("awk '/MemAvailable/ {print $2}' /proc/meminfo")) / 1000
        tues = machine.executer("journalctl -k --no-pager | grep -ci 'out of memory' || true")
    finally:
        machine.couper()
    lignes = [
        [unite, repos.get(unite, 0.0), charge.get(unite, 0.0)]
        for unite in sorted(charge, key=charge.__getitem__, reverse=True)
        if charge[unite] >= 1
    ]
    lignes.append(["en tout", sum(repos.values()), sum(charge.values())])
    tableau(
        f"Mémoire de chaque unité, {memoire_mio} Mio, 20 apprenants (PSS, Mo)",
        ["unité", "au repos", "en classe"],
        lignes,
    )
    ecrits = {qui: (apres[qui] - avant.get(qui, 0.0)) * 3600 / CLASSE_S for qui in apres}
    copie = copies[CARTE] - apres[CARTE]
    lignes = [[qui, mo] for qui, mo in sorted(ecrits.items(), key=lambda un: -un[1]) if mo >= 0.5]
    lignes.append(["les deux copies de l'heure", copie])
    tableau("Écrit sur la carte en une heure de classe (Mo), par qui l'a demandé", ["qui", "Mo"], lignes)
    hors = (fin[CARTE] - debut[CARTE]) * 3600 / CLASSE_S + copie
    print(f"\n  {dit['pages']} pages, {dit['fautes']} fautes {dit['premieres_fautes']}, {dit['evenements']} événements")
    print(f"  mémoire encore disponible : {libre:.0f} Mo ; processus tués faute de mémoire : {tues}")
    print(f"  hors Kolibri (la même classe, lui arrêté ; copies comprises) : {hors:.0f} Mo par heure")
    print(f"  dans cette classe : {seule['pages']} pages, {seule['fautes']} fautes, {seule['evenements']} événements")


def _memoire(machine: Machine) -> dict[str, float]:
    """Return the proportional memory of each unit, megabytes; the tests' own hand left out."""
    lu = machine.executer("python3 -I -", _MEMOIRE)
    somme = {nom: float(mo) for nom, mo in re.findall(r"'([^']*)': ([0-9.]+)", lu)}
    return {nom: mo for nom, mo in somme.items() if nom != "a.service"}


def _ecrits(machine: Machine) -> dict[str, float]:
    """Return what each unit asked to write since the start, and what the card (`CARTE`) was told, megabytes."""
    dit = machine.executer(
        "sync; cd /sys/fs/cgroup/system.slice; "
        'for u in *.service; do cat $u/io.stat 2>/dev/null | sed "s/^/$u /"; done; '
        "awk '{print \"carte x wbytes=\" $7 * 512}' /sys/block/vda/stat"
    )
    somme: dict[str, float] = {}
    for ligne in dit.splitlines():
        qui = CARTE if ligne.startswith("carte ") else ligne.split()[0]
        if trouve := re.search(r"wbytes=(\d+)", ligne):
            somme[qui] = somme.get(qui, 0.0) + int(trouve[1]) / 1e6
    return somme


if __name__ == "__main__":
    mesurer(sys.argv[1:] or PARTIES)
