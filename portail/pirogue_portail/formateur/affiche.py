"""*Affiche Wi-Fi*: the network, its key, the address and their QR codes, to print and hang. Signed-in trainers only."""

from flask import Response, render_template
from markupsafe import Markup

from pirogue_portail import affiche as affiches
from pirogue_portail.affiche import Affiche, AfficheImpossible
from pirogue_portail.affiche_pdf import imprimer_a_part
from pirogue_portail.contexte import config


def _composer() -> Affiche:
    """Return this box's poster; raises AfficheImpossible."""
    reglages = config()
    return affiches.composer(
        reglages.wifi_nom, reglages.wifi_cle, base=reglages.portail_base, adresse_ip=reglages.adresse
    )


def affiche() -> str:
    """Show the poster, ready to print; without a network to name, say why."""
    try:
        composee = _composer()
    except AfficheImpossible as erreur:
        return render_template("formateur/affiche.html", affiche=None, erreur=erreur)
    return render_template(
        "formateur/affiche.html",
        affiche=composee,
        qr_wifi=Markup(affiches.en_svg(affiches.qr_wifi(composee))),  # noqa: S704 - segno's drawing, no text in it
        qr_adresse=Markup(affiches.en_svg(affiches.qr_adresse(composee))),  # noqa: S704
    )


def affiche_pdf() -> Response:
    """Give the sheet of paper; raises AfficheImpossible."""
    pdf = imprimer_a_part(_composer())
    nommee = {"Content-Disposition": 'attachment; filename="affiche-wifi.pdf"'}
    return Response(pdf, mimetype="application/pdf", headers=nommee)
