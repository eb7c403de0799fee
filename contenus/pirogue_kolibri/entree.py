"""The door: in by a signed link that opens once, out to the portal."""

import logging
from pathlib import Path

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from kolibri.utils.conf import KOLIBRI_HOME, OPTIONS

from pirogue_kolibri import personnes, session
from pirogue_kolibri.cles import cle_entree
from pirogue_kolibri.jeton import JetonRefuse, heure, verifier_entree
from pirogue_kolibri.usage_unique import consommer

logger = logging.getLogger(__name__)

REFUS = """<!DOCTYPE html><html lang="fr"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Ce lien ne marche plus</title>
<style>body{{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:center;
gap:32px;font:24px/1.4 sans-serif;color:#111;background:#fff;text-align:center}}p{{max-width:28em;margin:0 24px}}
a{{display:inline-block;min-height:56px;line-height:56px;padding:8px 40px;border-radius:12px;background:#003a5d;
color:#fff;font-weight:bold;text-decoration:none}}</style>
<p>Ce lien ne marche plus : il ne sert qu’une fois et pas longtemps.</p><a href="{}">Revenir à l’accueil</a></html>"""


@require_GET
@never_cache
def entrer(request: HttpRequest) -> HttpResponse:
    """Sign in the person that the link names, after signing out whoever was there, and open her page."""
    maintenant = heure()
    try:
        entree = verifier_entree(cle_entree(), request.GET.get("t", ""), maintenant=maintenant)
    except JetonRefuse as erreur:
        return _refuser(str(erreur))
    if not consommer(Path(KOLIBRI_HOME) / "pirogue_liens", entree, maintenant=maintenant):
        return _refuser("déjà utilisé")
    utilisateur = personnes.enregistrer(entree.personne)
    if utilisateur.is_superuser:
        return _refuser("administrateur")
    logout(request)
    login(request, utilisateur)
    session.dater(request, maintenant)
    return HttpResponseRedirect(_sous_prefixe(entree.suite))


@require_GET
@never_cache
def sortir(request: HttpRequest) -> HttpResponse:
    """Sign out of Kolibri and go to the portal's welcome screen: the next pair finds nothing of the last one."""
    logout(request)
    return HttpResponseRedirect(OPTIONS["Pirogue"]["PORTAIL"])


def _sous_prefixe(suite: str) -> str:
    """Return a local path under the prefix that Kolibri is served at."""
    prefixe = str(OPTIONS["Deployment"]["URL_PATH_PREFIX"]).strip("/")
    return f"/{prefixe}{suite}" if prefixe else suite


def _refuser(raison: str) -> HttpResponse:
    """Return the 403 page: one sentence and a big way back; the reason goes to the log only."""
    logger.warning("entry refused: %s", raison)
    return HttpResponse(format_html(REFUS, OPTIONS["Pirogue"]["PORTAIL"]), status=403)
