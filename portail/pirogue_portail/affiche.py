"""
The Wi-Fi poster: network, key, address, and two QR codes; as a page, and as a sheet of paper (`affiche_pdf`).

The QR of the network is what telephones and some laptops read («WIFI:…»); the other one is the address.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pirogue_socle.erreurs import ErreurPirogue

if TYPE_CHECKING:
    from segno import QRCode

#: What a key may be: hostapd, WPA2.
CLE_MIN, CLE_MAX = 8, 64


class AfficheImpossible(ErreurPirogue):
    """The box has no network name, or no key that can be read: there is nothing to print."""

    geste = "Sur la boîte du bateau, cette affiche vient toute seule. Ici, règle wifi_nom et wifi_cle."
    code = 117


@dataclass(frozen=True, slots=True)
class Affiche:
    """
    What is printed.

    Attributes:
        nom, cle: name and key of the Wi-Fi network, as they are typed.
        adresse: the portal as it is typed, `pirogue.internal`; `base` is the same with `http://`.
        adresse_ip: the same in figures, for whoever cannot be helped otherwise.
    """

    nom: str
    cle: str
    base: str
    adresse_ip: str

    @property
    def adresse(self) -> str:
        """The address without what nobody types."""
        return self.base.removeprefix("http://").rstrip("/")


def composer(nom: str, fichier_cle: Path | None, *, base: str, adresse_ip: str) -> Affiche:
    """
    Return the poster of this box.

    Args:
        nom: name of the network.
        fichier_cle: file of the key, in the form of hostapd's `wpa_psk_file`.
        base: address of the portal, with `http://`.
        adresse_ip: the box's own.

    Raises:
        AfficheImpossible: no name, no file, no key in it.
    """
    if not nom or fichier_cle is None:
        raise AfficheImpossible("Cette machine n'a pas de réseau Wi-Fi à elle.")
    return Affiche(nom, lire_cle(fichier_cle), base, adresse_ip)


def lire_cle(fichier: Path) -> str:
    """Return the key of everyone (`00:00:00:00:00:00 the key`); raises AfficheImpossible."""
    try:
        lignes = fichier.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as cause:
        raise AfficheImpossible("La clé du Wi-Fi ne peut pas être lue.") from cause
    for ligne in lignes:
        qui, _, cle = ligne.partition(" ")
        if qui == "00:00:00:00:00:00" and CLE_MIN <= len(cle.encode()) <= CLE_MAX:
            return cle
    raise AfficheImpossible("La clé du Wi-Fi n'est pas dans son fichier.")


def qr_wifi(affiche: Affiche) -> "QRCode":
    """Return the QR that joins the network."""
    return _qr(code_wifi(affiche))


def code_wifi(affiche: Affiche) -> str:
    """Return the line that joins the network; what has a meaning in it is freed by a backslash."""
    from segno.helpers import make_wifi_data  # noqa: PLC0415 - slow to import, for this page alone

    return make_wifi_data(affiche.nom, affiche.cle, "WPA")


def qr_adresse(affiche: Affiche) -> "QRCode":
    """Return the QR that opens the portal."""
    return _qr(affiche.base)


def en_svg(qr: "QRCode") -> str:
    """Return a QR as a picture inside a page, its quiet zone included; the style sheet gives its size."""
    return str(qr.svg_inline(omitsize=True, border=4, light="#fff"))


def _qr(texte: str) -> "QRCode":
    """
    Make a QR that still reads with a torn corner (15 %).

    Beyond ASCII it says that it is UTF-8: without it a reader guesses (measured: zbar made « Sô-Ava » Chinese).
    """
    from segno import make_qr  # noqa: PLC0415

    return make_qr(texte, error="m", encoding="utf-8", eci=not texte.isascii(), boost_error=False)
