"""The portal pushes its people ahead of time, so that the coach sees the whole group, and takes away who is erased."""

import logging

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from pirogue_kolibri import personnes
from pirogue_kolibri.cles import cle_entree
from pirogue_kolibri.jeton import JetonRefuse, heure, verifier_annuaire, verifier_oubli

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def recevoir(request: HttpRequest) -> JsonResponse:
    """Receive signed people (the body is a token of use `annuaire`); answer with the Kolibri id of each."""
    try:
        recues = verifier_annuaire(cle_entree(), request.body.decode("ascii"), maintenant=heure())
    except (JetonRefuse, UnicodeDecodeError) as erreur:
        logger.warning("people push refused: %s", erreur)
        return JsonResponse({"erreur": "signature"}, status=403)
    return JsonResponse({"ids": {personne.sub: personnes.enregistrer(personne).id for personne in recues}})


@csrf_exempt
@require_POST
def oublier(request: HttpRequest) -> JsonResponse:
    """Delete the people of a signed order (a token of use `oubli`) and all that Kolibri kept of them."""
    try:
        subs = verifier_oubli(cle_entree(), request.body.decode("ascii"), maintenant=heure())
    except (JetonRefuse, UnicodeDecodeError) as erreur:
        logger.warning("order to forget refused: %s", erreur)
        return JsonResponse({"erreur": "signature"}, status=403)
    return JsonResponse({"oubliees": sum(personnes.oublier(sub) for sub in subs)})
