"""
The update that boats fetch at the quay: what is offered, and its bytes, any part of them (RFC 9110, `Range`).

A relay signs the address, as it does for what comes down: a stranger cannot make the shore spend its bandwidth. What is
served is no secret, and proves nothing: a boat's root believes RAUC's signature alone.
"""

from collections.abc import Iterator
from typing import BinaryIO

from flask import Blueprint, Response, request
from werkzeug.http import parse_range_header

from pirogue_echange import offre as offres
from pirogue_rive import garde, maj
from pirogue_rive.pages.contexte import PAS_CONNU, rive, signee_par, texte

bp = Blueprint("maj", __name__, url_prefix="/v1/maj")

TYPE = "application/octet-stream"
_BLOC = 64 * 1024


@bp.get("")
@garde.libre
def annoncer() -> Response:
    """Tell a relay which update is offered: 204 for none."""
    if not signee_par(request.args.get("relais", "")):
        return texte(403, PAS_CONNU)
    offre = maj.lire(rive())
    return Response(status=204) if offre is None else Response(offres.ecrire(offre), mimetype="application/json")


@bp.get("/<sha256>")
@garde.libre
def donner(sha256: str) -> Response:
    """Give a relay the bundle of this digest, or the part of it that is asked for."""
    if not signee_par(request.args.get("relais", "")):
        return texte(403, PAS_CONNU)
    paquet, taille = maj.ouvrir(rive(), sha256)
    entetes = {"Accept-Ranges": "bytes"}
    try:
        bornes = _bornes(request.headers.get("Range"), taille)
    except ValueError:
        paquet.close()
        return Response(status=416, headers=entetes | {"Content-Range": f"bytes */{taille}"}, mimetype="text/plain")
    debut, fin = bornes or (0, taille)
    if bornes is not None:
        entetes["Content-Range"] = f"bytes {debut}-{fin - 1}/{taille}"
    entetes["Content-Length"] = str(fin - debut)
    reponse = Response(
        _morceaux(paquet, debut, fin),
        status=206 if bornes else 200,
        headers=entetes,
        mimetype=TYPE,
        direct_passthrough=True,
    )
    reponse.call_on_close(paquet.close)
    return reponse


def _bornes(dit: str | None, taille: int) -> tuple[int, int] | None:
    """
    Return the first byte that is asked for and the one after the last; None for all of them.

    What is not one range of bytes is not understood, and so ignored, as the RFC lets a server do.

    Raises:
        ValueError: nothing of the file is in this range.
    """
    voulu = parse_range_header(dit)
    if voulu is None or voulu.units != "bytes" or len(voulu.ranges) != 1:
        return None
    bornes = voulu.range_for_length(taille)
    if bornes is None:
        raise ValueError("unsatisfiable")
    return bornes


def _morceaux(paquet: BinaryIO, debut: int, fin: int) -> Iterator[bytes]:
    """Yield a part of a file, some at a time: another relay may be served in between."""
    paquet.seek(debut)
    while debut < fin and (bloc := paquet.read(min(_BLOC, fin - debut))):
        debut += len(bloc)
        yield bloc
