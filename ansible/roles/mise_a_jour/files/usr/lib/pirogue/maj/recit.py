"""
The stick's own story, gone on with after the courier's: the light, the screen and the trainer's page tell what it says.

The form is that of `pirogue_socle.histoires`, written without the house's code: this root program does not load it.
"""

import time
from pathlib import Path
from typing import Any

import commun

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
#: Ends of an exchange after which the stick may hold an update all the same.
MAUVAISES_FINS = ("inconnue", "echec", "illisible")


class Recit:
    """The story file: what the courier said last is kept, and told again at the end."""

    def __init__(self, fichier: Path) -> None:
        self.fichier = fichier
        lu = commun.relire(fichier).get("histoire", {})
        self.fin: dict[str, Any] = lu if isinstance(lu, dict) else {}
        self._pas = -1

    def copier(self, version: str, fraction: float) -> None:
        """Tell how far the copy is; a step of one percent is enough."""
        pas = int(fraction * 100)
        if pas != self._pas:
            self._pas = pas
            self._dire("copie", f"Mise à jour {version} : ne débranche rien.", fait=pas, total=100)

    def finir(self, phrase: str, *, prise: bool) -> None:
        """Tell the courier's end again, with what became of the update; one that was taken makes a good end."""
        if prise and self.fin.get("etape") in (*MAUVAISES_FINS, None):
            self._dire("retirez", phrase, geste="Retire la clé : la boîte fait le reste.")
            return
        if not self.fin:
            self._dire("retirez", phrase, geste="Retire la clé.")
            return
        remarques = [*self.fin.get("remarques", []), phrase]
        self._ecrire(self.fin | {"remarques": remarques})

    def _dire(self, etape: str, phrase: str, *, geste: str = "", fait: int = 0, total: int = 0) -> None:
        neuve = {"etape": etape, "phrase": phrase, "geste": geste, "fait": fait, "total": total}
        self._ecrire({"cle": "", "remarques": []} | self.fin | neuve)

    def _ecrire(self, histoire: dict[str, Any]) -> None:
        boot_id = BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")
        bt_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        commun.poser(self.fichier, {"boot_id": boot_id, "bt_ns": bt_ns, "histoire": histoire})
