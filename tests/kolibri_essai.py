"""What the tests know of a running Kolibri: where it is, and a laptop's browser reduced to its cookies."""

import http.cookiejar
import json
import os
import socket
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

from pirogue_contenus import kolibri_boite
from pirogue_contenus.catalogue import Ressource
from pirogue_contenus.kolibri_annuaire import en_vie
from pirogue_contenus.kolibri_jeton import PersonneKolibri, lien_entree, lire_cle
from pirogue_socle.horloge import maintenant


class PortFerme(AssertionError):
    """The Kolibri of the test did not come up; its log is the message."""


@dataclass(frozen=True, slots=True)
class KolibriEssai:
    """A running Kolibri."""

    base: str
    maison: Path
    cle: bytes

    def lien(self, personne: PersonneKolibri, suite: str = "/") -> str:
        """Return a fresh entry link."""
        return lien_entree(base=self.base, cle=self.cle, personne=personne, suite=suite, instant=maintenant())


@dataclass(frozen=True, slots=True)
class Reponse:
    """An answer: status, where it sends, text."""

    statut: int
    vers: str
    texte: str

    @property
    def json(self) -> Any:
        """The text as JSON."""
        return json.loads(self.texte)


class _TelQuel(urllib.request.HTTPErrorProcessor):
    """Gives every answer back as it came: redirections and refusals too."""

    def http_response(self, request: urllib.request.Request, response: Any) -> Any:  # noqa: ARG002
        return response


@dataclass
class Navigateur:
    """A browser reduced to its cookies; it follows no redirection by itself."""

    cookies: http.cookiejar.CookieJar = field(default_factory=http.cookiejar.CookieJar)

    def demander(self, methode: str, adresse: str, corps: object = None) -> Reponse:
        """Send one request (JSON body if any, with Kolibri's CSRF token) and return the answer, whatever it is."""
        entetes = {"Content-Type": "application/json", "X-CSRFToken": self.cookie("kolibri_csrftoken")}
        donnees = None if corps is None else json.dumps(corps).encode()
        requete = urllib.request.Request(adresse, data=donnees, headers=entetes, method=methode)
        ouvreur = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies), _TelQuel())
        with ouvreur.open(requete, timeout=20) as reponse:
            return Reponse(reponse.status, reponse.headers.get("Location") or "", reponse.read().decode())

    def lire(self, adresse: str) -> Reponse:
        """Send a GET."""
        return self.demander("GET", adresse)

    def cookie(self, nom: str) -> str:
        """Return the value of a cookie, or nothing."""
        return next((un.value or "" for un in self.cookies if un.name == nom), "")

    def session(self, base: str) -> Any:
        """Return what Kolibri says of this browser's session."""
        return self.demander("PUT", f"{base}/api/auth/session/current/", {}).json

    def qui(self, base: str) -> str:
        """Return the name that Kolibri knows this browser by; nothing when nobody is signed in."""
        return str(self.session(base).get("full_name") or "")

    def travailler(
        self,
        base: str,
        canal_id: str,
        ressource: Ressource,
        *,
        avance: float,
        duree_s: float = 30,
        justes: tuple[bool, ...] = (),
    ) -> None:
        """Do what Kolibri's page does while one reads a lesson or takes a quiz: open it, then tell the progress."""
        quiz = ressource.genre == "quiz"
        debut: dict[str, object] = {
            "node_id": ressource.noeud_id,
            "content_id": ressource.contenu_id,
            "channel_id": canal_id,
            "kind": "exercise" if quiz else "document",
        }
        if quiz:
            debut["mastery_model"] = {"type": "quiz"}
        seance = self.demander("POST", f"{base}/api/logger/trackprogress/", debut)
        assert seance.statut == 200, seance.texte
        suite: dict[str, object] = {"progress": avance, "time_spent_delta": duree_s}
        if quiz:
            suite["interactions"] = [
                {"item": f"q{rang}", "correct": float(juste), "complete": True, "time_spent": 1, "answer": {"a": 1}}
                for rang, juste in enumerate(justes)
            ]
        fin = self.demander("PUT", f"{base}/api/logger/trackprogress/{seance.json['session_id']}/", suite)
        assert fin.statut == 200, fin.texte


class Serveurs:
    """Kolibri processes by home; serving a home again stops the one that runs on it, as a restart would."""

    def __init__(self) -> None:
        self._par_maison: dict[Path, subprocess.Popen[bytes]] = {}

    def servir(self, maison: Path, *, prefixe: str = "") -> KolibriEssai:
        """Start Kolibri on a prepared home, on free ports, and wait until it answers."""
        self.arreter(maison)
        port = port_libre()
        journal = maison / "essai.log"
        ports = {"KOLIBRI_HTTP_PORT": str(port), "KOLIBRI_ZIP_CONTENT_PORT": str(port_libre())}
        with journal.open("ab") as log:
            processus = subprocess.Popen(
                kolibri_boite.commande(maison),
                env=os.environ | kolibri_boite.environnement(maison) | ports,
                stdout=log,
                stderr=log,
            )
        self._par_maison[maison] = processus
        base = f"http://127.0.0.1:{port}{prefixe}"
        for _ in range(300):
            if en_vie(base=base):
                return KolibriEssai(base=base, maison=maison, cle=lire_cle(maison))
            if processus.poll() is not None:
                break
            Event().wait(0.1)
        raise PortFerme(journal.read_text(encoding="utf-8"))

    def arreter(self, maison: Path) -> None:
        """Cut the power of the Kolibri of a home, if one runs there."""
        processus = self._par_maison.pop(maison, None)
        if processus is not None:
            processus.kill()
            processus.wait()

    def tout_arreter(self) -> None:
        """Cut the power of all of them."""
        for maison in list(self._par_maison):
            self.arreter(maison)


def port_libre() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])
