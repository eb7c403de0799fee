"""Drive the real Chromium over its debugging pipe: JSON ended by a NUL, on file descriptors 3 and 4."""

import base64
import contextlib
import itertools
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reseau.juges.lancement import attendre, tenir

#: As root there is no sandbox; the rest is what a person gets.
MOTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-pipe"]


class Refus(AssertionError):
    """Chromium answered with an error, or left."""


class Chromium:
    """One conversation with one Chromium, about its first page."""

    def __init__(self, vers: int, depuis: int) -> None:
        """Keep both ends of the pipe and attach to the first page."""
        self._vers = os.fdopen(vers, "wb", buffering=0)
        self._depuis = os.fdopen(depuis, "rb")
        self._numeros = itertools.count(1)
        self._session = ""

    def rejoindre(self) -> None:
        """Attach to the page that Chromium opened by itself."""
        page = attendre("Chromium ouvre une page", lambda: [p for p in self.cibles() if p["type"] == "page"])[0]
        self._session = self.demander("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]

    def cibles(self) -> list[dict[str, Any]]:
        """Return what is open, as Chromium says it."""
        ouvertes: list[dict[str, Any]] = self.demander("Target.getTargets", dans_la_page=False)["targetInfos"]
        return ouvertes

    def demander(self, nom: str, *, dans_la_page: bool = True, **valeurs: object) -> Any:
        """Send one command and return its result; raises Refus with Chromium's own words."""
        numero = next(self._numeros)
        envoi: dict[str, object] = {"id": numero, "method": nom, "params": valeurs}
        if self._session and dans_la_page:
            envoi["sessionId"] = self._session
        self._vers.write(json.dumps(envoi).encode() + b"\0")
        while True:
            recu = self._lire()
            if recu.get("id") == numero:
                break
        if "error" in recu:
            raise Refus(f"{nom} : {recu['error']['message']}")
        return recu["result"]

    def _lire(self) -> dict[str, Any]:
        lu = bytearray()
        while not lu.endswith(b"\0"):
            octet = self._depuis.read(1)
            if not octet:
                raise Refus("Chromium a raccroché")
            lu += octet
        message: dict[str, Any] = json.loads(lu[:-1])
        return message

    def executer(self, script: str) -> Any:
        """Evaluate a script in the page (a promise is awaited) and return its value."""
        rendu = self.demander("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in rendu:
            raise Refus(str(rendu["exceptionDetails"]))
        return rendu["result"].get("value")

    def aller(self, adresse: str) -> None:
        """Open an address in the page, and wait for it."""
        self.demander("Page.navigate", url=adresse)
        attendre(
            "la page est là",
            lambda: self.executer("location.href !== 'about:blank' && document.readyState") == "complete",
        )

    def photographier(self, chemin: Path) -> None:
        """Save what the page shows."""
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_bytes(base64.b64decode(self.demander("Page.captureScreenshot")["data"]))

    def quitter(self) -> None:
        """Close Chromium as a person does."""
        self.demander("Browser.close", dans_la_page=False)

    def fermer(self) -> None:
        """Hang up."""
        for bout in (self._vers, self._depuis):
            with contextlib.suppress(BrokenPipeError):
                bout.close()


@contextlib.contextmanager
def ouvrir_chromium(
    espace: str,
    dossier: Path,
    *,
    devant: Sequence[str] = (),
    mots: Sequence[str] = ("--headless=new",),
    env: Mapping[str, str] | None = None,
) -> Iterator[Chromium]:
    """
    Run Chromium in a namespace, on the profile `dossier/chromium` (kept from one call to the next).

    Args:
        espace: name of the network namespace.
        dossier: where its home, its profile and its journal are.
        devant: words before `chromium`, run inside the namespace (a mount, for instance).
        mots: what is added to its command line.
        env: what is added to its environment (a screen, for instance).
    """
    lit, ecrit = os.pipe()
    lit_nous, ecrit_lui = os.pipe()
    # A shell puts the pipe where Chromium looks for it: it reads on 3, writes on 4.
    coquille = ["bash", "-c", f'exec "$@" 3<&{lit} 4>&{ecrit_lui}', "chromium"]
    commande = ["chromium", *MOTS, f"--user-data-dir={dossier / 'chromium'}", *mots]
    pilote = Chromium(ecrit, lit_nous)
    try:
        with tenir(
            ["ip", "netns", "exec", espace, *devant, *coquille, *commande],
            journal=dossier / "chromium.log",
            env={"HOME": str(dossier), "DBUS_SESSION_BUS_ADDRESS": "disabled:", **(env or {})},
            pass_fds=(lit, ecrit_lui),
        ) as processus:
            os.close(lit)
            os.close(ecrit_lui)
            pilote.rejoindre()
            yield pilote
            with contextlib.suppress(Refus, BrokenPipeError):
                pilote.quitter()
            with contextlib.suppress(subprocess.TimeoutExpired):
                processus.wait(10)
    finally:
        pilote.fermer()
