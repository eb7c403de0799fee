"""
«Je ne vois pas la page»: what to do, system by system, a few words and a picture a step.

A picture is drawn by the template from what is said here: a browser's window, a telephone, a panel of settings, with
what to touch ringed. Labels are those of the systems' French versions; where makers differ, the text says so.
"""

from dataclasses import dataclass

from flask import render_template

from pirogue_portail.contexte import adresse_visible, config
from pirogue_socle.erreurs import Introuvable


@dataclass(frozen=True, slots=True)
class Ligne:
    """
    A line of a drawn screen.

    Attributes:
        texte: what is written.
        etat: "" for a plain line, "touche" for a button, "oui" or "non" for a switch that is on or off.
        ici: what to touch is ringed.
    """

    texte: str
    etat: str = ""
    ici: bool = False


@dataclass(frozen=True, slots=True)
class Etape:
    """
    One step.

    Attributes:
        texte: the sentence under the number.
        dessin: "fenetre", "telephone" or "panneau".
        titre: what is at the top of the drawn screen; in a window, empty for the box's own address.
        lignes: what is drawn under it, four lines at most.
    """

    texte: str
    dessin: str
    titre: str = ""
    lignes: tuple[Ligne, ...] = ()

    @property
    def phrase(self) -> str:
        """The sentence as it is set: a quotation mark, a question mark, a colon never stand alone on a line."""
        phrase = self.texte.replace("« ", "«\N{NO-BREAK SPACE}")
        for signe in "»?:!":
            phrase = phrase.replace(f" {signe}", f"\N{NO-BREAK SPACE}{signe}")
        return phrase


@dataclass(frozen=True, slots=True)
class Systeme:
    """A system, as people call it, and its steps; the one that helps most often comes first."""

    code: str
    nom: str
    appareil: str
    etapes: tuple[Etape, ...]


ADRESSE = Etape(
    "Ouvre le navigateur. Écris l'adresse en haut, puis touche Entrée.",
    "fenetre",
    lignes=(Ligne("Bienvenue à bord !"),),
)
ADRESSE_TELEPHONE = Etape(
    "Ouvre le navigateur du téléphone. Écris l'adresse en haut.",
    "telephone",
    "",
    (Ligne("Bienvenue à bord !"),),
)
DATE = Etape(
    "La date de l'ordinateur est fausse ? Mets la bonne date.",
    "panneau",
    "Date et heure",
    (Ligne("Jour", "touche", ici=True), Ligne("Heure", "touche", ici=True)),
)

