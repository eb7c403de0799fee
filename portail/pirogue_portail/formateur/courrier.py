"""
« Envoyer par mon téléphone » : one sealed file to take ashore, and the answer brought back.

The file is sealed: nobody can read it on the way, the portal neither. What comes back is judged by its form here and
opened by the process that owns the keys.
"""

import io
from collections.abc import Sequence

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as Reponse

from pirogue_echange.erreurs import FormeInvalide, LotInvalide
from pirogue_portail.contexte import registre
from pirogue_portail.formateur import porte
from pirogue_registre import courriers, envois, reglages, seances
from pirogue_socle.erreurs import EntreeInvalide, ErreurPirogue
from pirogue_socle.horloge import maintenant

Page = str | Reponse

#: Largest file that leaves or comes back, octets.
FICHIER_MAX = 4 * 1024 * 1024
#: How often the page asks again whether the file is ready or the mail open, seconds.
RAPPEL_S = 3
ALLER = "C'est le fichier de départ. Donne-le à la terre, puis rapporte ici le fichier qu'elle te rend."


def courrier() -> Page:
    """Show the three steps, and what the last answer did."""
    compte = courriers.compter(registre())
    pret = courriers.est_scelle(registre())
    lots, octets = envois.compter_a_envoyer(registre())
    page = render_template(
        "formateur/courrier.html",
        compte=compte,
        pret=pret,
        ouverte=seances.en_cours(registre()),
        lots=lots,
        ko=max(1, octets // 1000) if octets else 0,
        en_route=envois.etat_puce(registre()) == envois.AU_TELEPHONE,
    )
    if compte.attendent or not pret:
        return Response(page, headers={"Refresh": str(RAPPEL_S)})
    return page


def fichier() -> Page:
    """Give one file: the sealed lots that no receipt covers, as many as fit; note that a telephone has them."""
    lots = courriers.preparer(registre(), octets_max=FICHIER_MAX)
    if not lots:
        flash("Rien n'attend : la terre a déjà tout.", "succes")
        return redirect(url_for("formateur.courrier"), code=303)
    instant, support = maintenant(), porte.auteur()  # her number: her name is in the safe alone
    for lot in lots:
        envois.noter_depot(registre(), lot_id=lot.id, voie="telephone", support=support, instant=instant)
    contenu = io.BytesIO(b"".join(lot.corps for lot in lots))
    return send_file(
        contenu,
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=nommer(reglages.lire(registre(), "nom_relais"), lots),
        max_age=0,
    )


def prendre_courrier() -> Page:
    """Take the answer file; whatever is wrong with it is a sentence, and nothing is lost."""
    octets = _lire_fichier()
    try:
        lots = decouper(octets, relais=reglages.lire(registre(), "relais"))
        courriers.deposer(registre(), lots, instant=maintenant())
    except ErreurPirogue as erreur:
        flash(f"{erreur} {erreur.geste}", "erreur")
    else:
        flash("Merci ! La boîte ouvre le courrier de la terre.", "succes")
    return redirect(url_for("formateur.courrier"), code=303)


def _lire_fichier() -> bytes:
    """Return the file of the form, nothing without one, one byte too many of one that is too large."""
    recu = request.files.get("reponse")
    if recu is None:
        return b""
    with recu.stream:
        return recu.stream.read(FICHIER_MAX + 1)


def nommer(nom: str, lots: Sequence[envois.LotScelle]) -> str:
    """Return the file's name: the boat's, in plain letters, and the number of its last line."""
    simple = "".join(lettre if lettre.isascii() and lettre.isalnum() else "-" for lettre in nom.lower()).strip("-")
    return f"pirogue-{simple or 'sans-nom'}-{max(lot.dernier for lot in lots)}.lots"


def decouper(octets: bytes, *, relais: str) -> list[tuple[str, bytes]]:
    """
    Cut an answer file into the lots that are for this box, as (id, bytes).

    Raises:
        EntreeInvalide: nothing, too large, not an answer, cut short, our own file, or another boat's.
    """
    intact = "Le fichier reste dans ton téléphone, les données sont toujours à bord."
    if not octets:
        raise EntreeInvalide("Choisis d'abord le fichier.", geste="Touche « Choisir un fichier », puis « Donner ».")
    if len(octets) > FICHIER_MAX:
        raise EntreeInvalide("Ce fichier est trop gros pour être la réponse de la terre.", geste=intact)
    try:
        tous = list(_lots(octets))
    except LotInvalide as cause:
        raise EntreeInvalide("Ce fichier n'est pas la réponse de la terre, ou il est coupé.", geste=intact) from cause
    pour_nous = [(lot_id, corps) for lot_id, genre, qui, corps in tous if qui == relais and genre != "journal"]
    if not pour_nous:
        if any(genre == "journal" and qui == relais for _, genre, qui, _ in tous):
            raise EntreeInvalide("Ce n'est pas la réponse.", geste=ALLER)
        raise EntreeInvalide("Cette réponse est pour un autre bateau.", geste="Porte-la à ce bateau : elle est utile.")
    return pour_nous


def _lots(octets: bytes) -> list[tuple[str, str, str, bytes]]:
    """Cut lots that follow one another: (id, kind, relay, bytes); raises LotInvalide."""
    from pirogue_echange.entete import SCELLE_MAX  # noqa: PLC0415 - megabytes that a youth's page does not need
    from pirogue_echange.enveloppe import Lecteur, lire_prefixe  # noqa: PLC0415

    lecteur = Lecteur(io.BytesIO(octets))
    trouves: list[tuple[str, str, str, bytes]] = []
    while (prefixe := lire_prefixe(lecteur)) is not None:
        tete = prefixe.entete
        charge = lecteur.prendre(min(tete.octets, SCELLE_MAX + 1))
        if len(charge) != tete.octets:
            raise FormeInvalide("Ce lot est coupé avant sa fin.")
        trouves.append((prefixe.id, tete.genre, tete.relais, prefixe.brut + charge))
    return trouves
