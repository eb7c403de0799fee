"""
Which boards find their card with this kernel and its memory disk.

A card's controller waits for all that its board's description gives it: supply, pins, clock. One of these without its
driver and the controller is put off for ever; the kernel only says that there is no root. So each of them (of the kinds
in `_LIENS`) is followed in the description, and its driver is looked for in the kernel or in the memory disk's list.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from atelier import Rate, lancer

#: Board → (its description, the label of the controller that its card hangs on).
CARTES_MERES = {
    "Pi 3 B": ("bcm2837-rpi-3-b.dtb", "sdhost"),
    "Pi 3 B+": ("bcm2837-rpi-3-b-plus.dtb", "sdhost"),
    "Pi Zero 2 W": ("bcm2837-rpi-zero-2-w.dtb", "sdhost"),
    "Pi 4": ("bcm2711-rpi-4-b.dtb", "emmc2"),
    "Pi 400": ("bcm2711-rpi-400.dtb", "emmc2"),
    "Pi 5": ("bcm2712-rpi-5-b.dtb", "sdio1"),
}
#: Property that names others (devicetree specification, 2.4 and 3) → the property of the other that says how many
#: numbers follow its handle; none when only handles follow one another.
_LIENS = {
    r".+-supply|pinctrl-\d+|mmc-pwrseq|interrupt-parent|firmware": None,
    r"(.+-)?gpios?": "#gpio-cells",
    r"clocks": "#clock-cells",
    r"resets": "#reset-cells",
    r"dmas": "#dma-cells",
    r"power-domains": "#power-domain-cells",
    r"mboxes": "#mbox-cells",
}


def verifier(arbre: Path, noyau: str, amorce: Path) -> tuple[str, ...]:
    """
    Return the boards that start from a card with this kernel; those whose controller it does not know are left out.

    Args:
        arbre: the root's tree, its modules and the memory disk's list.
        noyau: the kernel's version.
        amorce: the first partition's files, among them the boards' descriptions.

    Raises:
        Rate: the kernel has a driver that one of these cards waits for, and the memory disk's list lacks it.
    """
    modules = arbre / "usr/lib/modules" / noyau
    liste = (arbre / "etc/initramfs-tools/modules").read_text(encoding="utf-8").splitlines()
    presents = _avec_ce_qu_ils_demandent(modules, {un for un in liste if un and not un.startswith("#")})
    pilotes, connues = _pilotes(modules), []
    for nom, (description, etiquette) in CARTES_MERES.items():
        dtb = amorce / description
        if not dtb.is_file():
            continue
        controleur = _symboles(dtb)[etiquette]
        if not _voulus(dtb, controleur, pilotes):
            continue
        for noeud in sorted(_attendus(dtb, controleur)):
            voulus = _voulus(dtb, noeud, pilotes)
            if voulus and not voulus & presents:
                raise Rate(
                    f"Un {nom} ne trouverait pas sa carte : {noeud} demande {' ou '.join(sorted(voulus))}, "
                    "qui manque dans etc/initramfs-tools/modules."
                )
        connues.append(nom)
    return tuple(connues)


def _pilotes(modules: Path) -> dict[str, set[str]]:
    """Return, for each word of a description, the drivers of this kernel that answer to it, built in or not."""
    pilotes: dict[str, set[str]] = {}
    apart = re.findall(r"^alias of:N\*T\*C(\S+) (\S+)$", (modules / "modules.alias").read_text(), re.MULTILINE)
    soudes = re.findall(r"(\w+)\.alias=of:N\*T\*C([^\0]+)", _soudes(modules))
    for mot, pilote in [*apart, *((mot, pilote) for pilote, mot in soudes)]:
        pilotes.setdefault(mot.removesuffix("C*"), set()).add(_nu(pilote))
    return pilotes


def _avec_ce_qu_ils_demandent(modules: Path, noms: set[str]) -> set[str]:
    """Return the modules of a list, those that they need, and those built in the kernel."""
    lignes = (modules / "modules.dep").read_text().splitlines()
    demandes = {_nu(qui): {_nu(un) for un in quoi.split()} for qui, _, quoi in (un.partition(":") for un in lignes)}
    # Not `modules.builtin`: it leaves out what could not have been a module (clk_bcm2835, in 7.3).
    soudes = {_nu(un) for un in re.findall(r"(?:^|\0)(\w+)\.", _soudes(modules))}
    listes = {_nu(un) for un in noms} & demandes.keys()
    return soudes | listes | {autre for un in listes for autre in demandes[un]}


def _soudes(modules: Path) -> str:
    """Return what the drivers built in the kernel say of themselves: `name.word=value`, a zero after each."""
    return (modules / "modules.builtin.modinfo").read_text(errors="replace")


def _nu(module: str) -> str:
    """Return a module's name as the kernel says it, without folder nor suffix."""
    return Path(module).name.split(".ko")[0].replace("-", "_")


def _voulus(dtb: Path, noeud: str, pilotes: dict[str, set[str]]) -> set[str]:
    """Return the drivers that would do for a node; none for what the kernel starts without one."""
    return {pilote for mot in _lire(dtb, noeud, "compatible").split() for pilote in pilotes.get(mot, ())}


def _attendus(dtb: Path, depart: str) -> set[str]:
    """Return a node, and all the nodes with a driver of their own that it waits for, near and far."""
    poignees = {_nombres(dtb, chemin, "phandle")[0]: chemin for chemin in _symboles(dtb).values()}
    vus: set[str] = set()
    reste = [depart]
    while reste:
        noeud = reste.pop()
        # A pin's state, a gpio of an expander: the driver is that of the nearest node above with a name.
        while noeud and not _lire(dtb, noeud, "compatible"):
            noeud = noeud.rpartition("/")[0]
        if noeud and noeud not in vus:
            vus.add(noeud)
            reste += [noeud.rpartition("/")[0], *_voisins(dtb, noeud, poignees)]
    return vus


def _voisins(dtb: Path, noeud: str, poignees: dict[int, str]) -> Iterator[str]:
    """Yield the nodes that a node's properties name."""
    for propriete in lancer("fdtget", "-p", dtb, noeud).split():
        suites = [suite for motif, suite in _LIENS.items() if re.fullmatch(motif, propriete)]
        nombres = _nombres(dtb, noeud, propriete) if suites else []
        while nombres:
            autre = poignees.get(nombres[0])
            suivants = _nombres(dtb, autre, suites[0])[0] if autre and suites[0] else 0
            if autre:
                yield autre
            nombres = nombres[1 + suivants :]


@cache
def _symboles(dtb: Path) -> dict[str, str]:
    """Return the path of each label of a description."""
    return {nom: _lire(dtb, "/__symbols__", nom) for nom in lancer("fdtget", "-p", dtb, "/__symbols__").split()}


def _lire(dtb: Path, noeud: str, propriete: str) -> str:
    """Return a property's text, nothing when there is none."""
    return lancer("fdtget", "-d", "", dtb, noeud, propriete).strip()


def _nombres(dtb: Path, noeud: str, propriete: str) -> list[int]:
    """Return a property's numbers."""
    return [int(un, 16) for un in lancer("fdtget", "-t", "x", "-d", "0", dtb, noeud, propriete).split()]