SYSTEMES = (
    Systeme(
        "windows",
        "Windows",
        "ordinateur",
        (
            ADRESSE,
            Etape(
                "Windows dit encore « Pas d'Internet » ? Ouvre la liste Wi-Fi, clic droit sur le réseau, « Oublier ».",
                "panneau",
                "Wi-Fi",
                (Ligne("Pirogue"), Ligne("Pas d'Internet"), Ligne("Oublier", "touche", ici=True)),
            ),
            Etape(
                "Choisis encore le réseau, écris la clé : la page s'ouvre.",
                "panneau",
                "Wi-Fi",
                (Ligne("Pirogue"), Ligne("Se connecter", "touche", ici=True)),
            ),
            Etape("Un VPN est allumé ? Éteins-le.", "panneau", "VPN", (Ligne("VPN", "non", ici=True),)),
            DATE,
        ),
    ),
    Systeme(
        "android",
        "Android",
        "telephone",
        (
            Etape(
                "Touche le message « Se connecter au réseau ».",
                "telephone",
                "Wi-Fi",
                (Ligne("Pirogue"), Ligne("Se connecter au réseau", "touche", ici=True)),
            ),
            Etape(
                "Il dit « Pas d'Internet » ? Réponds oui. Selon le téléphone : « Utiliser ce réseau quand même », "
                "« tel quel », ou « Rester connecté ».",
                "telephone",
                "Pas d'Internet",
                (Ligne("Utiliser quand même", "touche", ici=True), Ligne("Non merci", "touche")),
            ),
            Etape(
                "Coupe les données mobiles : sinon le téléphone oublie le Wi-Fi.",
                "telephone",
                "Réseau",
                (Ligne("Wi-Fi", "oui"), Ligne("Données mobiles", "non", ici=True)),
            ),
            ADRESSE_TELEPHONE,
            Etape(
                "Rien encore ? Dans Réglages, mets « DNS privé » sur « Désactivé », et éteins le VPN.",
                "telephone",
                "Réglages",
                (Ligne("DNS privé", "non", ici=True), Ligne("VPN", "non", ici=True)),
            ),
        ),
    ),
    Systeme(
        "apple",
        "iPhone ou Mac",
        "telephone",
        (
            Etape(
                "La petite fenêtre s'ouvre : touche « Continuer », puis « Terminé ».",
                "telephone",
                "Pirogue",
                (Ligne("Bienvenue à bord !"), Ligne("Continuer", "touche", ici=True)),
            ),
            Etape(
                "Tu as fermé la fenêtre ? Choisis « Utiliser sans Internet ».",
                "telephone",
                "Pas d'Internet",
                (Ligne("Utiliser sans Internet", "touche", ici=True), Ligne("Utiliser un autre réseau", "touche")),
            ),
            Etape(
                "Sur l'iPhone, coupe les données cellulaires.",
                "telephone",
                "Réglages",
                (Ligne("Wi-Fi", "oui"), Ligne("Données cellulaires", "non", ici=True)),
            ),
            ADRESSE_TELEPHONE,
            Etape(
                "Éteins le VPN et le « Relais privé ».",
                "telephone",
                "Réglages",
                (Ligne("VPN", "non", ici=True), Ligne("Relais privé", "non", ici=True)),
            ),
        ),
    ),
    Systeme(
        "linux",
        "Chromebook ou Linux",
        "ordinateur",
        (
            Etape(
                "Touche le message « Se connecter au réseau ».",
                "panneau",
                "Wi-Fi",
                (Ligne("Pirogue"), Ligne("Se connecter au réseau", "touche", ici=True)),
            ),
            ADRESSE,
            Etape(
                "Rien encore ? Coupe le Wi-Fi, compte jusqu'à cinq, rallume-le.",
                "panneau",
                "Wi-Fi",
                (Ligne("Wi-Fi", "non", ici=True),),
            ),
            Etape(
                "Dans Chrome, réglage « DNS sécurisé » : éteins-le.",
                "panneau",
                "Sécurité",
                (Ligne("DNS sécurisé", "non", ici=True),),
            ),
            DATE,
        ),
    ),
    Systeme(
        "firefox",
        "Firefox",
        "ordinateur",
        (
            Etape(
                "Une barre s'ouvre en haut. Touche « Ouvrir la page de connexion ».",
                "fenetre",
                "Nouvel onglet",
                (Ligne("Ouvrir la page de connexion", "touche", ici=True),),
            ),
            ADRESSE,
            Etape(
                "Rien encore ? Paramètres, Vie privée, « DNS via HTTPS » : éteins-le.",
                "panneau",
                "Vie privée",
                (Ligne("DNS via HTTPS", "non", ici=True),),
            ),
            DATE,
        ),
    ),
)


def systeme(code: str) -> Systeme:
    """Return a system by its code; raises Introuvable."""
    for un in SYSTEMES:
        if un.code == code:
            return un
    raise Introuvable("Je ne connais pas ce système.", geste="Choisis ton appareil dans la liste.")


def montrer_choix(*, cadre: str, page: str, retour: str) -> str:
    """
    Return the page that shows the address, then asks which device it is.

    Args:
        cadre: the template around it, the youths' or the trainers'.
        page, retour: endpoints: of a system's steps, and of where one came from.
    """
    return render_template(
        "aide_reseau/choisir.html",
        cadre=cadre,
        page=page,
        retour=retour,
        premiere=ADRESSE,
        systemes=SYSTEMES,
        adresse=adresse_visible(),
        adresse_ip=config().adresse,
    )


def montrer_systeme(code: str, *, cadre: str, choisir: str, retour: str) -> str:
    """Return the page of one system's steps, as `montrer_choix`; raises Introuvable."""
    return render_template(
        "aide_reseau/systeme.html",
        cadre=cadre,
        choisir=choisir,
        retour=retour,
        systeme=systeme(code),
        adresse=adresse_visible(),
        adresse_ip=config().adresse,
    )
