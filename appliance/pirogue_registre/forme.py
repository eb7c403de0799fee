"""
Who may change the register's shape: nobody while the box tries an update.

The box holds two systems. One that is on trial may be left for the former one at any moment; that one must find the
register as it knows it. So a register that exists is migrated by a confirmed system only, and a system that does not
know all its migrations writes nothing: it cannot know what it would break. See docs/decisions/0014-updates.md.
"""

from collections.abc import Iterable
from pathlib import Path

from pirogue_registre import schema
from pirogue_socle.erreurs import ErreurPirogue

#: Written at each start, in memory, for a confirmed system (role mise_a_jour).
DROIT = Path("/run/pirogue-maj/migrer")
#: Only a box that was started from one of its two systems has such a word there.
LIGNE_NOYAU = Path("/proc/cmdline")
MARQUE = "rauc.slot="


class RegistreEnEssai(ErreurPirogue):
    """The running system is on trial and wants another shape; the register was not touched."""

    geste = "Laisse la boîte allumée quelques minutes, puis recommence."
    code = 89


class RegistreTropNeuf(ErreurPirogue):
    """The register was migrated by a newer system; nothing is written by this one."""

    geste = "Redémarre la boîte. Si la page revient, fais l'appel sur papier et préviens le coordinateur."
    code = 90


def est_a_jour(faites: Iterable[str]) -> bool:
    """Say whether a register that has these migrations has them all; raises RegistreTropNeuf when it has others."""
    deja = set(faites)
    if inconnues := deja - set(schema.TOUTES):
        raise RegistreTropNeuf(
            f"Le registre vient d'une version plus récente de la boîte ({', '.join(sorted(inconnues))})."
        )
    return deja >= set(schema.TOUTES)


def exiger_droit() -> None:
    """Let a register that exists be migrated, or raise RegistreEnEssai."""
    if MARQUE in LIGNE_NOYAU.read_text(encoding="utf-8") and not DROIT.exists():
        raise RegistreEnEssai("La boîte essaie une mise à jour : le registre attend qu'elle soit confirmée.")
