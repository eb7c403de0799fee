"""The sheet of the first start: what a person needs to enter, in eighty columns, with letters any console has."""

import textwrap
from dataclasses import dataclass
from pathlib import Path

from pirogue_socle.config import Config
from pirogue_socle.premier.lieux import Lieux

LARGEUR, HAUTEUR = 78, 24
#: Name of the first account.
PREMIER_COMPTE = "Formateur"
_TRAIT = "=" * LARGEUR


@dataclass(frozen=True, slots=True)
class Fiche:
    """
    What the sheet says; an empty text is what is not known yet.

    Attributes:
        reseau, cle: name and key of the Wi-Fi network.
        adresse, adresse_ip: where the laptops go.
        code: the first trainer's one-time code, six digits.
        nom: what the box is called; `lettres`: those of its card.
        remarques: what was wrong in the coordinator's file.
    """

    reseau: str
    cle: str
    adresse: str
    adresse_ip: str
    code: str
    nom: str
    lettres: str
    remarques: tuple[str, ...] = ()


def composer(lieux: Lieux) -> Fiche:
    """Read what the sheet says: by root, or by the portal's user, who may read the key and the code."""
    config: Config = lieux.config
    cle = _lire(lieux.cle_wifi).strip().partition(" ")[2]
    return Fiche(
        reseau=config.wifi_nom,
        cle=cle,
        adresse=config.portail_base,
        adresse_ip=f"http://{config.adresse}/",
        code=_lire(lieux.code).strip(),
        nom=config.nom_relais,
        lettres=_lire(lieux.empreinte).strip(),
        remarques=tuple(_lire(lieux.remarques).splitlines()),
    )


def en_texte(fiche: Fiche) -> str:
    """Return the whole sheet, lines ended by a line feed."""
    return "\n".join(_lignes(fiche, _dire_remarques(fiche))) + "\n"


def pour_ecran(fiche: Fiche) -> str:
    """Return the sheet cut to the smallest console: what the box did not understand goes on in the boot partition."""
    remarques = _dire_remarques(fiche)
    trop = len(_lignes(fiche, remarques)) - HAUTEUR
    if trop > 0:
        remarques = [*remarques[: -trop - 2], "   - la suite est dans PIROGUE-A-LIRE.txt, sur la carte.", ""]
    return "\n".join(_lignes(fiche, remarques))


def _lignes(fiche: Fiche, remarques: list[str]) -> list[str]:
    code = f"{fiche.code[:3]} {fiche.code[3:]}" if fiche.code else "(en préparation : attends une minute)"
    return [
        _TRAIT,
        f"  Bienvenue à bord : {fiche.nom}",
        _TRAIT,
        f"  1. Le réseau Wi-Fi     {fiche.reseau}",
        f"     La clé du Wi-Fi     {fiche.cle}",
        "                         (tout en minuscules, un espace entre les mots)",
        "",
        f"  2. L'adresse           {fiche.adresse}",
        f"     ou bien             {fiche.adresse_ip}",
        "",
        f"  3. Le premier compte   {PREMIER_COMPTE}",
        f"     Son code            {code}",
        "                         (il sert une fois : la page en demande un autre)",
        "",
        "  Les lettres de cette boîte, à comparer avec l'écran à terre :",
        f"     {fiche.lettres or '(en préparation)'}",
        "",
        *remarques,
        "  Recopie la clé du Wi-Fi. Cette fiche s'efface dès que le code a été changé.",
        _TRAIT,
    ]


def _dire_remarques(fiche: Fiche) -> list[str]:
    if not fiche.remarques:
        return []
    lignes = ["  Ce que la boîte n'a pas compris (elle a gardé ses réglages d'origine) :"]
    for remarque in fiche.remarques:
        # A quotation mark stays with its word.
        tenue = remarque.replace("« ", "«\N{NO-BREAK SPACE}").replace(" »", "\N{NO-BREAK SPACE}»")
        lignes += textwrap.wrap(tenue, LARGEUR, initial_indent="   - ", subsequent_indent="     ")
    return [*lignes, ""]


def _lire(fichier: Path) -> str:
    """Return a small text, printable, or nothing when it is not there (yet)."""
    if not fichier.exists():
        return ""
    brut = fichier.read_bytes()[:4096].decode("utf-8", errors="replace")
    return "".join(lettre for lettre in brut if lettre.isprintable() or lettre == "\n")
