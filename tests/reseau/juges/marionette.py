"""Drive the real Firefox as its own makers do: Marionette, JSON over TCP (`length:[type, id, name, values]`)."""

import base64
import contextlib
import itertools
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from reseau.juges.lancement import attendre, joindre, tenir

#: `remote.prefs.recommended` would switch off the captive detection that we want to see at work.
REGLAGES = {"remote.prefs.recommended": False, "marionette.port": 2828}
PORT = 2828


class Refus(AssertionError):
    """Firefox answered with an error."""


class Marionette:
    """One conversation with one Firefox."""

    def __init__(self, prise: socket.socket) -> None:
        """Listen to the greeting and open a session."""
        self._prise = prise
        self._flux = prise.makefile("rb")
        self._numeros = itertools.count(1)
        self._lire()
        ouverte = self.demander("WebDriver:NewSession", capabilities={"alwaysMatch": {"pageLoadStrategy": "eager"}})
        self._pid = int(ouverte["capabilities"]["moz:processID"])

    def _lire(self) -> Any:
        taille = b""
        while not taille.endswith(b":"):
            octet = self._flux.read(1)
            if not octet:
                raise Refus("Firefox a raccroché")
            taille += octet
        return json.loads(self._flux.read(int(taille[:-1])))

    def demander(self, nom: str, **valeurs: object) -> Any:
        """Send one command and return its result; raises Refus with Firefox's own words."""
        envoi = json.dumps([0, next(self._numeros), nom, valeurs]).encode()
        self._prise.sendall(b"%d:%s" % (len(envoi), envoi))
        _, _, erreur, rendu = self._lire()
        if erreur:
            raise Refus(f"{nom} : {erreur.get('message', erreur)}")
        return rendu.get("value", rendu) if isinstance(rendu, dict) else rendu

    def dans(self, contexte: str) -> None:
        """Speak from now on to the page (`content`) or to the browser itself (`chrome`)."""
        self.demander("Marionette:SetContext", value=contexte)

    def executer(self, script: str, *mots: object) -> Any:
        """Run a script where we are and return what it returns (a promise is awaited)."""
        return self.demander("WebDriver:ExecuteScript", script=script, args=list(mots), sandbox="system")

    def aller(self, adresse: str) -> None:
        """Open an address in the present tab."""
        self.dans("content")
        self.demander("WebDriver:Navigate", url=adresse)

    def photographier(self, chemin: Path) -> None:
        """Save what the whole window shows."""
        self.dans("chrome")
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_bytes(base64.b64decode(self.demander("WebDriver:TakeScreenshot", full=True)))

    def quitter(self) -> None:
        """Close Firefox as a person does: what it does at its end is done."""
        self.demander("Marionette:Quit", flags=["eAttemptQuit"])
        self._flux.read()  # it hangs up when it has gone

    def couper(self) -> None:
        """Kill Firefox as a power cut does: nothing of its end is done."""
        os.kill(self._pid, signal.SIGKILL)

    def fermer(self) -> None:
        """Hang up."""
        self._flux.close()
        self._prise.close()


@contextlib.contextmanager
def ouvrir_firefox(
    espace: str,
    dossier: Path,
    *,
    devant: Sequence[str] = (),
    reglages: Mapping[str, bool | int | str] | None = None,
) -> Iterator[Marionette]:
    """
    Run Firefox in a namespace, on the profile `dossier/firefox` (kept from one call to the next).

    Args:
        espace: name of the network namespace.
        dossier: where its home, its profile and its journal are.
        devant: words before `firefox-esr`, run inside the namespace (a mount, for instance).
        reglages: preferences of the profile, besides those that Marionette needs.
    """
    profil = dossier / "firefox"
    profil.mkdir(parents=True, exist_ok=True)
    lignes = {**REGLAGES, **(reglages or {})}
    profil.joinpath("user.js").write_text(
        "".join(f"user_pref({json.dumps(nom)}, {json.dumps(valeur)});\n" for nom, valeur in lignes.items())
    )
    mots = ["firefox-esr", "--headless", "--marionette", "-remote-allow-system-access", "--profile", str(profil)]
    journal = dossier / "firefox.log"
    env = {"HOME": str(dossier), "MOZ_CRASHREPORTER_DISABLE": "1", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    with tenir(["ip", "netns", "exec", espace, *devant, *mots], journal=journal, env=env) as processus:

        def saluer() -> Marionette | None:
            if processus.poll() is not None:
                raise Refus(f"Firefox s'est arrêté : {journal.read_text(errors='replace')[-2000:]}")
            with contextlib.suppress(ConnectionError):
                return Marionette(joindre(espace, PORT))
            return None

        pilote = attendre("Firefox répond", saluer, delai_s=45)
        assert pilote is not None
        try:
            yield pilote
        finally:
            pilote.fermer()
