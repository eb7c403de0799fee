"""
Style, pictures, letters, voices: files that never change under one address.

The address of an asset carries the start of its SHA-256 (`?v=…`), so a browser keeps it for a year and a new
version of the box is seen at once; letters, named by the style sheet, never change under one name. Text is sent
compressed, compressed once.
"""

import gzip
import hashlib
import mimetypes
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import quote

from flask import Flask, Response, abort, request, send_file
from werkzeug.security import safe_join

from pirogue_portail.contexte import config

DOSSIER = Path(__file__).parent / "static"

#: Languages a voice may speak, the one that is tried first on this box coming first (ISO 639-3).
LANGUES = ("fra",)

UN_AN_S = 31_536_000
TYPES = {".woff2": "font/woff2", ".opus": "audio/ogg", ".svg": "image/svg+xml"}
TEXTES = {".css", ".js", ".svg"}


def _chemin(nom: str) -> Path | None:
    """Return the file of an asset: a recorded voice first, then what we ship; None if there is none."""
    racines = [(DOSSIER, nom)]
    enregistrees = config().audio
    if enregistrees is not None and nom.startswith("audio/"):
        racines.insert(0, (enregistrees, nom.removeprefix("audio/")))
    for racine, reste in racines:
        trouve = safe_join(str(racine), reste)
        if trouve is not None and Path(trouve).is_file():
            return Path(trouve)
    return None


@lru_cache(maxsize=512)
def _empreinte(chemin: Path, _modifie_ns: int) -> str:
    """Return the first 10 hexadecimal characters of a file's SHA-256."""
    return hashlib.sha256(chemin.read_bytes()).hexdigest()[:10]


@lru_cache(maxsize=128)
def _comprime(chemin: Path, _modifie_ns: int) -> bytes:
    """Return a text file compressed by gzip, the same octets every time."""
    return gzip.compress(chemin.read_bytes(), mtime=0)


def actif(nom: str) -> str:
    """Return the address of an asset, with its fingerprint; a template that names a missing one is a fault."""
    return _adresse_livree(nom) if not nom.startswith("audio/") else _adresse(nom)


def _adresse(nom: str) -> str:
    chemin = _chemin(nom)
    if chemin is None:
        raise FileNotFoundError(nom)
    return f"/static/{quote(nom)}?v={_empreinte(chemin, chemin.stat().st_mtime_ns)}"


@cache
def _adresse_livree(nom: str) -> str:
    """Return the address of what we ship, looked up once: it does not change while the portal runs."""
    return _adresse(nom)


def voix_de(cle: str) -> str | None:
    """Return the address of the voice that reads a screen aloud, None when nobody recorded it."""
    for langue in LANGUES:
        nom = f"audio/{langue}/{cle}.opus"
        if _chemin(nom) is not None:
            return actif(nom)
    return None


def servir(filename: str) -> Response:
    """Send an asset: kept a year under its fingerprinted address, asked again under any other."""
    chemin = _chemin(filename)
    if chemin is None:
        abort(404)
    modifie_ns = chemin.stat().st_mtime_ns
    genre = TYPES.get(chemin.suffix) or mimetypes.guess_type(chemin.name)[0] or "application/octet-stream"
    if chemin.suffix in TEXTES and request.accept_encodings["gzip"]:
        reponse = Response(_comprime(chemin, modifie_ns), mimetype=genre, headers={"Content-Encoding": "gzip"})
    else:
        reponse = send_file(chemin, mimetype=genre, conditional=True)
    if chemin.suffix in TEXTES:
        reponse.vary.add("Accept-Encoding")
    if chemin.suffix == ".woff2" or request.args.get("v") == _empreinte(chemin, modifie_ns):
        reponse.headers["Cache-Control"] = f"public, max-age={UN_AN_S}, immutable"
    else:
        reponse.headers["Cache-Control"] = "no-cache"
    return reponse


def installer(app: Flask) -> None:
    """Serve the assets and give templates `actif('pirogue.css')` and `voix_de('bienvenue')`."""
    app.add_url_rule("/static/<path:filename>", "static", servir)
    app.jinja_env.globals.update(actif=actif, voix_de=voix_de)
