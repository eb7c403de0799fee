"""The shore as those who keep it see it: the application, people with their passwords, what boats call."""

import contextlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from pirogue_echange import demande
from pirogue_echange.enveloppe import Lecteur, SourceOctets, lire_prefixe
from pirogue_registre import reglages
from pirogue_rive import comptes
from pirogue_rive.app import creer_app
from pirogue_rive.config import Rive
from pirogue_socle.horloge import Instant, maintenant
from pirogue_sync import scellement
from sync.quai import Quai

MOT_DE_PASSE = "barque tambour citron nuage"
MIDI = Instant("rive", 1, 1_741_086_000_000)


@dataclass
class Terre:
    """A shore with its pages, and the boat that it knows."""

    quai: Quai
    app: Flask
    cles: dict[str, bytes] = field(default_factory=dict)

    @property
    def rive(self) -> Rive:
        """The open shore."""
        ouverte: Rive = self.app.extensions["rive"]
        return ouverte

    @property
    def relais(self) -> str:
        """The boat's id."""
        return self.quai.cles.carte.id

    def entrer(self, role: str = "coordination", nom: str = "Estelle") -> FlaskClient:
        """Return the browser of somebody who has come in."""
        compte, premier = comptes.creer(self.rive, nom=nom, role=role, instant=maintenant())
        comptes.changer_mot_de_passe(
            self.rive, compte_id=compte.compte_id, ancien=premier, nouveau=MOT_DE_PASSE, instant=maintenant()
        )
        client = self.app.test_client()
        reponse = client.post("/entree", data={"nom": nom, "mot_de_passe": MOT_DE_PASSE})
        assert reponse.status_code == 303
        return client

    def descente(self, *, signe_par: Any = None, **demandes: object) -> Any:
        """Ask for what comes down, as the boat does."""
        inc = reglages.lire(self.quai.bord.registre, "incarnation")
        suite = "".join(f"&{nom}={valeur}" for nom, valeur in demandes.items())
        adresse = f"/v1/relais/{self.relais}/descente?inc={inc}{suite}"
        signature = demande.signer(signe_par or self.quai.cles, adresse)
        return self.app.test_client().get(adresse, headers={demande.ENTETE: signature})


@contextlib.contextmanager
def ouvrir_terre(quai: Quai) -> Iterator[Terre]:
    """Open a shore's pages."""
    app = creer_app(quai.config)
    try:
        yield Terre(quai, app)
    finally:
        app.extensions["rive"].moteur.dispose()


def sceller(quai: Quai) -> list[bytes]:
    """Seal what the boat has not sealed; return the new lots, as they leave."""
    registre = quai.bord.registre
    connus = {lot_id for (lot_id,) in registre.db.execute("SELECT id FROM lot")}
    scellement.sceller(registre, cles=quai.cles, rive=quai.carte_rive, instant=quai.bord.horloge())
    rangees = registre.db.execute("SELECT id, corps FROM lot ORDER BY flux, premier").fetchall()
    return [bytes(corps) for lot_id, corps in rangees if lot_id not in connus]


def couper(octets: bytes) -> list[bytes]:
    """Return the lots that follow one another in an answer."""
    lecteur, lots = Lecteur(SourceOctets(octets)), []
    while (prefixe := lire_prefixe(lecteur)) is not None:
        lots.append(prefixe.brut + lecteur.prendre(prefixe.entete.octets))
    return lots


def genres(octets: bytes) -> list[str]:
    """Return the kinds of the lots that follow one another in an answer."""
    lecteur, noms = Lecteur(SourceOctets(octets)), []
    while (prefixe := lire_prefixe(lecteur)) is not None:
        lecteur.prendre(prefixe.entete.octets)
        noms.append(prefixe.entete.genre)
    return noms


def texte(reponse: Any) -> str:
    """Return what a page says, on one line, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", reponse.get_data(as_text=True))).split())
